"""What does the rival know of a field before it fits templates?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import magnitude_ab
from zpix.evaluation.rival.detection import DetectionSettings, RivalSegments, detect
from zpix.evaluation.rival.photometry import PhotometrySettings, RivalPhotometry, measure
from zpix.image import Mosaic

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RivalSources:
    """N detections with photometry, which can be matched with a truth as a `Catalogue` can.

    Attributes
    ----------
    columns : mapping
        ra, dec in degrees and x, y in pixels, each (N,).
    box : (N, 4) float64
        Half-open boxes in pixels.
    bands : tuple of str
    photometry : RivalPhotometry
        As measured, behind the Milky Way's dust.
    meta : mapping
        `mosaic_shape`.
    """

    columns: Mapping[str, Floats]
    box: Floats
    bands: tuple[str, ...]
    photometry: RivalPhotometry
    meta: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.box)

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def magnitude(self, band: str) -> Floats:
        """Total AB magnitudes, (N,): NaN where not observed, +inf for fluxes ≤ 0."""
        return magnitude_ab(self.photometry.flux_njy[:, self.bands.index(band)])


def find_and_measure(
    mosaic: Mosaic,
    psfs: Mapping[str, NDArray],
    *,
    seed: int = 0,
    detection: DetectionSettings | None = None,
    photometry: PhotometrySettings | None = None,
) -> RivalSources:
    """Find the sources of a mosaic and measure them in all its bands.

    Raises
    ------
    BandError, InputFileError
        If the mosaic has no band to detect in, or the PSFs do not fit its bands.
    MissingExtraError
        If the extra `rival` is not installed.
    """
    settings = photometry or PhotometrySettings()
    segments: RivalSegments = detect(
        mosaic, aperture_radius_pix=settings.aperture_radius_arcsec / mosaic.pixel_scale_arcsec, settings=detection
    )
    measured = measure(mosaic, segments, psfs, rng=np.random.default_rng(seed), settings=settings)
    ra, dec = mosaic.sky(segments.x, segments.y)
    columns = {"ra": ra, "dec": dec, "x": segments.x, "y": segments.y}
    return RivalSources(columns, segments.box, mosaic.bands, measured, {"mosaic_shape": list(mosaic.shape)})
