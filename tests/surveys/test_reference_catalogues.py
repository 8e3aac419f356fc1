"""Catalogues of JADES, plain tables, and a survey that another package teaches zpix to read."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.errors import CatalogueError, ConfigError, InputFileError
from zpix.sources import ReferenceSources, SourceTable
from zpix.surveys import REFERENCE_READERS, ReferenceReader, read_reference_catalogue, read_reference_photometry

# A package of a survey whose catalogue has a line per source: identifier, position in hours and degrees, redshift, and
# the magnitude in F444W.
DEEP_SURVEY = """
import numpy as np

from zpix.sources import ReferenceSources, SourceTable
from zpix.surveys import ReferenceReader


def is_deep(path):
    return path.suffix == ".deep"


def read_photometry(path):
    number, hours, dec, z, mag = np.loadtxt(path, unpack=True, ndmin=2)
    flux = 10 ** (-0.4 * (mag - 31.4))  # AB magnitudes to nJy
    columns = {"id": number.astype(int), "ra": 15 * hours, "dec": dec, "z_spec": z}
    return SourceTable(path, columns | {"flux_f444w": flux, "fluxerr_f444w": 0.1 * flux})


def read_sources(path, *, spectroscopic=False):
    return ReferenceSources.from_table(read_photometry(path), spectroscopic=spectroscopic)


DEEP = ReferenceReader("deep", claims=is_deep, read=read_sources, photometry=read_photometry)
"""


@pytest.fixture
def deep_file(tmp_path):
    (tmp_path / "field.deep").write_text("7 3.54 -27.8 2.5 26.4\n8 3.55 -27.9 -1 31.4\n")
    return tmp_path / "field.deep"


def check_deep(path) -> None:
    sources, table = read_reference_catalogue(path, spectroscopic=True), read_reference_photometry(path)
    assert sources.id.tolist() == [7, 8]
    np.testing.assert_allclose(sources.ra, [53.1, 53.25])
    np.testing.assert_array_equal(sources.redshift, [2.5, np.nan])
    np.testing.assert_allclose(table.number("flux_f444w"), [100, 1])


def test_a_package_adds_a_catalogue_with_an_entry_point(install, deep_file):
    install(REFERENCE_READERS, module="deep_survey", source=DEEP_SURVEY, entry="deep = deep_survey:DEEP")
    assert "deep" in REFERENCE_READERS
    check_deep(deep_file)


def test_a_script_adds_a_catalogue(open_registry, deep_file):
    open_registry(REFERENCE_READERS)
    names: dict = {}
    exec(DEEP_SURVEY, names)
    REFERENCE_READERS.add("deep", names["DEEP"])
    check_deep(deep_file)
    with pytest.raises(ConfigError, match="'jades' exists already"):
        REFERENCE_READERS.add("jades", names["DEEP"])


def test_what_is_added_comes_before_plain_tables(open_registry, tmp_path):
    open_registry(REFERENCE_READERS)
    (tmp_path / "own.csv").write_text("number,x,y\n1,2,3\n")
    with pytest.raises(CatalogueError, match=r"own\.csv.*right ascension"):
        read_reference_catalogue(tmp_path / "own.csv")
    one = SourceTable(tmp_path / "own.csv", {"id": np.array([4]), "ra": np.array([53.1]), "dec": np.array([-27.8])})
    reader = ReferenceReader(
        "own",
        claims=lambda path: path.name == "own.csv",
        read=lambda path, *, spectroscopic=False: ReferenceSources.from_table(one),
        photometry=lambda path: one,
    )
    REFERENCE_READERS.add("own", reader)
    assert read_reference_catalogue(tmp_path / "own.csv").ra.tolist() == [53.1]


def test_a_plain_fits_file_is_read_from_its_first_table_with_positions(tmp_path):
    filters = fits.BinTableHDU(Table({"NAME": ["F090W"]}), name="FILTERS")
    flag = fits.BinTableHDU(
        Table({"ID": [11, 12, 13], "RA": [53.1, 53.2, 53.3], "DEC": [-27.8] * 3, "FLAG_ST": [0, 1, 0]}), name="FLAG"
    )
    fits.HDUList([fits.PrimaryHDU(), filters, flag]).writeto(tmp_path / "catalog.fits")
    sources = read_reference_catalogue(tmp_path / "catalog.fits")
    assert sources.id.tolist() == [11, 12, 13]
    assert sources.label.tolist() == [1, 2, 1]
    assert np.isnan(sources.redshift).all()
    assert sources.ra.dtype.isnative


def test_the_catalogue_of_jades_is_recognised(jades_field):
    sources, table = read_reference_catalogue(jades_field.catalogue), read_reference_photometry(jades_field.catalogue)
    np.testing.assert_array_equal(sources.id, table.identifier())
    assert "flux_f444w" in table


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("id,flux\n1,2\n")
    with pytest.raises(CatalogueError, match=r"a\.csv.*right ascension"):
        read_reference_catalogue(tmp_path / "a.csv")
    (tmp_path / "b.fits").write_bytes(b"SIMPLE")
    for name in ("b.fits", "nowhere.fits"):
        with pytest.raises(InputFileError, match=name):
            read_reference_catalogue(tmp_path / name)
