from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import fft

from zpix.image import JADES_BANDS
from zpix.scenes import Population
from zpix.scenes.forms import CLUMPY, IRREGULAR, MERGING, SPIRAL, with_forms
from zpix.scenes.psf import frequencies, transfer_function
from zpix.scenes.render import Stamp, render
from zpix.scenes.sersic import sersic_profile
from zpix.scenes.true_segments import detection_weights, draw_segments, significance
from zpix.spectra import GalaxyTraits

SCALE = 0.03
Make = Callable[..., Population]


def draw(population: Population, size: int, bands: tuple[str, ...] = JADES_BANDS, flux: float = 1.0) -> Stamp:
    fluxes = np.full((1, len(bands)), flux, np.float32)
    options = {"pixel_scale_arcsec": SCALE, "psf_angle_deg": 0.0}
    return next(render(population, fluxes, bands=bands, sizes=np.array([size]), **options))


@pytest.mark.parametrize("re_arcsec", [0.0, 0.1, 0.4])
def test_light_is_conserved(make_source: Make, re_arcsec: float) -> None:
    light = draw(make_source(100.3, 50.8, re_arcsec=re_arcsec), 128, flux=7.0).light
    np.testing.assert_allclose(light.sum(axis=(1, 2)), 7.0, rtol=2e-3)


def test_a_star_is_the_psf(make_source: Make) -> None:
    stamp = draw(make_source(64, 64), 64, ("F356W",))
    psf = fft.fftshift(fft.irfft2(transfer_function("F356W", 64), (64, 64)))
    np.testing.assert_allclose(stamp.light[0], psf, atol=1e-6)


@pytest.mark.parametrize(("x", "y"), [(40.0, 51.0), (40.49, 50.51), (39.7, 51.2)])
def test_light_is_where_the_source_is(make_source: Make, x: float, y: float) -> None:
    stamp = draw(make_source(x, y, re_arcsec=0.1), 64)
    rows, columns = np.indices(stamp.light.shape[1:])
    core = np.where(stamp.light > 0.05 * stamp.light.max(axis=(1, 2), keepdims=True), stamp.light, 0)
    weight = core.sum(axis=(1, 2))
    found_x = stamp.region.x0 + (core * columns).sum(axis=(1, 2)) / weight
    found_y = stamp.region.y0 + (core * rows).sum(axis=(1, 2)) / weight
    np.testing.assert_allclose(found_x, x, atol=0.06)
    np.testing.assert_allclose(found_y, y, atol=0.06)


@pytest.mark.parametrize(("band", "n"), [("F090W", 1.0), ("F150W", 2.5), ("F444W", 0.8), ("F444W", 4.0)])
def test_galaxy_equals_a_direct_convolution(make_source: Make, band: str, n: float) -> None:
    """The slow equivalent: the profile on a finer grid, convolved with the PSF there, then sampled."""
    size, fine, re, q, pa = 64, 6, 0.15, 0.6, 30.0
    x, y = 32.3, 31.6
    step = SCALE / fine
    offset = (np.arange(size * fine) - (fine - 1) / 2) / fine
    # average the cusp over a still finer grid
    sub = (np.arange(8) - 3.5) / 8 / fine
    dy = (offset - y)[:, None, None, None] + sub[:, None]
    dx = (offset - x)[None, :, None, None] + sub[None, :]
    angle = np.deg2rad(pa)
    along, across = -np.sin(angle) * dx + np.cos(angle) * dy, np.cos(angle) * dx + np.sin(angle) * dy
    radius = np.hypot(along, across / q) * SCALE / re
    image = sersic_profile(radius, n).mean(axis=(2, 3))
    image /= image.sum()
    transfer = transfer_function(band, size * fine, pixel_scale_arcsec=step)
    fy, fx = frequencies(size * fine, oversampling=1, pixel_scale_arcsec=step)
    to_centres = np.exp(-2j * np.pi * (fy + fx) * 0.5 * step * (fine % 2 == 0))
    blurred = fft.irfft2(fft.rfft2(image) * transfer * to_centres, image.shape)
    direct = blurred[fine // 2 :: fine, fine // 2 :: fine] * fine**2
    stamp = draw(make_source(x, y, re_arcsec=re, sersic_n=n, axis_ratio=q, pa_deg=pa), size, (band,))
    light = np.zeros_like(direct)
    dx0, dy0 = stamp.region.x0, stamp.region.y0
    light[:, :] = np.roll(stamp.light[0], (dy0, dx0), axis=(0, 1))
    assert np.abs(light - direct).max() < 0.01 * direct.max()


@pytest.mark.parametrize("form", [SPIRAL, CLUMPY, IRREGULAR, MERGING])
def test_a_form_moves_light_and_is_one_segment(make_source: Make, form: int) -> None:
    """Arms, blobs and tails change where the light is, not how much there is, and all of it has one id."""
    source, band = make_source(128, 128, re_arcsec=0.5, axis_ratio=0.8, pa_deg=20.0, mag=21.0), ("F200W",)
    rng, traits = np.random.default_rng(1), GalaxyTraits(np.ones(1), np.array([10.0]), np.zeros(1, bool))
    draws = (with_forms(rng, source.structure, traits) for _ in range(500))
    formed = replace(source, structure=next(one for one in draws if one.form[0] == form))
    flux, known = source.fluxes(band), {"bands": band, "sizes": np.array([256])}
    known |= {"pixel_scale_arcsec": SCALE, "psf_angle_deg": 0.0}
    plain, rich = (
        next(render(one, flux, part_shares={0: one.part_shares(band)[0]}, **known)) for one in (source, formed)
    )
    assert rich.light.sum() == pytest.approx(plain.light.sum(), rel=2e-3)
    assert np.abs(rich.light - plain.light).sum() > 0.1 * plain.light.sum()
    seen = significance(rich.light, detection_weights(band, np.array([0.05])))
    limits = {"threshold": 0.5, "min_pixels": 5, "min_snr": 5.0, "all_pieces": True}
    segments = draw_segments(rich.region, [(rich.region, seen)], **limits)
    assert (segments.owner >= 0).sum() == segments.n_pix[0] > 0.98 * (seen > 0.5).sum()


def test_position_angle_is_east_of_north(make_source: Make) -> None:
    light = draw(make_source(32, 32, re_arcsec=0.4, axis_ratio=0.2, pa_deg=45.0), 64, ("F200W",)).light[0]
    north_east, north_west = light[32 + 10, 32 - 10], light[32 + 10, 32 + 10]
    assert north_east > 3 * north_west


def test_no_sources(make_source: Make) -> None:
    nobody = make_source(0, 0)[:0]
    options = {"pixel_scale_arcsec": SCALE, "psf_angle_deg": 0.0}
    fluxes = np.zeros((0, 9), np.float32)
    assert list(render(nobody, fluxes, bands=JADES_BANDS, sizes=np.zeros(0, np.int64), **options)) == []
