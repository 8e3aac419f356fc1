"""Are flux, position, size and error of a source kept on another pixel grid?"""

import numpy as np
import pytest
from scipy.special import erf

from zpix.image import Pixels, Region, open_mosaic, tangent_wcs, write_mosaic
from zpix.image.resampling import resample

RA, DEC, FLUX_NJY = 53.16, -27.79, 1000.0
SIZE_ARCSEC = 6.0
POINT, GALAXY = 0.045, 0.3  # FWHM in arcsec: F115W as it is in a mosaic; a faint galaxy


def grid(scale, *, size_arcsec=SIZE_ARCSEC, angle=0.0, shift=(0.0, 0.0), tangent_deg=0.0):
    """A square TAN grid around one position, turned, shifted, or with its tangent point elsewhere."""
    size = round(size_arcsec / scale)
    wcs = tangent_wcs(RA + tangent_deg, DEC + tangent_deg, (size, size), scale)
    turn, side = np.deg2rad(angle), scale / 3600
    wcs.wcs.cdelt = [1, 1]
    wcs.wcs.pc = side * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    wcs.wcs.set()
    here = np.array(wcs.all_world2pix(RA, DEC, 0))
    wcs.wcs.crpix = wcs.wcs.crpix - here + (size - 1) / 2 + shift
    wcs.wcs.set()
    return wcs, (size, size)


def positions():
    """Sources on a lattice of 1.2″ with all phases of the pixels."""
    step = (np.arange(4) - 1.5) * 1.2
    east, north = (along.ravel() for along in np.meshgrid(step, step))
    jitter = np.random.default_rng(5).uniform(-0.1, 0.1, (2, east.size))
    return RA + (east + jitter[0]) / 3600 / np.cos(np.deg2rad(DEC)), DEC + (north + jitter[1]) / 3600


def sky(wcs, shape, fwhm):
    """Gaussian sources integrated over the pixels of a grid, in nJy."""
    scale = float(np.sqrt(np.abs(np.linalg.det(wcs.pixel_scale_matrix)))) * 3600
    x, y = wcs.all_world2pix(*positions(), 0)
    edges = np.arange(shape[0] + 1)[:, None] - 0.5
    in_x, in_y = (np.diff(erf((edges - at) * scale / fwhm * 2 * np.sqrt(np.log(2))), axis=0) / 2 for at in (x, y))
    return FLUX_NJY * np.einsum("yn,xn->yx", in_y, in_x)


def moved(tmp_path, flux, source, target, *, valid=None):
    """The image on another grid, errors of 10 nJy."""
    valid = np.ones(flux.shape, bool) if valid is None else valid
    pixels = Pixels(flux[None].astype(np.float32), np.full((1, *flux.shape), 10, np.float32), valid[None])
    write_mosaic(tmp_path, pixels, bands=["F115W"], wcs=source, overwrite=True)
    wcs, shape = target
    with open_mosaic(tmp_path) as mosaic:
        return resample(mosaic, Region.whole(shape), wcs=wcs)


def moments(image, wcs, fwhm):
    """Flux, position in pixels and size of each source, in a circle around it."""
    scale = float(np.sqrt(np.abs(np.linalg.det(wcs.pixel_scale_matrix)))) * 3600
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    found = []
    for x, y in zip(*wcs.all_world2pix(*positions(), 0), strict=True):
        near = np.where(np.hypot(columns - x, rows - y) * scale < 0.58, image, 0.0)
        flux = near.sum()
        at = np.array([(near * columns).sum(), (near * rows).sum()]) / flux
        size = np.sqrt((near * ((columns - at[0]) ** 2 + (rows - at[1]) ** 2)).sum() / flux)
        found.append((flux, np.hypot(*(at - (x, y))), size))
    return np.array(found).T


MOVES = {
    "half a pixel": ({"scale": 0.03, "shift": (0.5, 0.5)}, 0.03),
    "a quarter": ({"scale": 0.03, "shift": (0.25, -0.25)}, 0.03),
    "20 mas to 30": ({"scale": 0.02, "shift": (0.3, 0.1)}, 0.03),
    "turned by 33 degrees": ({"scale": 0.031, "angle": 33.0, "size_arcsec": 9.0}, 0.03),
    "turned by 45 degrees": ({"scale": 0.03, "angle": 45.0, "size_arcsec": 9.0}, 0.03),
    "another tangent point": ({"scale": 0.03, "tangent_deg": 0.05, "shift": (0.25, 0.25)}, 0.03),
}


@pytest.mark.parametrize("fwhm", [POINT, GALAXY])
@pytest.mark.parametrize("move", MOVES)
def test_flux_position_and_size_are_kept(tmp_path, move, fwhm):
    arguments, scale = MOVES[move]
    source, shape = grid(**arguments)
    target = grid(scale)
    flux, offset, size = moments(moved(tmp_path, sky(source, shape, fwhm), source, target).flux[0], target[0], fwhm)
    true_flux, _, true_size = moments(sky(*target, fwhm), target[0], fwhm)
    np.testing.assert_allclose(flux, true_flux, rtol=2e-3)
    assert offset.max() < 0.01  # pixels
    np.testing.assert_allclose(size, true_size, rtol=0.01)


@pytest.mark.parametrize(("scale", "fwhm"), [(0.04, 0.1), (0.06, 0.15)])
def test_smaller_pixels_show_what_the_larger_ones_resolve(tmp_path, scale, fwhm):
    source, shape = grid(scale, shift=(0.3, 0.1))
    target = grid(0.03)
    flux, offset, size = moments(moved(tmp_path, sky(source, shape, fwhm), source, target).flux[0], target[0], fwhm)
    true_flux, _, true_size = moments(sky(*target, fwhm), target[0], fwhm)
    np.testing.assert_allclose(flux, true_flux, rtol=2e-3)
    assert offset.max() < 0.01
    np.testing.assert_allclose(size, true_size, rtol=0.01)


@pytest.mark.parametrize("move", MOVES)
def test_an_even_sky_stays_even_and_errors_are_per_area(tmp_path, move):
    arguments, scale = MOVES[move]
    source, shape = grid(**arguments)
    area = (scale / arguments["scale"]) ** 2
    pixels = moved(tmp_path, np.full(shape, 5.0), source, grid(scale))
    assert pixels.valid[0, 5:-5, 5:-5].all()
    np.testing.assert_allclose(pixels.flux[pixels.valid], 5 * area, rtol=1e-3)
    np.testing.assert_allclose(pixels.error[pixels.valid], 10 * np.sqrt(area), rtol=1e-3)


@pytest.mark.parametrize("move", ["half a pixel", "turned by 33 degrees"])
def test_missing_pixels_beside_a_bright_source_leave_no_trace(tmp_path, move):
    """What a missing pixel holds does not matter, and around it no weight is negative."""
    arguments, scale = MOVES[move]
    source, shape = grid(**arguments)
    valid = np.random.default_rng(2).random(shape) > 0.01
    valid[70:90, 70:90] = False
    flux = np.where(valid, 5.0, 1e6)
    pixels = moved(tmp_path, np.where(valid, flux, 0), source, grid(scale), valid=valid)
    np.testing.assert_allclose(pixels.flux[pixels.valid], 5 * (scale / arguments["scale"]) ** 2, rtol=1e-3)
    missing = np.count_nonzero(~pixels.valid[0, 5:-5, 5:-5]) * scale**2
    assert missing == pytest.approx(400 * arguments["scale"] ** 2, rel=0.2)


def test_outside_the_mosaic_nothing_is_valid(tmp_path):
    source, shape = grid(0.03)
    far, _ = grid(0.03, shift=(500.0, 0.0))
    pixels = moved(tmp_path, np.ones(shape), source, (far, (50, 50)))
    assert not pixels.valid.any() and np.isinf(pixels.error).all() and not pixels.flux.any()


def test_frames_are_converted(tmp_path):
    """The same grid in FK5 is the same sky: its numbers differ from those of ICRS by up to 0.025 arcsec."""
    from astropy.coordinates import FK5, SkyCoord

    source, shape = grid(0.03)
    fk5 = source.deepcopy()
    centre = SkyCoord(*source.wcs.crval, unit="deg").transform_to(FK5(equinox="J2000"))
    fk5.wcs.radesys, fk5.wcs.equinox, fk5.wcs.crval = "FK5", 2000.0, [centre.ra.deg, centre.dec.deg]
    fk5.wcs.set()
    flux = sky(source, shape, GALAXY)
    pixels = moved(tmp_path, flux, source, (fk5, shape))
    np.testing.assert_allclose(pixels.flux[0], flux, atol=0.05)
