"""An image in memory gives the catalogue that its files give."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

import zpix
from zpix.errors import ArrayError, BandError, ConfigError
from zpix.image import JADES_BANDS, Region, open_mosaic


@pytest.fixture(scope="module")
def pixels(blob_field):
    with open_mosaic(blob_field) as mosaic:
        return mosaic.read(Region.whole(mosaic.shape)), mosaic.wcs


def test_arrays_give_the_rows_of_a_run(blob_field, blob_search, tiny_model, pixels, tmp_path):
    image, wcs = pixels
    settings = {"model": tiny_model, "config": blob_search}
    of_files = zpix.run(blob_field, out=tmp_path / "out", **settings)
    found = zpix.predict(image.flux, image.error, wcs, bands=JADES_BANDS, **settings)
    assert len(found) == len(of_files) > 20
    for name in of_files.columns:
        np.testing.assert_array_equal(found[name], of_files[name], err_msg=name)

    by_band = {
        band: CCDData(flux, unit=u.nJy, uncertainty=StdDevUncertainty(error), mask=~valid, wcs=wcs)
        for band, flux, error, valid in zip(JADES_BANDS, image.flux, image.error, image.valid, strict=True)
    }
    of_bands = zpix.predict(by_band, **settings)
    np.testing.assert_allclose(of_bands["z_phot"], of_files["z_phot"], rtol=1e-4)

    nowhere = zpix.predict(image.flux, image.error, bands=JADES_BANDS, dust=0.01, **settings)
    assert np.isnan(nowhere["ra"]).all() and len(nowhere) == len(found)


def test_each_mistake_is_one_sentence(tiny_model, pixels):
    image, wcs = pixels
    flux, error = image.flux, image.error
    with pytest.raises(ArrayError, match="error is missing"):
        zpix.predict(flux, model=tiny_model)
    with pytest.raises(ArrayError):
        zpix.predict(flux, error[:, 1:], wcs, model=tiny_model)
    with pytest.raises(ArrayError):
        zpix.predict(flux[0], error[0], wcs, model=tiny_model)
    with pytest.raises(BandError):
        zpix.predict(flux, -np.abs(error), wcs, model=tiny_model)
    with pytest.raises(BandError, match="F999W"):
        zpix.predict(flux[:2], error[:2], wcs, bands=["F444W", "F999W"], model=tiny_model)
    with pytest.raises(BandError):
        zpix.predict(flux[:1], error[:1], wcs, bands=["F999W"], model=tiny_model)
    with pytest.raises(ConfigError, match="needs positions on the sky"):
        zpix.predict(flux, error, dust="sfd", model=tiny_model)
