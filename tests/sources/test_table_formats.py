"""One table in every format that astropy reads."""

import gzip

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from zpix.errors import InputFileError
from zpix.sources import read_source_table
from zpix.sources.source_table import is_flat_table
from zpix.sources.table_formats import table_format

FORMATS = {
    "a.fits": "fits", "a.csv": "ascii.csv", "a.ecsv": "ascii.ecsv", "a.vot": "votable", "a.tbl": "ascii.ipac",
    "a.txt": "ascii.commented_header", "A.CSV": "ascii.csv", "a.parquet": "parquet", "a.dat": "ascii.ecsv",
}  # fmt: skip


def plain() -> Table:
    return Table({"id": [7, 8], "ra": [53.1, 53.2], "dec": [-27.8, -27.9], "z_spec": [2.5, 3.5], "name": ["a", "b"]})


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_table_in_every_format(name, packed, tmp_path):
    path = tmp_path / name
    plain().write(path, format=FORMATS[name])
    if packed:
        path.with_name(name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path = path.with_name(name + ".gz")
    table = read_source_table(path)
    assert table.identifier().tolist() == [7, 8] and table.columns["name"].tolist() == ["a", "b"]
    np.testing.assert_allclose(table.position(), [[53.1, 53.2], [-27.8, -27.9]])
    np.testing.assert_allclose(table.redshift(required=True), [2.5, 3.5])
    assert is_flat_table(path) == (FORMATS[name] != "fits")


def test_the_catalogue_of_the_pipeline_has_its_positions_in_one_column(tmp_path):
    sky = SkyCoord([53.1, 53.2], [-27.8, -27.9], unit="deg")
    table = Table({"label": [3, 5], "sky_centroid": sky, "is_extended": [True, False]})
    table.write(tmp_path / "jw01_cat.ecsv", format="ascii.ecsv")
    found = read_source_table(tmp_path / "jw01_cat.ecsv")
    assert found.identifier(required=True).tolist() == [3, 5] and found.label().tolist() == [1, 1]
    np.testing.assert_allclose(found.position(), [[53.1, 53.2], [-27.8, -27.9]])


@pytest.mark.parametrize("ending", ["ecsv", "fits", "vot", "parquet"])
def test_cells_that_are_masked_are_not_known(ending, tmp_path):
    table = plain()
    table["z_spec"] = MaskedColumn([2.5, 3.5], mask=[True, False])
    table["snr"] = MaskedColumn([4, 5], mask=[True, False])  # TNULL in FITS
    if ending == "ecsv":
        table["ra"].unit = "hourangle"
    path = tmp_path / f"a.{ending}"
    table.write(path, format={"ecsv": "ascii.ecsv", "vot": "votable"}.get(ending, ending))
    found = read_source_table(path)
    for name in ("z_spec", "snr"):
        assert np.isnan(found.number(name)).tolist() == [True, False]
    if ending == "ecsv":
        np.testing.assert_allclose(found.position()[0], 15 * np.array([53.1, 53.2]) % 360)


def test_integers_that_are_null_in_fits_are_nan(tmp_path):
    hdu = fits.BinTableHDU.from_columns(
        [fits.Column("RA", "D", array=[53.1, 53.2]), fits.Column("DEC", "D", array=[-27.8, -27.9]),
         fits.Column("N", "J", array=[-2147483648, 5], null=-2147483648)]
    )  # fmt: skip
    hdu.writeto(tmp_path / "a.fits")
    np.testing.assert_array_equal(read_source_table(tmp_path / "a.fits").number("n"), [np.nan, 5])


@pytest.mark.parametrize("name", ["a.fits", "a.parquet", "a.ecsv", "a.vot", "a.csv.gz"])
def test_what_is_damaged_is_one_sentence(name, tmp_path):
    begins = {"a.fits": b"<html>", "a.parquet": b"PAR1 no", "a.ecsv": b"# %ECSV 1.0\nid\n", "a.vot": b"<?xml no",
              "a.csv.gz": b"\x1f\x8b no"}  # fmt: skip
    (tmp_path / name).write_bytes(begins[name])
    with pytest.raises(InputFileError, match=name) as told:
        read_source_table(tmp_path / name)
    assert "\n" not in str(told.value)
    with pytest.raises(InputFileError, match="does not exist"):
        table_format(tmp_path / "nowhere")
