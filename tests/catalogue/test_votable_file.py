"""The VOTable passes astropy's validator, and holds what the catalogue holds."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io.votable import parse, validate
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table

from zpix.catalogue import write_catalogue_parquet, write_catalogue_votable
from zpix.catalogue.parquet_file import CatalogueFile


@pytest.mark.parametrize(("sources", "components"), [(7, 3), (0, 3), (300, 1)])
def test_it_is_valid_and_holds_every_value(make_catalogue, tmp_path, sources, components):
    catalogue = make_catalogue(sources, k=components)
    path = tmp_path / "catalogue.vot"
    write_catalogue_votable(path, catalogue)
    said = io.StringIO()
    with path.open("rb") as file:
        valid = validate(file, output=said)
    assert valid and "found no violations" in said.getvalue(), said.getvalue()
    table = Table.read(path)
    assert table.colnames == [column.name for column in catalogue.schema] and len(table) == sources
    for column in catalogue.schema:
        values = np.ma.getdata(table[column.name]).reshape(sources, *column.shape)
        np.testing.assert_array_equal(values.astype(column.dtype), catalogue[column.name], err_msg=column.name)
        assert (table[column.name].unit or "") == column.unit
        assert table[column.name].description.split() == column.description.split()  # astropy breaks long lines


def test_a_catalogue_on_disk_is_written_in_pieces_to_the_same_file(make_catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr("zpix.catalogue.parquet_file._MOST_ROWS", 7)
    catalogue = make_catalogue(30)
    write_catalogue_parquet(tmp_path / "catalogue.parquet", catalogue)
    stored = CatalogueFile(tmp_path / "catalogue.parquet")
    assert len(list(stored.chunks())) == 5
    for name, table in (("memory", catalogue), ("disk", stored)):
        write_catalogue_votable(tmp_path / name, table)
    a, b = (Table.read(tmp_path / name, format="votable") for name in ("memory", "disk"))
    assert a.colnames == b.colnames and all(
        (np.asarray(a[n]) == np.asarray(b[n])).all() for n in ("id", "ra", "z_phot")
    )


def test_positions_have_a_frame_and_flags_a_meaning(make_catalogue, tmp_path):
    write_catalogue_votable(tmp_path / "catalogue.vot", make_catalogue(2))
    file = parse(tmp_path / "catalogue.vot")
    (table,) = file.iter_tables()
    (frame,) = file.iter_coosys()
    assert frame.system == "ICRS" and {f.name for f in table.fields if f.ref == frame.ID} >= {"ra", "dec"}
    infos = {info.name: info for info in table.infos}
    assert infos["flag_128"].value == "STAR" and infos["bands"].value == "F090W F277W F444W"


def test_every_column_has_a_ucd_of_the_vocabulary(make_catalogue):
    columns = {column.name: column.ucd for column in make_catalogue(1).schema}
    for name, ucd in columns.items():
        assert ucd, name
        parse_ucd(ucd, check_controlled_vocabulary=True)
    assert columns["total_f444w"] == "phot.flux.density;em.IR.4-8um"
    assert columns["ra"] == "pos.eq.ra;meta.main"
