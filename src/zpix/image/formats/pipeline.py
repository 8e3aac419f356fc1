"""How does the STScI pipeline lay out a mosaic?

One `*_i2d.fits` per band: extensions SCI, ERR and WHT by name, in MJy/sr with PIXAR_SR. WHT is zero where no exposure
contributes.
"""

from __future__ import annotations

from pathlib import Path

from zpix.errors import InputFileError
from zpix.image.band_image import BandImage, band_image
from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.open_fits import FitsFile


def _read(path: Path) -> list[BandImage]:
    """The one band of a file."""
    file = FitsFile(path)
    for name in ("SCI", "ERR"):
        if name not in file.names:
            found = ", ".join(name for name in file.names if name) or "none with a name"
            raise InputFileError(f"'{path}' has no {name} extension (it has {found}): an i2d mosaic has SCI and ERR")
    weight = file.names.index("WHT") if "WHT" in file.names else None
    return [band_image(file, science=file.names.index("SCI"), error=file.names.index("ERR"), weight=weight)]


PIPELINE = MosaicFormat("pipeline", "*_i2d.fits", _read)
