import gzip
import shutil
import tempfile

import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import InputFileError, OutputError
from zpix.image import Region, open_mosaic

from .small_mosaics import NJY_PER_UNIT, ONES, PIXAR_SR, SHAPE, WHOLE, check_mosaic, jades_file, refused


def test_gzip_is_unpacked_once_whatever_the_name(tmp_path, monkeypatch, wcs, values):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plain = jades_file(tmp_path / "a_f444w_drz.fits", wcs, *values)
    packed = tmp_path / "packed" / "b_f444w_drz.fits"
    packed.parent.mkdir()
    with open(plain, "rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    for _ in range(2):
        with open_mosaic(packed) as mosaic:
            check_mosaic(mosaic, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])
    (cache,) = tmp_path.glob("zpix-*")
    assert len(list(cache.iterdir())) == 1


def test_tile_compressed_images_are_unpacked_once(tmp_path, wcs, values, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=PIXAR_SR, FILTER="F444W")
    options = {"compression_type": "GZIP_1", "quantize_level": 0.0, "tile_shape": (16, 16)}
    images = [
        fits.CompImageHDU(data, header, name=name, **options) for name, data in zip(("SCI", "ERR"), values, strict=True)
    ]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(tmp_path / "a_f444w_drz.fits.fz")
    for _ in range(2):
        with open_mosaic(tmp_path / "a_f444w_drz.fits.fz") as mosaic:
            check_mosaic(mosaic, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])
            np.testing.assert_array_equal(
                mosaic.read(Region(3, 5, 40, 33)).flux, mosaic.read(WHOLE).flux[:, 5:33, 3:40]
            )
    (cache,) = tmp_path.glob("zpix-*")
    (copy,) = cache.iterdir()
    with fits.open(copy) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI", "ERR"]
        np.testing.assert_array_equal(hdus["SCI"].data, values[0])


def test_truncated_gzip_whatever_size_its_last_bytes_seem_to_tell(tmp_path, monkeypatch, wcs):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**9, 9 * 10**8, 10**8))
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, np.random.default_rng(0).normal(size=SHAPE), ONES)
    packed = tmp_path / "b_f444w_drz.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-5000] + b"\xff\xff\xff\xff")
    refused(InputFileError, "b_f444w_drz.fits.gz", "truncated", paths=packed)
    (cache,) = tmp_path.glob("zpix-*")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("tiled", [False, True])
def test_a_small_temporary_directory_is_told_before_anything_is_written(tmp_path, monkeypatch, wcs, values, tiled):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**6, 10**6 - 12_000, 12_000))
    plain = jades_file(tmp_path / "a_f444w_drz.fits", wcs, *values)
    packed = tmp_path / f"b_f444w_drz.fits.{'fz' if tiled else 'gz'}"
    if tiled:
        with fits.open(plain) as hdus:
            images = [fits.CompImageHDU(hdu.data, hdu.header, name=hdu.name) for hdu in hdus[1:]]
            fits.HDUList([fits.PrimaryHDU(), *images]).writeto(packed)
    else:
        packed.write_bytes(gzip.compress(plain.read_bytes()))
    needed = "38.4 kB" if tiled else f"{plain.stat().st_size / 1000:.1f} kB"
    refused(OutputError, packed.name, needed, "12.0 kB", str(tmp_path / "t"), "TMPDIR", paths=packed)
    (cache,) = (tmp_path / "t").iterdir()
    assert not list(cache.iterdir())
