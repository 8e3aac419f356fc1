"""How does JADES lay out a mosaic?

One `*_drz.fits` per band: science in HDU 1 and error in HDU 2, both in MJy/sr, with PIXAR_SR in the science header.
HDUs called SCI and ERR are read wherever they are.
"""

from __future__ import annotations

from pathlib import Path

from zpix.image.band_image import BandImage, band_image
from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.open_fits import FitsFile


def _read(path: Path) -> list[BandImage]:
    """The one band of a file."""
    file = FitsFile(path)
    named = {"SCI", "ERR"} <= set(file.names)
    science, error = (file.names.index("SCI"), file.names.index("ERR")) if named else (1, 2)
    return [band_image(file, science=science, error=error)]


JADES = MosaicFormat("jades", "*_drz.fits", _read)
