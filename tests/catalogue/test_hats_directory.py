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
    collection = hats.read_hats(tmp_path / "hats")
    assert collection.main_catalog.catalog_info.total_rows == 60 and collection.default_margin == "sources_10arcs"
    opened = lsdb.open_catalog(tmp_path / "hats", columns=[column.name for column in catalogue.schema])
    table = opened.compute().sort_values("id")
    for column in catalogue.schema:
        values = np.stack(table[column.name]) if column.shape else table[column.name].to_numpy()
        stored = values.astype(catalogue[column.name].dtype)
        np.testing.assert_array_equal(stored, catalogue[column.name], err_msg=column.name)
    assert len(opened.cone_search(53.5, -27.5, 2 * 3600).compute()) == 60


@pytest.mark.slow
def test_a_large_field_has_its_margins_and_gives_ensembles(make_catalogue, tmp_path, monkeypatch):
    """The sources of a field as large as JADES GOODS-S, in pixels of 30,000."""
    pytest.importorskip("hats_import", reason="the extra 'scale' is not installed")
    import lsdb
    import qp

    monkeypatch.setattr("zpix.catalogue.hats_directory._MOST_ROWS", 30_000)
    few, n = make_catalogue(200), 94_000
    rng = np.random.default_rng(0)
    catalogue = few[rng.integers(0, 200, n)].with_columns(
        id=np.arange(1, n + 1), ra=53.1 + 0.13 * rng.random(n), dec=-27.8 + 0.13 * rng.random(n)
    )
    write_catalogue_parquet(tmp_path / "catalogue.parquet", catalogue)
    write_hats(tmp_path / "hats", tmp_path / "catalogue.parquet")
    names = ["id", "ra", "dec", "zmix_weight", "zmix_mean", "zmix_width"]
    opened = lsdb.open_catalog(tmp_path / "hats", columns=names)
    pixels = len(opened.get_healpix_pixels())
    assert pixels > 3
    found = opened.compute()
    assert sorted(found["id"]) == list(range(1, n + 1))
    margin = opened.margin.compute()
    assert 0 < len(margin) < n and set(margin["id"]) <= set(found["id"])
    near = opened.cone_search(53.165, -27.735, 30).compute()
    row = near["id"].to_numpy(np.int64) - 1
    weights, means, widths = (np.stack(near[name]) for name in names[3:])
    ensemble = qp.Ensemble(qp.mixmod, data={"weights": weights, "means": means, "stds": widths}, ancil={"id": row + 1})
    z = np.linspace(0.1, 12, 40)
    expected = catalogue[row].redshift.pdf(z) * (1 - ensemble.cdf(0.0))  # qp's mixture is not cut at zero
    np.testing.assert_allclose(ensemble.pdf(z), expected, rtol=1e-5, atol=1e-9)


def test_no_sources_are_no_directory(make_catalogue, tmp_path, caplog):
    pytest.importorskip("hats_import", reason="the extra 'scale' is not installed")
    write_catalogue_parquet(tmp_path / "catalogue.parquet", make_catalogue(0))
    write_hats(tmp_path / "hats", tmp_path / "catalogue.parquet")
    assert not (tmp_path / "hats").exists() and "no sources" in caplog.text


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "hats_import", None)
    with pytest.raises(MissingExtraError, match=r"zpix\[scale\]"):
        write_hats(tmp_path / "hats", tmp_path / "catalogue.parquet")
