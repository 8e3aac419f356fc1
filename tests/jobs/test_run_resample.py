"""`zpix run --resample` on mosaics that are not on one grid of the model's scale."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import GridError, ModelError
from zpix.image import JADES_BANDS, open_mosaic, resample_bands, tangent_wcs, write_mosaic
from zpix.image.regions import Region
from zpix.jobs.run import run


@pytest.fixture
def shifted(blob_field, tmp_path):
    """The field of blobs with one band shifted by half a pixel against the others."""
    with open_mosaic(blob_field) as mosaic:
        for band in JADES_BANDS:
            wcs = mosaic.wcs.deepcopy()
            wcs.wcs.crpix = wcs.wcs.crpix + (0.5 if band == "F200W" else 0)
            pixels = mosaic.read(Region.whole(mosaic.shape), bands=[band])
            write_mosaic(tmp_path / "field", pixels, bands=[band], wcs=wcs, prefix="blobs")
    return tmp_path / "field"


@pytest.mark.slow
def test_the_run_is_that_on_aligned_mosaics_and_says_so(shifted, tmp_path, tiny_model, blob_search):
    with pytest.raises(GridError, match=r"zpix align.*--pixel-scale 0.03.*--resample"):
        run(shifted, out=tmp_path / "refused", model=tiny_model, config=blob_search)
    found = run(shifted, out=tmp_path / "result", model=tiny_model, config=blob_search, resample=True)
    assert {path.name for path in tmp_path.iterdir()} == {"field", "result"}
    resample_bands(shifted, tmp_path / "aligned", reference="F444W")
    expected = run(tmp_path / "aligned", out=tmp_path / "expected", model=tiny_model, config=blob_search)
    for column in expected.schema:
        np.testing.assert_array_equal(found[column.name], expected[column.name], err_msg=column.name)
    told = json.loads((tmp_path / "result" / "run.json").read_text())
    assert {mosaic["path"] for mosaic in told["mosaics"]} == {str(path) for path in shifted.iterdir()}
    assert told["resampled"]["as_by"] == "zpix align --reference F444W"
    assert "blobs_f444w_drz.fits" in found.meta["mosaic"]
    assert "`zpix align --reference F444W`" in (tmp_path / "result" / "README.md").read_text()
    assert "zpix align" not in (tmp_path / "expected" / "README.md").read_text()


def test_larger_pixels_are_brought_to_the_scale_of_the_model(blob_field, tmp_path, tiny_model, blob_search):
    with open_mosaic(blob_field) as mosaic:
        pixels = mosaic.read(Region(0, 0, 140, 90))
    write_mosaic(tmp_path / "field", pixels, bands=JADES_BANDS, wcs=tangent_wcs(53.16, -27.79, (90, 140), 0.06))
    with pytest.raises(ModelError, match=r"0\.0600 arcsec.*--resample.*zpix align --pixel-scale 0\.03`"):
        run(tmp_path / "field", out=tmp_path / "result", model=tiny_model, config=blob_search)
    assert len(run(tmp_path / "field", out=tmp_path / "result", model=tiny_model, config=blob_search, resample=True))
    assert fits.getdata(tmp_path / "result" / "segmentation.fits").shape == (180, 280)
