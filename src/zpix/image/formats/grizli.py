"""How do grizli (the DAWN JWST Archive) and the Hubble Legacy Fields lay out a mosaic?

Two files per band, `*_sci.fits` and `*_wht.fits`, plain or `.gz`, of NIRCam or HST: science, and inverse variance. The
unit is that of BUNIT, or of the zero point in the header (ZEROPNT in the Hubble Legacy Fields), and grizli's 10 nJy (AB
zeropoint 28.9) where neither is stated.
"""

from __future__ import annotations

from pathlib import Path

from zpix.image.band_image import BandImage
from zpix.image.formats.errors_beside import read_with_errors_beside
from zpix.image.formats.mosaic_format import MosaicFormat

_DEFAULT_NJY_PER_UNIT = 10.0


def _read(path: Path) -> list[BandImage]:
    """The one band of a science file and the weight file beside it."""
    return [read_with_errors_beside(path, default_njy=_DEFAULT_NJY_PER_UNIT)]


GRIZLI = MosaicFormat("grizli", "*_sci.fits", _read)
