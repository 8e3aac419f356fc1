from collections.abc import Callable

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import Region
from zpix.scenes import Population, Scene, Sky, sky
from zpix.scenes.band_psf import BandPsf
from zpix.scenes.render import render
from zpix.scenes.stamp_sizes import HALO_SIZE, stamp_sizes
from zpix.scenes.star_haloes import fade, far_light

Make = Callable[..., Population]
BAND = ("F444W",)
PSFS = tuple(BandPsf(band, 0.0) for band in BAND)
CLEAN = {"hot_pixels_per_arcmin2": 0, "snowballs_per_arcmin2": 0, "striping": 0, "wisps_per_arcmin2": 0}
HALO = SimulationConfig(star_haloes=True, psf_angle_deg=0.0, ebv=0.0, missing_coverage=0, chip_gaps=False, **CLEAN)


@pytest.fixture
def with_star(make_source: Make, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Scene]:
    """A function that observes a sky of one star of mag 16 at (200, 200)."""
    star = make_source(200.2, 200.3, mag=16.0)

    def only_star(seed: int, config: object, row: int, column: int, catalogue: object) -> Population:
        return star if (row, column) == (0, 0) else star[:0]

    monkeypatch.setattr(sky, "_cell_population", only_star)

    def observe(region: Region, bounds: Region | None = None, **changes: object) -> Scene:
        return Sky(1, BAND, HALO.model_copy(update=changes)).observe(region, bounds=bounds)

    return observe


def light(star: Population, window: Region) -> np.ndarray:
    options = {"bands": BAND, "sizes": np.array([HALO_SIZE]), "pixel_scale_arcsec": 0.03, "psf_angle_deg": 0.0}
    return next(render(star, np.ones((1, 1), np.float32), window=window, **options)).light[0]


def test_light_is_conserved_and_goes_on_where_the_stamp_ends(make_source: Make) -> None:
    seen = light(make_source(800, 800), Region(50, 50, 1551, 1551))
    assert seen.sum() == pytest.approx(1, abs=0.01)
    y, x = np.indices(seen.shape) - 750
    radius = np.hypot(x, y)
    ring = [np.mean(seen[(radius > r) & (radius < 1.1 * r)]) * r**2 for r in (250, 330, 430, 560, 700)]
    assert max(ring) < 2.5 * min(ring)  # the mean goes on falling, between the second and the third power


def test_far_light_is_that_of_the_spikes(make_source: Make) -> None:
    along, between = (far_light(Region(*box), 0.0, 0.0, psfs=PSFS, pixel_scale_arcsec=0.03)
                      for box in ((-30, 900, 31, 940), (400, 800, 461, 840)))  # fmt: skip
    assert along.max() > 10 * between.max() > 0
    inside = far_light(Region(-50, -50, 50, 50), 0.0, 0.0, psfs=PSFS, pixel_scale_arcsec=0.03)
    assert not inside.any()
    assert fade(np.array([0.0, 307.0, 512.0, 900.0]), 1024).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_sizes_follow_the_spikes(make_source: Make) -> None:
    star, sigma = make_source(0, 0), np.array([0.02])
    known = {"bands": BAND, "pixel_scale_arcsec": 0.03}
    sizes = [stamp_sizes(star, np.full((1, 1), flux, np.float32), sigma, star_haloes=True, **known)[0]
             for flux in (1e2, 1e4, 3e5, 1e9)]  # fmt: skip
    assert sizes[0] < sizes[1] <= 1024 < sizes[2] < sizes[3] == HALO_SIZE
    galaxy = make_source(0, 0, re_arcsec=0.5)
    assert stamp_sizes(galaxy, np.full((1, 1), 1e9, np.float32), sigma, star_haloes=True, **known)[0] == 1024


def test_a_star_of_mag_16_is_one_segment_with_its_spikes(with_star: Callable[..., Scene]) -> None:
    window = Region(0, 0, 400, 900)
    seen = with_star(window, saturation_njy=20000.0)
    assert seen.truth["id"].tolist() == [1] and set(np.unique(seen.segmentation)) == {0, 1}
    assert (seen.segmentation[201:860, 200] == 1).all()  # 20 arcsec up the spike
    assert (~seen.pixels.valid[0, 195:206, 195:206]).any() and (seen.segmentation[195:206, 195:206] == 1).all()
    row = seen.truth[0]
    assert (row["xmin"], row["ymin"]) == (0, 0) and row["ymax"] > 860
    without = with_star(window, star_haloes=False)
    assert not without.segmentation[720:].any() and seen.pixels.flux[0, 720:, 195:206].mean() > 0.05


def test_windows_with_a_halo_fit_together(with_star: Callable[..., Scene]) -> None:
    whole, part = Region(100, 0, 300, 1000), Region(150, 800, 260, 960)
    one, other = with_star(whole), with_star(part, whole)
    here = part.shifted(-whole.x0, -whole.y0).slices
    np.testing.assert_allclose(other.pixels.flux[0], one.pixels.flux[0][here], atol=1e-3)
    np.testing.assert_array_equal(other.segmentation > 0, one.segmentation[here] > 0)
    assert other.segmentation.any()
