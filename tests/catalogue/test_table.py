"""Catalogues: built by the schema, immutable, and the same after a round trip through every format."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.catalogue import (
    FLAGS,
    Catalogue,
    flag_value,
    read_catalogue,
    read_pdfs,
    write_catalogue_fits,
    write_catalogue_parquet,
    write_pdf_grid,
    write_pdfs,
)
from zpix.errors import BandError, CatalogueError, InputFileError, MissingExtraError, OutputError
from zpix.sources import labels_of

WRITERS = {"fits": write_catalogue_fits, "parquet": write_catalogue_parquet}


def assert_same(a: Catalogue, b: Catalogue) -> None:
    assert a.bands == b.bands and a.meta == b.meta and a.schema == b.schema
    for column in a.schema:
        assert a[column.name].dtype == b[column.name].dtype == np.dtype(column.dtype)
        np.testing.assert_array_equal(a[column.name], b[column.name], err_msg=column.name)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_further_class_has_its_name_and_its_probability(make_catalogue, make_detections, qso, kind, tmp_path):
    plain = make_catalogue(4)
    assert plain.classes == ("galaxy", "star") and "p_qso" not in {column.name for column in plain.schema}
    detections = replace(
        make_detections(plain.box),
        label=labels_of(["galaxy", "qso", "star", "qso"]),
        class_probability=np.array([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]], np.float32),
    )
    catalogue = make_catalogue(4, detections=detections, classes=("qso", "galaxy", "star"))
    assert catalogue["class"].tolist() == ["galaxy", "qso", "star", "qso"]
    np.testing.assert_allclose(catalogue["p_qso"], [0.1, 0.8, 0.1, 0.6])
    np.testing.assert_allclose(catalogue["p_star"], [0.2, 0.1, 0.7, 0.1])
    assert catalogue.has_redshift.tolist() == [True, True, False, True]
    assert ((catalogue["flags"] & flag_value("STAR")) > 0).tolist() == [False, False, True, False]
    path = tmp_path / f"catalogue.{kind}"
    WRITERS[kind](path, catalogue)
    again = read_catalogue(path)
    assert_same(again, catalogue)
    described = {column.name: column.description for column in again.schema}
    assert described["class"] == "Most probable class: galaxy, star or qso" and "being a qso" in described["p_qso"]


def test_a_catalogue_cannot_be_changed(make_catalogue):
    catalogue = make_catalogue()
    with pytest.raises(ValueError, match="read-only"):
        catalogue["z_phot"][0] = 1.0


def test_rows_are_selected_together(make_catalogue):
    catalogue = make_catalogue(9)
    some = catalogue[catalogue["id"] % 2 == 0]
    assert some["id"].tolist() == [2, 4, 6, 8]
    np.testing.assert_array_equal(some.redshift.means, catalogue.redshift.means[1::2])
    assert catalogue[2:4]["id"].tolist() == [3, 4]
    assert catalogue[[8, 0]]["id"].tolist() == [9, 1]
    assert catalogue[-1]["id"].tolist() == [9]
    assert len(catalogue[:0]) == len(catalogue[[]]) == 0
    assert Catalogue.concatenate([some, catalogue[:1]])["id"].tolist() == [2, 4, 6, 8, 1]


def test_magnitudes_keep_missing_and_negative_apart(make_catalogue):
    catalogue = make_catalogue(6)
    columns = dict(catalogue.columns)
    columns["flux_f444w"] = np.array([1000, 100, 0, -5, np.nan, 1e6])
    magnitude = Catalogue(columns, catalogue.bands).magnitude("F444W")
    np.testing.assert_allclose(magnitude, [23.9, 26.4, np.inf, np.inf, np.nan, 16.4])
    with pytest.raises(BandError, match="F999W"):
        catalogue.magnitude("F999W")


@pytest.mark.parametrize("n", [7, 0])
def test_an_astropy_table_has_units_and_descriptions(make_catalogue, n):
    catalogue = make_catalogue(n)
    table = catalogue.to_table()
    assert table.colnames == [column.name for column in catalogue.schema] and len(table) == n
    assert table.meta == {**catalogue.meta, "bands": list(catalogue.bands)}
    assert table["flux_f444w"].unit == "nJy" and table["n_pix"].dtype == np.int32
    for column in catalogue.schema:
        assert table[column.name].info.description == column.description
        np.testing.assert_array_equal(np.asarray(table[column.name]), catalogue[column.name])
    table["z_phot"][:] = 0  # a copy, which may be changed
    assert (catalogue["z_phot"] > 0).all()


def test_a_pandas_frame_has_a_column_for_each_component(make_catalogue):
    pytest.importorskip("pandas", reason="the extra 'pandas' is not installed")
    catalogue = make_catalogue(6, k=2)
    frame = catalogue.to_pandas()
    assert len(frame) == 6 and frame["class"].tolist() == catalogue["class"].tolist()
    np.testing.assert_array_equal(frame["zmix_mean_1"], catalogue["zmix_mean"][:, 1])
    assert frame[frame["z_phot"] > 2]["id"].tolist() == catalogue[catalogue["z_phot"] > 2]["id"].tolist()


def test_without_pandas_it_says_what_to_install(make_catalogue, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"'pandas'.*zpix\[pandas\]"):
        make_catalogue().to_pandas()


@pytest.mark.parametrize("suffix", list(WRITERS))
@pytest.mark.parametrize(("n", "k"), [(7, 3), (5, 1), (1, 4), (0, 3), (0, 1)])
def test_round_trip_is_identical(make_catalogue, tmp_path, suffix, n, k):
    catalogue = make_catalogue(n, k=k)
    path = tmp_path / f"catalogue.{suffix}"
    WRITERS[suffix](path, catalogue)
    assert_same(read_catalogue(path), catalogue)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("n", [6, 0])
def test_pdfs_round_trip_and_open_in_qp(make_catalogue, tmp_path, n):
    import qp

    catalogue = make_catalogue(n)
    path = tmp_path / "pdfs.hdf5"
    write_pdfs(path, catalogue)
    ids, redshift = read_pdfs(path)
    assert ids.tolist() == catalogue["id"].tolist()
    for name in ("weights", "means", "widths"):
        np.testing.assert_allclose(getattr(redshift, name), getattr(catalogue.redshift, name), rtol=1e-15, atol=1e-300)
    ensemble = qp.read(str(path))
    assert ensemble.npdf == n
    assert np.asarray(ensemble.ancil["id"]).tolist() == ids.tolist()
    if n:
        z = np.linspace(0, 15, 400)
        uncut = catalogue.redshift.pdf(z) * (1 - ensemble.cdf(0.0))
        np.testing.assert_allclose(ensemble.pdf(z), uncut, atol=1e-10)


def test_other_tools_read_units_and_descriptions(make_catalogue, tmp_path):
    import pyarrow.parquet as pq

    catalogue = make_catalogue()
    write_catalogue_fits(tmp_path / "c.fits", catalogue)
    table = Table.read(tmp_path / "c.fits", hdu="CATALOGUE")
    assert str(table["flux_f444w"].unit) == "nJy" and str(table["ra"].unit) == "deg"
    header = fits.getheader(tmp_path / "c.fits", "CATALOGUE")
    text = "".join(header["COMMENT"])
    for flag in FLAGS:
        assert header[f"FLAG{flag.bit:02d}"] == flag.name and flag.name in text
    described = {header[f"TTYPE{n}"]: header[f"TCOMM{n}"] for n in range(1, header["TFIELDS"] + 1)}
    write_catalogue_parquet(tmp_path / "c.parquet", catalogue)
    schema = pq.read_schema(tmp_path / "c.parquet")
    for column in catalogue.schema:
        assert described[column.name] == column.description
        facts = schema.field(column.name).metadata
        assert facts[b"unit"].decode() == column.unit
        assert facts[b"description"].decode() == column.description


@pytest.mark.parametrize("suffix", list(WRITERS))
def test_a_missing_column_names_file_and_column(make_catalogue, tmp_path, suffix):
    path = tmp_path / f"short.{suffix}"
    WRITERS[suffix](path, make_catalogue())
    if suffix == "fits":
        table = Table.read(path, hdu="CATALOGUE")
        table.remove_column("z_phot")
        hdu = fits.BinTableHDU(table.as_array(), name="CATALOGUE")
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
    else:
        import pyarrow.parquet as pq

        pq.write_table(pq.read_table(path).drop(["z_phot"]), path)
    with pytest.raises(CatalogueError, match=r"short.*z_phot"):
        read_catalogue(path)


@pytest.mark.parametrize("name", ["c.fits", "c.parquet", "c.txt"])
def test_bad_files_are_named(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(InputFileError, match=name):
        read_catalogue(path)
    path.write_bytes(b"SIMPLE  = nonsense" * 200)
    with pytest.raises(InputFileError, match=name):
        read_catalogue(path)


def test_a_truncated_catalogue_is_refused(make_catalogue, tmp_path):
    path = tmp_path / "c.fits"
    write_catalogue_fits(path, make_catalogue(40))
    path.write_bytes(path.read_bytes()[:-5760])
    with pytest.raises(InputFileError, match="not a complete FITS file"):
        read_catalogue(path)


def test_nothing_half_written_in_a_missing_directory(make_catalogue, tmp_path):
    for suffix, write in WRITERS.items():
        with pytest.raises(OutputError, match="cannot be written"):
            write(tmp_path / "none" / f"c.{suffix}", make_catalogue())
    with pytest.raises(OutputError, match="cannot be written"):
        write_pdfs(tmp_path / "none" / "p.hdf5", make_catalogue())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n", [40, 0])
def test_qp_reads_medians_and_intervals_from_the_binned_pdfs(make_catalogue, tmp_path, n):
    import qp

    catalogue = make_catalogue(n)
    path = tmp_path / "pdf_grid.hdf5"
    write_pdf_grid(path, catalogue)
    ensemble = qp.read(str(path))
    assert ensemble.npdf == n
    assert np.asarray(ensemble.ancil["id"]).tolist() == catalogue["id"].tolist()
    if n:
        scale = 1 + catalogue["z500"]
        assert (np.abs(np.ravel(ensemble.median()) - catalogue["z500"]) < 0.001 * scale).all()
        for q, name in ((0.16, "z160"), (0.84, "z840")):
            assert (np.abs(np.ravel(ensemble.ppf(q)) - catalogue[name]) < 0.002 * scale).all()


@pytest.mark.parametrize("suffix", ["fits", "parquet"])
def test_catalogues_without_the_light_beyond_the_masks_are_read(make_catalogue, tmp_path, suffix, monkeypatch):
    from zpix.catalogue import schema

    catalogue = make_catalogue(5)
    every = schema.catalogue_columns
    monkeypatch.setattr(
        "zpix.catalogue.table.catalogue_columns",
        lambda *a, **k: tuple(c for c in every(*a, **k) if not schema.added_later(c.name)),
    )
    old = catalogue[:]
    assert "a" not in old.columns and "total_f444w" not in old.columns
    WRITERS[suffix](tmp_path / f"old.{suffix}", old)
    monkeypatch.undo()
    found = read_catalogue(tmp_path / f"old.{suffix}")
    np.testing.assert_array_equal(found["ra"], catalogue["ra"])
    assert found.bands == catalogue.bands
    for name in ("ra_peak", "dec_peak", "a", "half_light_radius", "total_f444w", "totalerr_f090w"):
        assert np.isnan(found[name]).all() and len(found[name]) == 5
