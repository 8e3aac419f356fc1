"""How does grizli (the DAWN JWST Archive) lay out a mosaic?

Two files per band, `*_drc_sci.fits` and `*_drc_wht.fits`, plain or `.gz`: science in units of 10 nJy (AB zeropoint
28.9) unless BUNIT says otherwise, and inverse variance. That is the variance of the background, without the photon
noise of the sources, so the error of bright pixels is too small.
"""

from __future__ import annotations

import re
from pathlib import Path

from zpix.errors import InputFileError
from zpix.image.band_image import BandImage, band_of
from zpix.image.fluxes import njy_per_unit
from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.grids import central_pixel_area_sr
from zpix.image.open_fits import FitsFile

_NAME = re.compile(r"(.*)_sci\.fits(\.gz|\.fz)?", re.IGNORECASE)
_DEFAULT_NJY_PER_UNIT = 10.0


def _read(path: Path) -> list[BandImage]:
    """The one band of a science file and the weight file beside it."""
    science, weight = FitsFile(path), FitsFile(_weight_path(path))
    index, weight_index = (0 if file.shapes[0] else 1 for file in (science, weight))
    image, inverse_variance = science.image(index), weight.image(weight_index)
    if inverse_variance.shape != image.shape:
        raise InputFileError(f"'{weight.path}' is of shape {inverse_variance.shape}, but '{path}' of {image.shape}")
    header, wcs = science.headers[index], science.wcs(index)
    remarks: list[str] = []
    factor = njy_per_unit(
        header,
        path=path,
        default=_DEFAULT_NJY_PER_UNIT,
        pixel_area_sr=central_pixel_area_sr(wcs, image.shape),
        remarks=remarks,
    )
    return [
        BandImage(
            band=band_of(path, header),
            path=path,
            wcs=wcs,
            science=image,
            error=inverse_variance,
            error_kind="inverse variance",
            weight=None,
            njy_per_unit=factor,
            remarks=tuple(dict.fromkeys((*science.remarks, *weight.remarks, *remarks))),
        )
    ]


def _weight_path(path: Path) -> Path:
    """Weight file that belongs to a science file."""
    name = _NAME.fullmatch(path.name)
    assert name is not None
    candidates = [path.with_name(f"{name[1]}_wht.fits{ending}") for ending in ("", ".gz", ".fz")]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise InputFileError(f"'{path}' has no weight file beside it: '{candidates[0].name}' or the same with .gz")


GRIZLI = MosaicFormat("grizli", "*_sci.fits", _read)
