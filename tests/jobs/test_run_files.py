"""Which files a run takes: named by their bands, also in the processes that search; positions at right ascension 0."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import BandError, OutputError
from zpix.image import JADES_BANDS, open_mosaic
from zpix.jobs.run import write_run
from zpix.search import make_blocks
from zpix.search.block import Search, search_block


@pytest.fixture
def nameless(blob_field, tmp_path):
    """The files of `blob_field` by band, under names and with headers that do not say it."""
    folder = tmp_path / "nameless"
    folder.mkdir()
    paths = {}
    for number, band in enumerate(JADES_BANDS):
        paths[band] = folder / f"image{number}.fits"
        with fits.open(blob_field / f"blobs_{band.lower()}_drz.fits") as hdus:
            for hdu in hdus[1:]:
                hdu.header.remove("FILTER", ignore_missing=True)
            hdus.writeto(paths[band])
    return paths


def test_every_process_knows_bands_by_the_names_given(blob_field, nameless, blob_search, tiny_model, tmp_path):
    """What `run` sends to processes is enough to search a block, as with files that say their bands."""
    found = []
    for given in (blob_field, [f"{band}={path}" for band, path in nameless.items()]):
        with open_mosaic(given) as mosaic:
            parts = tmp_path / f"parts{len(found)}"
            parts.mkdir()
            search = Search(tiny_model, mosaic.paths, mosaic.bands, blob_search, parts)
            block, *_ = make_blocks(mosaic.shape, blob_search)
        search_block(search, block)
        found.append(search.read(block).catalogue)
    assert len(found[0]) > 20
    for column in ("x", "flux_f444w", "z_phot"):
        np.testing.assert_array_equal(found[0][column], found[1][column])


def test_a_name_that_the_model_does_not_know_is_refused(nameless, tiny_model, tmp_path):
    paths = {"F606W": nameless["F115W"], "F444W": nameless["F444W"]}
    with pytest.raises(BandError, match=r"named F606W, which the model does not know.*F090W"):
        write_run(paths, out=tmp_path / "out", model=tiny_model)
    assert not (tmp_path / "out").exists()


def test_a_disk_without_room_for_the_products_is_told_before_the_search(
    blob_field, tiny_model, blob_search, tmp_path, monkeypatch
):
    monkeypatch.setattr("zpix.disk_space.shutil.disk_usage", lambda place: _Usage())
    with pytest.raises(OutputError, match=r"out: cannot be written: it needs 1.2 MB in .*, where 5.0 kB are free"):
        write_run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert not list(tmp_path.iterdir())


class _Usage:
    """A disk with little room."""

    free = 5000
