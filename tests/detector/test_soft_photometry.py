import math

import pytest
import torch

from zpix.detector.soft_photometry import SourcePixels, _ellipses, soft_photometry

SIZE = 32
SIGMAS = (1.2, 2.0, 3.5)
COLOURS = torch.tensor([1.0, 2.0, 4.0])  # flux of each band


def star(x: float, y: float, *, flux: float = 100.0, noise: float = 1.0) -> SourcePixels:
    """A noiseless Gaussian of sigma 1.5 pixels in three bands, with a generous mask."""
    steps = torch.arange(SIZE) + 0.5
    distance = (steps - x)[None, :] ** 2 + (steps - y)[:, None] ** 2
    profile = torch.exp(-0.5 * distance / 1.5**2) / (2 * math.pi * 1.5**2)
    return SourcePixels(
        flux=(flux * COLOURS[:, None, None] * profile)[None],
        variance=torch.full((1, 3, SIZE, SIZE), noise**2),
        mask=(distance < 36).float()[None],
        size=torch.tensor([[12.0, 12.0]]),
    )


def parts(pixels: SourcePixels) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Significances and colours (band, sum), depths and coverage (band,) of one source."""
    (row,) = soft_photometry(pixels, SIGMAS)
    sums = len(SIGMAS) + 1
    significance, colour, depth, coverage, sides = row.split([3 * sums, 3 * sums, 3, 3, 2])
    torch.testing.assert_close(sides, torch.full((2,), math.log(12 / 16)))
    return significance.view(3, sums), colour.view(3, sums), depth, coverage


def test_sums_are_those_of_the_weighted_light_over_its_noise():
    significance, _, depth, coverage = parts(star(16, 16))
    for column, sigma in enumerate(SIGMAS):
        total = 100 * COLOURS * sigma**2 / (sigma**2 + 1.5**2)  # Gaussian under a Gaussian
        noise = math.sqrt(math.pi) * sigma
        torch.testing.assert_close(significance[:, column], 0.5 * torch.asinh(total / noise), atol=0.02, rtol=0.01)
    torch.testing.assert_close(
        significance[:, -1], 0.5 * torch.asinh(100 * COLOURS / math.sqrt(113)), atol=0.02, rtol=0.01
    )
    torch.testing.assert_close(depth, torch.full((3,), math.log10(math.sqrt(math.pi) * 2.0)), atol=0.01, rtol=0.01)
    torch.testing.assert_close(coverage, torch.ones(3))


def test_colours_of_bright_sources_are_ratios_of_fluxes_whatever_their_brightness():
    expected = COLOURS.log() - COLOURS.log().mean()
    for flux in (1e3, 1e5):
        _, colour, _, _ = parts(star(16, 16, flux=flux))
        torch.testing.assert_close(colour, expected[:, None].expand(3, 4), atol=0.01, rtol=0.01)


def test_the_weights_follow_the_light_not_the_cutout():
    torch.testing.assert_close(parts(star(16, 16))[0], parts(star(19, 12))[0], atol=1e-2, rtol=1e-2)


def test_a_band_that_was_not_observed_is_nothing_and_changes_no_other():
    whole, hidden = star(16, 16), star(16, 16)
    hidden.flux[:, 1], hidden.variance[:, 1] = 0.0, 0.0
    significance, colour, _, coverage = parts(hidden)
    assert (significance[1] == 0).all() and (colour[1] == 0).all()
    torch.testing.assert_close(coverage, torch.tensor([1.0, 0.0, 1.0]))
    torch.testing.assert_close(significance[[0, 2]], parts(whole)[0][[0, 2]], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(colour[2] - colour[0], torch.full((4,), math.log(4)), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("flux", [0.0, -5.0])
def test_nothing_at_all_is_finite(flux):
    pixels = star(16, 16, flux=flux)
    for variance in (1.0, 0.0):
        pixels = pixels._replace(variance=0 * pixels.variance + variance)
        assert torch.isfinite(soft_photometry(pixels, SIGMAS, (1.0, 1.4))).all()


@pytest.mark.parametrize("angle", [0.0, 0.6, 2.2])
def test_elliptical_weights_have_the_shape_of_the_light(angle):
    size = 64
    steps = torch.arange(size) + 0.5
    x, y = (steps - 30)[None, :], (steps - 35)[:, None]
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    profile = torch.exp(-0.5 * (along**2 / 4.0**2 + across**2 / 2.0**2))
    light = (1000 * COLOURS[:, None, None] * profile)[None]
    pixels = SourcePixels(light, torch.ones(1, 3, size, size), torch.ones(1, size, size), torch.full((1, 2), 16.0))
    blur = 1.5**2  # of the light that is measured
    for weight, width in zip(_ellipses(pixels, (1.0, 2.0))[0], (1.0, 2.0), strict=True):
        expected = torch.exp(-0.5 * (along**2 / (16 + blur) + across**2 / (4 + blur)) / width**2)
        torch.testing.assert_close(weight, expected, atol=0.02, rtol=0.0)
