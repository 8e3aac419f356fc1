"""How does the STScI pipeline lay out a mosaic?

One `*_i2d.fits` per band: extensions SCI, ERR and WHT by name, in MJy/sr with PIXAR_SR. WHT is zero where no exposure
contributes. SCI_BKSUB (CEERS), from which the sky is subtracted, is read in place of SCI. Where DQ is there, as in
exposures, pixels with DO_NOT_USE are not valid.
"""

from __future__ import annotations

from pathlib import Path

from zpix.errors import InputFileError
from zpix.image.band_image import BandImage, band_image
from zpix.image.formats.extension_names import named_extensions
from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.open_fits import FitsFile


def _read(path: Path) -> list[BandImage]:
    """The one band of a file."""
    file = FitsFile(path)
    named = named_extensions(file)
    for kind, name in (("science", "SCI"), ("error", "ERR")):
        if kind not in named:
            found = ", ".join(name for name in file.names if name) or "none with a name"
            raise InputFileError(f"'{path}' has no {name} extension (it has {found}): an i2d mosaic has SCI and ERR")
    return [band_image(file, band=None, **named)]


PIPELINE = MosaicFormat("pipeline", "*_i2d.fits", _read)
