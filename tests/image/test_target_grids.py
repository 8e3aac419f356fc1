import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import pixel_to_pixel

from zpix.errors import ConfigError, InputFileError
from zpix.image import Pixels, open_images, tangent_wcs, write_mosaic
from zpix.image.grids import grid_distance_pix, pixel_scale_arcsec
from zpix.image.target_grids import band_on_scale, choose_grid, grid_around


def image(folder, band, wcs, shape):
    flux = np.zeros((1, *shape), np.float32)
    (path,) = write_mosaic(folder, Pixels(flux, flux + 1, flux > -1), bands=[band], wcs=wcs)
    return path


@pytest.fixture
def two_modules(tmp_path):
    """F200W in two images of 0.02″ and F444W in one of 0.04″ turned by 30°, across RA = 0."""
    image(tmp_path / "a", "F200W", tangent_wcs(359.999, -27.8, (100, 120), 0.02), (100, 120))
    image(tmp_path / "b", "F200W", tangent_wcs(0.0005, -27.8005, (100, 120), 0.02), (100, 120))
    turned = tangent_wcs(359.9995, -27.8, (150, 150), 0.04)
    turned.wcs.pc = [[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]]
    turned.wcs.set()
    image(tmp_path / "c", "F444W", turned, (150, 150))
    return open_images([next((tmp_path / name).iterdir()) for name in "abc"])


def covers(grid, images):
    """How far each image reaches beyond the grid in pixels (largest), and how far the grid beyond all (each side)."""
    points = []
    for one in images:
        height, width = one.shape
        x, y = np.meshgrid(np.linspace(-0.5, width - 0.5, 5), np.linspace(-0.5, height - 0.5, 5))
        points.append(np.array(pixel_to_pixel(one.wcs, grid.wcs, x.ravel(), y.ravel())))
    x, y = np.concatenate(points, axis=1)
    height, width = grid.shape
    return np.array([x.min() + 0.5, y.min() + 0.5, width - 0.5 - x.max(), height - 0.5 - y.max()])


def test_a_grid_of_a_given_scale_covers_all_images_with_north_up(two_modules):
    grid = choose_grid(two_modules, pixel_scale_arcsec=0.03)
    assert pixel_scale_arcsec(grid.wcs) == pytest.approx(0.03, rel=1e-9)
    assert list(grid.wcs.wcs.ctype) == ["RA---TAN", "DEC--TAN"] and grid.wcs.wcs.radesys == "ICRS"
    np.testing.assert_allclose(grid.wcs.pixel_scale_matrix, np.diag([-0.03, 0.03]) / 3600, atol=1e-12)
    margins = covers(grid, two_modules)
    assert (margins > -0.02).all() and (margins < 2).all()


def test_the_middle_of_images_across_ra_0_is_among_them(two_modules):
    assert grid_around(two_modules, 0.03).shape[1] < 400


def test_the_grid_of_a_band_is_extended_over_its_modules(two_modules):
    grid = choose_grid(two_modules, reference="f200w")
    first = two_modules[0]
    shift = first.wcs.wcs.crpix - grid.wcs.wcs.crpix
    np.testing.assert_allclose(shift, np.rint(shift), atol=1e-9)
    margins = covers(grid, two_modules[:2])
    assert (margins > -0.02).all() and (margins < 1.02).all()


def test_the_default_is_the_band_of_the_largest_pixels_as_it_is(two_modules):
    grid = choose_grid(two_modules)
    assert grid.shape == (150, 150) and grid_distance_pix(grid.wcs, two_modules[2].wcs, grid.shape) < 1e-6


@pytest.fixture
def header():
    """A grid of 30 mas around the images, with its size."""
    header = tangent_wcs(359.9995, -27.8, (240, 250), 0.03).to_header()
    header["NAXIS1"], header["NAXIS2"] = 250, 240
    return header


@pytest.mark.parametrize("kind", ["image", "extension", "lines", "cards", "header with IMAGEW"])
def test_a_reference_is_an_image_or_a_header(two_modules, tmp_path, header, kind):
    path = tmp_path / "grid"
    wcs = tangent_wcs(359.9995, -27.8, (240, 250), 0.03).to_header()
    pixels = np.zeros((240, 250), np.float32)
    if kind == "image":
        fits.PrimaryHDU(pixels, wcs).writeto(path)
    elif kind == "extension":
        table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=[1])])
        fits.HDUList([fits.PrimaryHDU(), table, fits.CompImageHDU(pixels, wcs)]).writeto(path)
    elif kind == "header with IMAGEW":
        wcs["IMAGEW"], wcs["IMAGEH"] = 250, 240
        fits.PrimaryHDU(header=wcs).writeto(path)
    else:
        path.write_text(header.tostring(sep="\n" if kind == "lines" else "", padding=False))
    grid = choose_grid(two_modules, reference=path)
    assert grid.shape == (240, 250)
    assert grid_distance_pix(grid.wcs, WCS(header), grid.shape) < 1e-6


def test_a_header_without_a_size_is_extended_over_all_images(two_modules, tmp_path, header):
    del header["NAXIS1"], header["NAXIS2"]
    fits.PrimaryHDU(header=header).writeto(tmp_path / "grid.fits")
    grid = choose_grid(two_modules, reference=tmp_path / "grid.fits")
    margins = covers(grid, two_modules)
    assert (margins > -0.02).all() and (margins < 1.02).all()
    assert pixel_scale_arcsec(grid.wcs) == pytest.approx(0.03)


def test_mistakes_are_one_sentence(two_modules, tmp_path):
    with pytest.raises(ConfigError, match=r"'F090W'.*F200W, F444W"):
        choose_grid(two_modules, reference="F090W")
    with pytest.raises(ConfigError, match="give one"):
        choose_grid(two_modules, reference="F200W", pixel_scale_arcsec=0.03)
    for scale in (0.0, -0.03, np.nan):
        with pytest.raises(ConfigError, match="positive"):
            choose_grid(two_modules, pixel_scale_arcsec=scale)
    (tmp_path / "note.txt").write_text("pixels of 0.03 arcsec, please\n")
    (tmp_path / "bytes").write_bytes(bytes(range(256)))
    (tmp_path / "none.txt").write_text(fits.Header([("NAXIS1", 10), ("NAXIS2", 10)]).tostring(sep="\n"))
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "plain.fits")
    sized = tangent_wcs(359.9995, -27.8, (240, 250), 0.03).to_header()
    sized["NAXIS1"], sized["NAXIS2"] = 0, 240
    (tmp_path / "empty.txt").write_text(sized.tostring(sep="\n"))
    for name in ("note.txt", "bytes", "none.txt", "plain.fits", "empty.txt"):
        with pytest.raises(InputFileError, match=name):
            choose_grid(two_modules, reference=tmp_path / name)


def test_a_band_that_has_the_scale_and_the_whole_field(two_modules, tmp_path):
    assert band_on_scale(two_modules, 0.03) is None
    assert band_on_scale(two_modules, 0.02) is None  # smaller than F444W
    assert band_on_scale(two_modules, 0.04) == "F444W"
