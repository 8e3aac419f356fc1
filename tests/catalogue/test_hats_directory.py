"""A HATS catalogue holds the sources of the run, for the tools that read such catalogues."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from zpix.catalogue import write_catalogue_parquet, write_hats
from zpix.errors import MissingExtraError

pytestmark = pytest.mark.filterwarnings("default")  # of dask and lsdb


@pytest.mark.slow
def test_hats_and_lsdb_read_it(make_catalogue, tmp_path):
    pytest.importorskip("hats_import", reason="the extra 'scale' is not installed")
    import hats
    import lsdb

    catalogue = make_catalogue(60)
    write_catalogue_parquet(tmp_path / "catalogue.parquet", catalogue)
    write_hats(tmp_path / "hats", tmp_path / "catalogue.parquet")
    assert {path.name for path in tmp_path.iterdir()} == {"catalogue.parquet", "hats"}
    assert hats.read_hats(tmp_path / "hats").catalog_info.total_rows == 60
    opened = lsdb.open_catalog(tmp_path / "hats", columns=[column.name for column in catalogue.schema])
    table = opened.compute().sort_values("id")
    for column in catalogue.schema:
        values = np.stack(table[column.name]) if column.shape else table[column.name].to_numpy()
        stored = values.astype(catalogue[column.name].dtype)
        np.testing.assert_array_equal(stored, catalogue[column.name], err_msg=column.name)
    assert len(opened.cone_search(53.5, -27.5, 2 * 3600).compute()) == 60


def test_no_sources_are_no_directory(make_catalogue, tmp_path, caplog):
    pytest.importorskip("hats_import", reason="the extra 'scale' is not installed")
    write_catalogue_parquet(tmp_path / "catalogue.parquet", make_catalogue(0))
    write_hats(tmp_path / "hats", tmp_path / "catalogue.parquet")
    assert not (tmp_path / "hats").exists() and "no sources" in caplog.text


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "hats_import", None)
    with pytest.raises(MissingExtraError, match=r"zpix\[scale\]"):
        write_hats(tmp_path / "hats", tmp_path / "catalogue.parquet")
