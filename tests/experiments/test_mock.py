"""What the page on the mock sky measures, on inputs whose answer is known, and the whole page in a tiny size."""

from __future__ import annotations

import json
import mmap
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from experiments.mock import colours, detection, goals, literature, matching, noise, population, psf, stamps, timing
from experiments.mock.report import Settings, make_report
from scipy.ndimage import gaussian_filter

from zpix.image import JADES_BANDS, Region, tangent_wcs, write_mosaic
from zpix.scenes import draw_scene

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

ROOT = Path(__file__).parents[2]
LONG = ("F277W", "F356W", "F444W")
TINY = Settings(
    seed=5990, tiles=2, tile_size=256, deep_cells=1, wide_cells=1, timed_tiles=1, repeat_size=128, medium_depth=2.0
)


def gaussian(sigma_pix: float, size: int = 401) -> np.ndarray:
    """A round Gaussian of unit flux on the middle pixel."""
    y, x = np.indices((size, size)) - size // 2
    image = np.exp(-0.5 * (x**2 + y**2) / sigma_pix**2)
    return image / image.sum()


def cutout_of(flux: np.ndarray, bands: tuple[str, ...] = LONG) -> matching.Cutout:
    return matching.Cutout(bands, flux, np.ones(flux.shape), np.ones(flux.shape[1:], bool))


def test_autocorrelation_of_smoothed_noise():
    rng, sigma = np.random.default_rng(0), 1.2
    image = gaussian_filter(rng.normal(size=(600, 600)), sigma, mode="wrap")
    found = noise.autocorrelation(image - image.mean(), np.ones(image.shape, bool))
    np.testing.assert_allclose(found, np.exp(-(np.array(noise.LAGS) ** 2) / (4 * sigma**2)), atol=0.02)


def test_noise_of_a_cutout_with_its_uncertainty():
    rng = np.random.default_rng(1)
    flux = 0.5 * rng.normal(size=(3, 110, 195))
    flux += 40 * gaussian_filter(np.eye(1, 110 * 195, 97 + 195 * 50).reshape(110, 195), 2) * 25  # a source to mask
    found = noise.measure(cutout_of(flux), rng=rng)
    np.testing.assert_allclose(found.rms, 0.5, rtol=0.05)
    assert (np.abs(found.correlation) < 5 * found.correlation_error).all()
    assert (found.correlation_error < 0.02).all() and (found.rms_error < 0.02).all()
    assert noise.rms_met(found, found) == [True] * 3 and noise.correlation_met(found, found).all()
    louder = noise.Noise(found.error_njy, 1.5 * found.rms, found.rms_error, found.correlation, found.correlation_error)
    assert not any(noise.rms_met(found, louder))


def test_fwhm_and_encircled_energy_of_a_gaussian():
    sigma, pixel = 6.0, 0.01
    found = psf.sharpness(gaussian(sigma), pixel)
    assert found.fwhm_arcsec == pytest.approx(2.3548 * sigma * pixel, rel=0.01)
    expected = [1 - np.exp(-0.5 * (radius / (sigma * pixel)) ** 2) for radius in psf.RADII_ARCSEC]
    np.testing.assert_allclose(found.encircled, expected, atol=0.003)


def test_stars_are_moved_and_sampled_about_their_middle():
    moved = psf.shifted(gaussian(5.0), 0.4, -0.3)
    assert psf.core_centre(moved) == pytest.approx((199.7, 200.4), abs=0.05)
    coarse = psf.sampled(gaussian(5.0), 4)
    assert coarse.shape == (101, 101) and coarse.argmax() == 50 * 101 + 50


def test_a_star_is_sampled_where_the_real_one_fell():
    real = psf.sampled(psf.shifted(gaussian(3.0), 1.6, -0.8), 4)
    mock = psf.sampled_like(gaussian(3.0), real, 4)
    np.testing.assert_allclose(psf.sharpness(mock, 0.04).numbers, psf.sharpness(real, 0.04).numbers, rtol=0.02)
    centred = psf.sharpness(psf.sampled(gaussian(3.0), 4), 0.04).fwhm_arcsec
    assert psf.sharpness(real, 0.04).fwhm_arcsec > 1.03 * centred  # which is why


def test_one_window_is_as_uncertain_as_windows_differ():
    rng = np.random.default_rng(4)
    windows = [cutout_of(rng.normal(size=(3, 110, 195)) + 0.3 * rng.normal() * np.arange(195) / 195) for _ in range(12)]
    measured = [noise.measure(window, rng=rng) for window in windows]
    alone, among = measured[0], noise.as_one_of(measured[0], measured)
    assert (among.correlation_error >= alone.correlation_error).all() and (among.rms == alone.rms).all()
    assert among.correlation_error[:, -1].max() > alone.correlation_error[:, -1].max()
    assert len(noise.like(windows, windows[0])) > 6


def test_matching_kernels_make_one_psf_of_two():
    stars = np.stack([gaussian(5.0), gaussian(8.0)])
    kernels = matching.matching_kernels(stars, ("F277W", "F444W"), 0.03)
    y, x = np.indices(kernels[0].shape) - kernels.shape[1] // 2
    width = np.sqrt((kernels[0] * x**2).sum())
    assert width == pytest.approx(np.sqrt(8.0**2 - 5.0**2) / 3, rel=0.05)
    assert kernels[1].max() == 1 and kernels.sum(axis=(1, 2)) == pytest.approx([1, 1])
    assert (kernels[0] * y).sum() == pytest.approx(0, abs=1e-6)


def test_sources_are_found_and_measured():
    rng = np.random.default_rng(2)
    flux = rng.normal(0, 0.1, (3, 120, 160))
    flux[:, 40:81, 60:101] += 100 * gaussian(2.0, 41)
    found = detection.photometry(cutout_of(flux), rng=rng)
    assert len(found) == 1 and (found.x[0], found.y[0]) == pytest.approx((80, 60), abs=1)
    assert found.flux[0] == pytest.approx(100 * (1 - np.exp(-0.5 * 2.5**2)), rel=0.05)
    assert found.error[0] == pytest.approx(0.1 * np.sqrt(np.pi) * 5, rel=0.3)
    assert not detection.empty_sky(cutout_of(flux))[60, 80]
    shallow = cutout_of(flux)
    shallow.error[:, :, 50:110] = 3.0  # where the source is the errors are larger
    assert (detection.photometry(shallow, rng=rng).error > 1.5 * found.error).all()
    nobody = detection.photometry(cutout_of(rng.normal(0, 0.1, (3, 120, 160))), rng=rng)
    assert len(nobody) <= 1


def catalogue(flux: np.ndarray, error: float = 1.0) -> detection.Photometry:
    n = len(flux)
    return detection.Photometry(
        np.zeros(n), np.zeros(n), flux, np.full(flux.shape, error), flux.sum(axis=1), np.zeros(n, np.int64)
    )


def test_neighbours_are_near_in_colour_whatever_the_brightness():
    rng = np.random.default_rng(3)
    mock = catalogue(rng.uniform(100, 200, (300, 9)))
    distance, row = colours.nearest(catalogue(0.8 * mock.flux[:5]), mock)
    assert row.tolist() == [0, 1, 2, 3, 4] and distance.max() < 1e-6
    own, other = colours.nearest(mock, mock, same=True)
    assert (other != np.arange(300)).all() and own.min() > 0
    strange = mock.flux[:1].copy()
    strange[0, :3] = -200
    found = colours.find_neighbours(catalogue(np.concatenate([mock.flux[:1] * 0.9, strange])), mock)
    assert found.percentile[0] == 0 and found.percentile[1] == 100
    assert not colours.neighbour_goal(found).met


def test_luminosity_function_and_volume():
    assert population.volume_per_arcmin2(5.5, 6.5) == pytest.approx(2460, rel=0.03)  # D² c/H per arcmin²
    function = literature.Schechter(6.0, -21.0, 1e-3, -1.0)
    per_light = population.schechter_density(function, -18.0) - population.schechter_density(function, -18.5)
    assert per_light == pytest.approx(0.4 * np.log(10) * 1e-3 * 0.5 * np.exp(-(10 ** (-0.4 * 2.75))), rel=0.02)


def test_a_survey_has_magnitudes_between_bands():
    n = len(population.BANDS)
    flat = population.Survey(1.0, np.full(2, 25.0), np.array([1.0, 6.0]), np.full(2, 0.2), np.full((2, n), 100.0))
    assert flat.magnitude_at(literature.KS_UM) == pytest.approx(26.4)
    uv = flat.uv_magnitude()
    assert np.isnan(uv[0]) and uv[1] == pytest.approx(26.4 - 48.83 + 2.5 * np.log10(7), abs=0.03)
    assert flat.re_kpc[0] == pytest.approx(1.60, abs=0.02)


def test_goals_are_met_or_missed_and_what_is_not_measured_says_so():
    assert goals.every([None, True]) is True and goals.every([True, False]) is False and goals.every([]) is None
    text = goals.goal_table([goals.Goal(1, "a", "b", "c", met) for met in (True, False, None)])
    assert re.findall(r"\| ([^|]*) \|$", text, re.M)[1:] == ["met", "**not met**", "not measured"]


def test_memory_of_this_process_is_seen():
    before, _ = timing.tree_memory_mib(os.getpid())
    with mmap.mmap(-1, 64 << 20) as held:  # pages of its own: an array could get some that were used before
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
        after, resident = timing.tree_memory_mib(os.getpid())
    assert after - before == pytest.approx(64, abs=16) and resident >= after


def test_large_fields_are_kept(tmp_path):
    found = timing.LargeField((9, 9), 2, 1, 3.0, 5, 4, 0.1, 100.0, 120.0, "here")
    assert timing.kept(tmp_path / "large.json") is None
    timing.keep(tmp_path / "large.json", found)
    assert timing.kept(tmp_path / "large.json") == found
    assert "3.0" not in timing.large_table(None) and "100 MiB" in timing.large_table(found)


def test_stamps_at_the_edge_are_grey():
    picture = np.zeros((40, 50, 3))
    corner = stamps.stamp(picture, 0, 0)
    assert corner.shape == (32, 32, 3) and corner[0, 0, 0] == pytest.approx(0.35) and corner[-1, -1, 0] == 0


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory) -> Path:
    """A directory like that of the real data, with a mock scene, Gaussian PSFs and a few redshifts."""
    place = tmp_path_factory.mktemp("real")
    pixels = draw_scene(5999, shape=(110, 195)).pixels
    wcs = tangent_wcs(53.08, -27.86, (110, 195), 0.03)
    write_mosaic(place / "jades-gsz14", pixels, bands=JADES_BANDS, wcs=wcs, prefix="stand-in")
    (place / "psf-nircam").mkdir()
    for band in ("f090w", "f444w"):
        fits.writeto(place / "psf-nircam" / f"smacs0723_20mas_psf-smacs0723-{band}.fits", gaussian(3.0, 200))
        fits.writeto(place / "psf-nircam" / f"ceers_psf-ceers-nrca-{band}.fits", gaussian(1.5, 101))
    rows = "\n".join(f"{i},53.1,-27.8,{0.5 + 0.1 * i},,A,GS," for i in range(40))
    (place / "jades_dr4_specz.csv").write_text(f"unique_id,ra,dec,z_spec,z_phot,z_spec_flag,field,MUV\n{rows}\n")
    return place


@pytest.mark.slow
def test_the_whole_command(tmp_path, stand_in):
    options = ["--real", stand_in, "--docs", tmp_path, "--large-field", tmp_path / "large", "--large-size", 256]
    options += ["--large-workers", 1]
    for name in ("seed", "tiles", "tile_size", "deep_cells", "wide_cells", "timed_tiles", "repeat_size"):
        options += [f"--{name.replace('_', '-')}", getattr(TINY, name)]
    command = [sys.executable, str(ROOT / "experiments" / "mock_sky.py"), *map(str, options)]
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "mock.md").read_text("utf-8")
    assert len(re.findall(r"^## [1-6]\. ", page, re.M)) == 6 and "$" not in page and "Not made" not in page
    for target in re.findall(r"\]\(([^)]*)\)", page):
        assert (tmp_path / target).is_file(), target
    assert json.loads((tmp_path / "mock" / "large_field.json").read_text())["shape"] == [256, 256]
    assert "every file has the same bytes" in page
    assert {line.split("|")[1].strip() for line in page.splitlines() if re.match(r"\| [1-6] \|", line)} == set(
        "123456"
    ) - {"5"}


def test_the_page_without_real_data(tmp_path, monkeypatch):
    quick = timing.Speed([1.0], {"noise": 0.1}, 1.0)
    monkeypatch.setattr(timing, "measure_speed", lambda *arguments, **options: quick)
    monkeypatch.setattr(timing, "same_for_any_workers", lambda *arguments, **options: True)
    page = make_report(tmp_path, real=None, settings=TINY).read_text("utf-8")
    assert page.count("this needs the real data") == 13 and "not measured" in page and "$" not in page


def test_windows_of_a_tile_do_not_overlap():
    cutout = cutout_of(np.arange(3 * 250 * 400, dtype=float).reshape(3, 250, 400))
    parts = cutout.parts((110, 195))
    assert len(parts) == 4 and parts[0].valid.shape == (110, 195)
    np.testing.assert_array_equal(parts[3].flux, cutout.part(Region(195, 110, 390, 220)).flux)
