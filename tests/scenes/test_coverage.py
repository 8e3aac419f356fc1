import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS, Region, open_mosaic
from zpix.scenes import draw_scene, write_field
from zpix.scenes.coverage import Coverage
from zpix.scenes.noise import noise_over_error

EVEN = SimulationConfig(chip_gaps=False, missing_coverage=0.0)
QUIET = EVEN.model_copy(update={"cell_size_pix": 128, "limit_mag": 28.5, "psf_angle_deg": 20.0, "ebv": 0.0})
TWO = ("F200W", "F444W")
WIDE = Region(0, 0, 9000, 9000)  # two modules across
SHORT, LONG = JADES_BANDS.index("F200W"), JADES_BANDS.index("F444W")


def exposure(region: Region, *, seed: int = 1, angle: float = 20.0, bands: tuple[str, ...] = JADES_BANDS, **changes):
    return Coverage(seed, bands, angle, EVEN.model_copy(update=changes)).exposure(region)


def coarse(**changes) -> np.ndarray:
    """Every 30th pixel of a wide field: the sky scaled down is the same sky in larger pixels."""
    return exposure(Region(0, 0, 400, 400), pixel_scale_arcsec=0.9, **changes)


def test_everything_can_be_switched_off() -> None:
    assert (exposure(Region(0, 0, 300, 200)) == 1).all()


def test_windows_fit_together() -> None:
    settings = {"chip_gaps": True, "shallow_fraction": 0.5, "missing_coverage": 0.2}
    whole = exposure(Region(-400, -300, 600, 700), **settings)
    part = Region(-50, 100, 350, 420)
    np.testing.assert_array_equal(exposure(part, **settings), whole[(slice(None), *part.shifted(400, 300).slices)])
    assert len(np.unique(whole)) > 3
    assert (exposure(part, seed=2, **settings) != exposure(part, **settings)).any()


def test_gaps_are_shallower_strips_and_more_of_them_in_the_short_channel() -> None:
    share = coarse(chip_gaps=True)
    assert 0 < share.min() < 0.6 and share.max() == pytest.approx(1)
    below = (share < 0.99).mean(axis=(1, 2))
    assert 0.3 < below[SHORT] < 0.8 and 0.1 < below[LONG] < below[SHORT]
    # two chips of 63.4 arcsec in 135.8: (127 / 136)² of the area at each dither; one of 128.5: (128.5 / 135.8)²
    assert share[SHORT].mean() == pytest.approx((126.8 / 135.8) ** 2, abs=0.02)
    assert share[LONG].mean() == pytest.approx((128.5 / 135.8) ** 2, abs=0.02)
    assert (share[0] != share[SHORT]).any()  # bands are pointed a little apart


def test_edges_are_straight_and_turn_with_the_telescope() -> None:
    shallow = exposure(Region(0, 0, 300, 300), pixel_scale_arcsec=2.0, shallow_fraction=0.5, angle=0.0)[0]
    rows = (np.diff(shallow, axis=1) != 0).any(axis=0)
    assert 0 < rows.sum() <= 6  # edges lie on a few columns
    turned = exposure(Region(0, 0, 300, 300), pixel_scale_arcsec=2.0, shallow_fraction=0.5, angle=30.0)[0]
    assert (np.diff(turned, axis=1) != 0).any(axis=0).mean() > 0.3


@pytest.mark.parametrize("fraction", [0.3, 0.7, 1.0])
def test_the_shallow_fraction_is_that_of_the_area(fraction: float) -> None:
    share = exposure(Region(0, 0, 1000, 1000), pixel_scale_arcsec=4.0, shallow_fraction=fraction, bands=("F444W",))
    np.testing.assert_allclose(np.unique(share)[0], 2.75**-2, rtol=1e-6)
    assert (share < 0.5).mean() == pytest.approx(fraction, abs=0.07)


def test_holes_are_in_one_band_and_cover_what_is_asked() -> None:
    missing = coarse(missing_coverage=0.05) == 0
    assert missing.any(axis=0).mean() == pytest.approx(0.05, rel=0.25)
    assert (missing.sum(axis=0) <= 1).mean() > 0.99  # each is in one band, and they seldom meet


def test_pixels_that_were_not_observed_are_not_valid() -> None:
    config = QUIET.model_copy(update={"missing_coverage": 0.3})
    pixels = draw_scene(5, shape=(256, 256), bands=TWO, config=config).pixels
    assert 0.005 < (~pixels.valid).mean() < 0.4
    assert np.isposinf(pixels.error[~pixels.valid]).all() and not pixels.flux[~pixels.valid].any()
    assert np.isfinite(pixels.flux).all() and np.isfinite(pixels.error[pixels.valid]).all()


def test_noise_follows_the_exposure() -> None:
    nobody = {"source_density": 0, "star_density": 0, "brown_dwarf_per_arcmin2": 0, "sky_residual_sigma": 0.0}
    clean = {"hot_pixels_per_arcmin2": 0, "snowballs_per_arcmin2": 0, "striping": 0, "wisps_per_arcmin2": 0}
    clean |= {"poisson_noise": False}  # of which the error image has what was counted, larger where the noise is
    config = SimulationConfig(depth_structure=0, psf_angle_deg=0.0, shallow_fraction=1.0, **nobody, **clean)
    pixels = draw_scene(1, shape=(384, 384), config=config).pixels
    deep = draw_scene(1, shape=(384, 384), config=config.model_copy(update={"shallow_fraction": 0.0})).pixels
    for band in range(9):
        valid = pixels.valid[band]
        in_errors = (pixels.flux[band] / pixels.error[band])[valid].std()
        assert in_errors == pytest.approx(noise_over_error(JADES_BANDS)[band], rel=0.03)
        assert pixels.flux[band][valid].std() == pytest.approx(2.75 * deep.flux[band][valid].std(), rel=0.03)


def test_what_no_band_saw_is_not_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    config = QUIET.model_copy(update={"limit_mag": 27.0, "source_density": 10.0})
    seen = draw_scene(4, shape=(256, 256), bands=TWO, config=config)
    drawn = Coverage._drawn

    def without_the_left_half(self: Coverage, region: Region) -> np.ndarray:
        map_ = drawn(self, region)
        map_[..., : max(0, 128 - region.x0)] = 0
        return map_

    monkeypatch.setattr(Coverage, "_drawn", without_the_left_half)
    half = draw_scene(4, shape=(256, 256), bands=TWO, config=config.model_copy(update={"missing_coverage": 1e-12}))
    assert seen.segmentation[:, :128].any() and not half.segmentation[:, :128].any()
    np.testing.assert_array_equal(half.segmentation[:, 160:] > 0, seen.segmentation[:, 160:] > 0)
    found = half.truth[half.truth["detectable"]]
    assert set(found["id"]) == set(np.unique(half.segmentation)) - {0}
    assert len(found) < seen.truth["detectable"].sum()


def test_fewer_sources_are_labelled_where_it_is_shallow() -> None:
    config = QUIET.model_copy(update={"limit_mag": 31.0})
    shallow = config.model_copy(update={"shallow_fraction": 1.0})
    deep, less = (
        draw_scene(3, shape=(256, 256), bands=TWO, config=each).truth["detectable"].sum() for each in (config, shallow)
    )
    assert 0 < less < 0.8 * deep


def test_files_keep_what_was_not_observed(tmp_path) -> None:
    config = QUIET.model_copy(update={"missing_coverage": 0.3})
    bands = ("F150W", "F444W")
    write_field(tmp_path / "field", shape=(200, 256), seed=5, bands=bands, config=config)
    with open_mosaic(sorted((tmp_path / "field").glob("mock_*.fits"))) as mosaic:
        pixels = mosaic.read(Region.whole(mosaic.shape))
    assert not pixels.valid.all() and pixels.valid.any()
    assert np.isposinf(pixels.error[~pixels.valid]).all() and not pixels.flux[~pixels.valid].any()
