"""How do JADES and CANDELS lay out a mosaic?

One `*_drz.fits` per band. In JADES it has science in HDU 1 and error in HDU 2, both in MJy/sr, with PIXAR_SR in the
science header. HDUs called SCI (or SCI_BKSUB) and ERR are read wherever they are, and so is DQ. In CANDELS and other
releases of HST it has the science image alone, in electrons per second, and `*_rms.fits` or `*_wht.fits` lies beside
it.
"""

from __future__ import annotations

from pathlib import Path

from zpix.image.band_image import BandImage, band_image
from zpix.image.formats.errors_beside import read_with_errors_beside
from zpix.image.formats.extension_names import named_extensions
from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.open_fits import FitsFile


def _read(path: Path) -> list[BandImage]:
    """The one band of a file, or of a file and the one of its errors."""
    file = FitsFile(path)
    named = named_extensions(file)
    if "science" not in named or "error" not in named:
        if "weight" in named or len(file.shapes) == 1:
            return [read_with_errors_beside(path)]
        named |= {"science": 1, "error": 2}
    named.pop("weight", None)
    return [band_image(file, band=None, **named)]


JADES = MosaicFormat("jades", "*_drz.fits", _read)
