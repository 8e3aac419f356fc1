import numpy as np
import pytest

from zpix.errors import BandError
from zpix.image import Pixels, open_mosaic, tangent_wcs, write_mosaic
from zpix.image.several_images import refuse_same_exposures, weighted_mean


def one_row(flux, error):
    flux, error = np.array([[flux]], np.float32), np.array([[error]], np.float32)
    valid = np.isfinite(error)
    return Pixels(np.where(valid, flux, 0).astype(np.float32), error, valid)


def test_inverse_variances_are_the_weights_where_both_have_data():
    mean = weighted_mean(
        [one_row([10, 3, 0, 0], [1, 2, np.inf, np.inf]), one_row([20, 0, 7, 0], [3, np.inf, 1, np.inf])]
    )
    np.testing.assert_allclose(mean.flux[0, 0], [(10 + 20 / 9) / (1 + 1 / 9), 3, 7, 0], rtol=1e-6)
    np.testing.assert_allclose(mean.error[0, 0], [(1 + 1 / 9) ** -0.5, 2, 1, np.inf], rtol=1e-6)
    np.testing.assert_array_equal(mean.valid[0, 0], [True, True, True, False])


def images(tmp_path, *, noises, scales=(0.03, 0.03), sizes=(120, 120)):
    """Images of one band around one position, opened."""
    opened = []
    for number, (noise, scale, size) in enumerate(zip(noises, scales, sizes, strict=True)):
        pixels = Pixels(
            noise[None].astype(np.float32), np.ones((1, size, size), np.float32), np.ones((1, size, size), bool)
        )
        (path,) = write_mosaic(
            tmp_path / str(number), pixels, bands=["F200W"], wcs=tangent_wcs(53.1, -27.8, (size, size), scale)
        )
        opened.append(open_mosaic(path))
    return opened


def test_the_same_exposures_on_two_grids_are_refused(tmp_path):
    fine = np.random.default_rng(0).normal(0, 1, (240, 240))
    coarse = fine.reshape(120, 2, 120, 2).sum(axis=(1, 3)) / 2
    with pytest.raises(BandError, match=r"F200W is in '.*' and in '.*' with the same noise"):
        refuse_same_exposures(images(tmp_path, noises=(fine, coarse), scales=(0.02, 0.04), sizes=(240, 120)))


def test_two_images_of_the_same_sky_are_not_refused(tmp_path):
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:120, :120]
    galaxies = sum(30 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18) for y, x in rng.uniform(0, 120, (20, 2)))
    refuse_same_exposures(images(tmp_path, noises=[galaxies + rng.normal(0, 1, (120, 120)) for _ in range(2)]))
