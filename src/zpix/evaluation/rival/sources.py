"""Which sources are rivals given, with which photometry?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import magnitude_ab
from zpix.evaluation.rival.detection import DetectionSettings, detect
from zpix.evaluation.rival.photometry import PhotometrySettings, RivalPhotometry, measure
from zpix.image import Mosaic
from zpix.sources.rows import SHARED, Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RivalSources(Rows):
    """N detections with photometry, which can be matched with the truth as a `Catalogue` can.

    Attributes
    ----------
    ra, dec : (N,) float64, degrees
        Sky position.
    x, y : (N,) float64, pixels
        Centroid; integers are pixel centres.
    box : (N, 4) float64, pixels
        Half-open boxes (x0, y0, x1, y1).
    photometry : RivalPhotometry of length N
        Fluxes in all bands.
    bands : tuple of str
        Bands of the photometry, in its order.
    shape : (int, int), pixels
        Height and width of the field.
    """

    ra: Floats
    dec: Floats
    x: Floats
    y: Floats
    box: Floats
    photometry: RivalPhotometry
    bands: tuple[str, ...] = field(metadata=SHARED)
    shape: tuple[int, int] = field(metadata=SHARED)

    @overload
    def __getitem__(self, rows: str, /) -> Floats: ...
    @overload
    def __getitem__(self, rows: slice | NDArray[Any], /) -> RivalSources: ...

    def __getitem__(self, rows: str | slice | NDArray[Any], /) -> Floats | RivalSources:
        """Return the sources of some rows, or by its name "ra", "dec", "x" or "y" the column of all."""
        if isinstance(rows, str):
            column: Floats = getattr(self, rows)
            return column
        return super().__getitem__(rows)

    @property
    def meta(self) -> Mapping[str, Any]:
        """Shape of the field, as the meta of a `Catalogue` has it."""
        return {"mosaic_shape": list(self.shape)}

    def magnitude(self, band: str) -> Floats:
        """Total AB magnitudes in one band.

        Parameters
        ----------
        band : str
            One of `bands`.

        Returns
        -------
        (N,) float64
            NaN where not observed, inf for fluxes that are not positive.
        """
        return magnitude_ab(self.photometry.flux_njy[:, self.bands.index(band)])


def find_and_measure(
    mosaic: Mosaic,
    psfs: Mapping[str, NDArray[Any]],
    *,
    seed: int = 0,
    detection: DetectionSettings | None = None,
    photometry: PhotometrySettings | None = None,
) -> RivalSources:
    """Find the sources of a mosaic with photutils and measure them in all its bands.

    Parameters
    ----------
    mosaic : Mosaic
        The field; whole bands are held in memory.
    psfs : mapping of str to (side, side) float
        Centred PSF image of each band on the mosaic's pixels, of one odd side.
    seed : int, default: 0
        Seed of the positions of empty apertures.
    detection : DetectionSettings, optional
        How sources are found.
    photometry : PhotometrySettings, optional
        How they are measured.

    Returns
    -------
    RivalSources
        The sources, with fluxes as observed behind the dust of the Milky Way.

    Raises
    ------
    BandError, InputFileError
        If the mosaic has no band to detect in, or the PSFs do not fit its bands.
    MissingExtraError
        If the extra `rival` is not installed.
    """
    settings = photometry or PhotometrySettings()
    radius_pix = settings.aperture_radius_arcsec / mosaic.pixel_scale_arcsec
    segments = detect(mosaic, aperture_radius_pix=radius_pix, settings=detection)
    measured = measure(mosaic, segments, psfs, rng=np.random.default_rng(seed), settings=settings)
    ra, dec = mosaic.sky(segments.x, segments.y)
    return RivalSources(ra, dec, segments.x, segments.y, segments.box, measured, mosaic.bands, mosaic.shape)
