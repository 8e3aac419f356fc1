import numpy as np
import pytest

from zpix.errors import ConfigError, OutputError
from zpix.image import (
    Pixels,
    Region,
    bring_onto,
    choose_grid,
    open_images,
    open_mosaic,
    resample_bands,
    tangent_wcs,
    write_mosaic,
)
from zpix.image.mosaic import Mosaic

SOURCE_RA, SOURCE_DEC, SOURCE_NJY = 53.1002, -27.8001, 1000.0


def _field(folder, band, scale, size, *, offset_deg=0.0, valid=None):
    """A Gaussian source of 0.08″ rms width at a fixed sky position, with errors of 10 nJy per 0.03″ pixel."""
    wcs = tangent_wcs(53.1, -27.8 + offset_deg, (size, size), scale)
    x, y = wcs.all_world2pix(SOURCE_RA, SOURCE_DEC, 0)
    rows, columns = np.mgrid[:size, :size]
    light = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (0.08 / scale) ** 2))
    flux = (SOURCE_NJY * light / light.sum())[None].astype(np.float32)
    error = np.full_like(flux, 10 * scale / 0.03)
    return write_mosaic(folder, Pixels(flux, error, flux > -1 if valid is None else valid[None]), bands=[band], wcs=wcs)


def _source(mosaic: Mosaic, radius: int = 12):
    """Flux, offset from its position in pixels, and error of the source, for each band."""
    x, y = (float(value) for value in mosaic.pixel(SOURCE_RA, SOURCE_DEC))
    region = Region(round(x) - radius, round(y) - radius, round(x) + radius + 1, round(y) + radius + 1)
    pixels = mosaic.read(region)
    rows, columns = np.mgrid[region.y0 : region.y1, region.x0 : region.x1]
    total = pixels.flux.sum((1, 2))
    offset_x = (pixels.flux * columns).sum((1, 2)) / total - x
    offset_y = (pixels.flux * rows).sum((1, 2)) / total - y
    return total, np.hypot(offset_x, offset_y), np.sqrt((pixels.error**2).sum((1, 2)))


@pytest.fixture
def fields(tmp_path):
    folder = tmp_path / "mosaics"
    _field(folder, "F150W", 0.02, 280)  # exactly 2 × 2 in the pixels of F444W
    _field(folder, "F200W", 0.03, 190, offset_deg=3.3e-6)
    _field(folder, "F444W", 0.04, 140)
    return folder


def test_flux_position_and_noise_are_kept(fields, tmp_path):
    resample_bands(fields, tmp_path / "aligned")
    with open_mosaic(tmp_path / "aligned") as mosaic:
        assert mosaic.bands == ("F150W", "F200W", "F444W")
        assert mosaic.pixel_scale_arcsec == pytest.approx(0.04)
        flux, offset, error = _source(mosaic)
    np.testing.assert_allclose(flux, SOURCE_NJY, rtol=1e-3)
    assert np.all(offset < 0.01)
    np.testing.assert_allclose(error, 10 / 0.03 * 25 * 0.04, rtol=1e-3)  # error scales with the side of a pixel


def test_bins_of_whole_pixels_are_exact(fields, tmp_path):
    resample_bands(fields, tmp_path / "aligned")
    with open_mosaic(fields / "mosaic_f150w_drz.fits") as fine, open_mosaic(tmp_path / "aligned") as coarse:
        before = fine.read(Region.whole(fine.shape)).flux[0].astype(np.float64)
        after = coarse.read(Region.whole(coarse.shape)).flux[0]
    np.testing.assert_allclose(after, before.reshape(140, 2, 140, 2).sum((1, 3)), rtol=1e-5, atol=1e-8)


def test_the_reference_itself_is_unchanged(fields, tmp_path):
    resample_bands(fields, tmp_path / "aligned", reference="F200W")
    whole = Region(0, 0, 190, 190)
    with open_mosaic(fields / "mosaic_f200w_drz.fits") as before, open_mosaic(tmp_path / "aligned") as after:
        assert after.pixel_scale_arcsec == pytest.approx(0.03)
        kept = after.read(whole, bands=["F200W"])
        np.testing.assert_allclose(kept.flux, before.read(whole).flux, rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(kept.error, before.read(whole).error, rtol=1e-5)
        flux, offset, _ = _source(after)
    np.testing.assert_allclose(flux, SOURCE_NJY, rtol=1e-3)
    assert np.all(offset < 0.01)


def test_a_larger_file_as_reference_adds_pixels_that_are_not_valid(fields, tmp_path):
    (wide,) = _field(tmp_path / "other", "F277W", 0.03, 300)
    resample_bands(fields, tmp_path / "aligned", reference=wide)
    with open_mosaic(tmp_path / "aligned") as mosaic:
        assert mosaic.shape == (300, 300)
        valid = mosaic.read(Region.whole(mosaic.shape)).valid
    assert valid[:, 60:240, 60:240].all() and not valid[:, :50].any() and not valid[:, :, 250:].any()


def test_holes_are_kept(tmp_path):
    valid = np.ones((190, 190), bool)
    valid[60:100, 60:100] = False
    _field(tmp_path / "mosaics", "F200W", 0.03, 190, offset_deg=3.3e-6, valid=valid)
    _field(tmp_path / "mosaics", "F444W", 0.04, 140)
    resample_bands(tmp_path / "mosaics", tmp_path / "aligned")
    with open_mosaic(tmp_path / "aligned") as mosaic:
        area = np.count_nonzero(~mosaic.read(Region(20, 20, 120, 120)).valid[0]) * 0.04**2
    assert area == pytest.approx(1600 * 0.03**2, rel=0.1)


def test_blocks_leave_no_seams(fields, tmp_path, monkeypatch):
    resample_bands(fields, tmp_path / "whole")
    monkeypatch.setattr("zpix.image.alignment._BLOCK", 64)
    calls = []
    resample_bands(fields, tmp_path / "blocks", progress=lambda done, of: calls.append((done, of)))
    assert calls == [(done, 9) for done in range(1, 10)]
    with open_mosaic(tmp_path / "whole") as whole, open_mosaic(tmp_path / "blocks") as blocks:
        one, other = (mosaic.read(Region.whole(mosaic.shape)) for mosaic in (whole, blocks))
    np.testing.assert_allclose(one.flux, other.flux, atol=1e-4)
    np.testing.assert_array_equal(one.valid, other.valid)


def test_modules_of_one_band_are_put_together(tmp_path):
    """Two halves of one sky that share 20 columns: there the errors are those of both."""
    left, right = np.ones((190, 190), bool), np.ones((190, 190), bool)
    left[:, 110:], right[:, :90] = False, False
    paths = [
        *_field(tmp_path / "nrca", "F200W", 0.03, 190, valid=left),
        *_field(tmp_path / "nrcb", "F200W", 0.03, 190, valid=right),
        *_field(tmp_path / "f444w", "F444W", 0.03, 190),
    ]
    resample_bands(paths, tmp_path / "aligned", reference="F444W")
    with open_mosaic(tmp_path / "aligned") as mosaic, open_mosaic(paths[2]) as whole:
        assert mosaic.bands == ("F200W", "F444W")
        pixels, expected = (one.read(Region.whole((190, 190))) for one in (mosaic, whole))
    assert pixels.valid.all()
    np.testing.assert_allclose(pixels.flux[0], expected.flux[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(pixels.error[0, :, 90:110], 10 / np.sqrt(2), rtol=1e-5)
    np.testing.assert_allclose(pixels.error[0, :, :90], 10, rtol=1e-5)


def test_a_new_grid_of_a_given_scale(fields, tmp_path):
    resample_bands(fields, tmp_path / "aligned", pixel_scale=0.03)
    with open_mosaic(tmp_path / "aligned") as mosaic:
        assert mosaic.pixel_scale_arcsec == pytest.approx(0.03)
        assert min(mosaic.shape) >= 190
        flux, offset, error = _source(mosaic)
    np.testing.assert_allclose(flux, SOURCE_NJY, rtol=2e-3)
    assert np.all(offset < 0.01)
    np.testing.assert_allclose(error, 10 * 25, rtol=1e-3)


def test_work_goes_on_after_an_interruption(fields, tmp_path, monkeypatch):
    monkeypatch.setattr("zpix.image.alignment._BLOCK", 64)
    images = open_images(fields)
    grid = choose_grid(images)

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_onto(grid, images, tmp_path / "two", resume=True, progress=stop)
    calls = []
    bring_onto(grid, images, tmp_path / "two", resume=True, begin=4, progress=lambda done, _: calls.append(done))
    assert calls == [5, 6, 7, 8, 9]
    for path in bring_onto(grid, images, tmp_path / "one"):
        assert (tmp_path / "two" / path.name).read_bytes() == path.read_bytes()


def test_bad_arguments(fields, tmp_path):
    with pytest.raises(ConfigError, match=r"'F090W'.*F150W, F200W, F444W"):
        resample_bands(fields, tmp_path / "aligned", reference="F090W")
    with pytest.raises(OutputError, match="another directory"):
        resample_bands(fields, fields)
    assert not (tmp_path / "aligned").exists()
