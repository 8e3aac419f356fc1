import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.errors import CatalogueError, InputFileError
from zpix.sources.reference import match_redshifts, read_reference


def test_the_jades_catalogue_layout_is_read_from_its_first_table_with_positions(tmp_path):
    filters = fits.BinTableHDU(Table({"NAME": ["F090W"]}), name="FILTERS")
    flag = fits.BinTableHDU(
        Table({"ID": [11, 12, 13], "RA": [53.1, 53.2, 53.3], "DEC": [-27.8] * 3, "FLAG_ST": [0, 1, 0]}), name="FLAG"
    )
    fits.HDUList([fits.PrimaryHDU(), filters, flag]).writeto(tmp_path / "catalog.fits")
    sources = read_reference(tmp_path / "catalog.fits")
    assert sources.id.tolist() == [11, 12, 13] and sources.label.tolist() == [1, 2, 1]
    assert np.isnan(sources.redshift).all() and sources.ra.dtype.isnative


def test_spectra_go_to_the_nearest_galaxy_within_reach(tmp_path):
    (tmp_path / "c.csv").write_text("id,ra,dec,label\n5,10,0,1\n6,10.00005,0,1\n7,20,0,2\n8,30,0,1\n")
    (tmp_path / "z.csv").write_text(
        "unique_id,RA_TARG,Dec_TARG,z_Spec,z_Spec_flag\n"
        "a,10.00001,0,1.5,A\nb,10.00002,0,1.9,A\nc,20,0,3,A\nd,30.0002,0,2,A\ne,30,0,4,C\nf,10.00005,0,2.5,B\n"
    )
    matched = match_redshifts(read_reference(tmp_path / "c.csv"), read_reference(tmp_path / "z.csv"))
    np.testing.assert_array_equal(matched, [1.5, 2.5, np.nan, np.nan])  # the star, the far and the insecure get none


def test_tables_without_positions_and_broken_files_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("id,flux\n1,2\n")
    with pytest.raises(CatalogueError, match=r"a\.csv.*right ascension"):
        read_reference(tmp_path / "a.csv")
    (tmp_path / "b.fits").write_bytes(b"SIMPLE")
    for name in ("b.fits", "nowhere.fits"):
        with pytest.raises(InputFileError, match=name):
            read_reference(tmp_path / name)
