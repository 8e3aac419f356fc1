import math

import torch

from zpix.detector.normalisation import image_channels, split_validity


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    flux = torch.randn(2, 3, 50, 40) * torch.logspace(-2, 7, 40)  # from far below the noise to beyond the limit
    error = torch.rand(2, 3, 50, 40) + 0.1
    error[0, 1] = math.inf
    flux[0, 1] = math.nan
    flux[1, 0, 3, 4], flux[1, 0, 3, 5], error[1, 2, 0, 0] = math.inf, math.nan, math.nan
    return flux, error


def test_channels_are_arcsinh_of_flux_over_noise_and_validity():
    flux, error = scene()
    channels = image_channels(flux, error)
    valid = torch.isfinite(flux) & torch.isfinite(error)
    expected = torch.where(valid, torch.asinh((flux / error).clamp(-1e4, 1e4)), 0.0)
    torch.testing.assert_close(channels[:, :3], expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(channels[:, 3:], valid.float())
    assert channels.is_contiguous(memory_format=torch.channels_last)


def test_channels_can_be_made_in_the_arithmetic_of_the_network():
    flux, error = scene()
    assert torch.equal(image_channels(flux, error, torch.bfloat16), image_channels(flux, error).to(torch.bfloat16))


def test_pixels_that_are_not_valid_are_zero_in_flux_and_variance():
    flux, error = scene()
    valid = torch.isfinite(flux) & torch.isfinite(error)
    clean, variance = split_validity(flux, error)
    assert torch.equal(clean[valid], flux[valid]) and torch.equal(variance[valid], error[valid] ** 2)
    assert (clean[~valid] == 0).all() and (variance[~valid] == 0).all()
