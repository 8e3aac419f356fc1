import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.errors import CatalogueError, InputFileError
from zpix.sources.reference_table import nearest_sources, read_reference


def test_the_jades_catalogue_layout_is_read_from_its_first_table_with_positions(tmp_path):
    filters = fits.BinTableHDU(Table({"NAME": ["F090W"]}), name="FILTERS")
    flag = fits.BinTableHDU(
        Table({"ID": [11, 12, 13], "RA": [53.1, 53.2, 53.3], "DEC": [-27.8] * 3, "FLAG_ST": [0, 1, 0]}), name="FLAG"
    )
    fits.HDUList([fits.PrimaryHDU(), filters, flag]).writeto(tmp_path / "catalog.fits")
    sources = read_reference(tmp_path / "catalog.fits")
    assert sources.id.tolist() == [11, 12, 13] and sources.label.tolist() == [1, 2, 1]
    assert np.isnan(sources.redshift).all() and sources.ra.dtype.isnative


def test_positions_go_to_the_nearest_source_within_reach(tmp_path):
    (tmp_path / "c.csv").write_text(
        "id,ra,dec,label\n5,10,0,1\n6,10.00005,0,1\n7,20,0,2\n8,30,0,1\n9,,,1\n9,-99,-99,1\n"
    )
    sources = read_reference(tmp_path / "c.csv")
    ra = np.array([10.00001, 10.00004, 20, 30.0002])
    rows, distance = nearest_sources(sources, ra, np.zeros(4), radius_arcsec=0.3)
    assert rows.tolist() == [0, 1, 2, -1]
    np.testing.assert_allclose(distance, [0.036, 0.036, 0, 0.72], atol=1e-3)
    assert nearest_sources(sources, ra[:0], ra[:0], radius_arcsec=0.3)[0].tolist() == []
    (tmp_path / "none.csv").write_text("id,ra,dec\n")
    nothing = read_reference(tmp_path / "none.csv")
    assert nearest_sources(nothing, ra, np.zeros(4), radius_arcsec=0.3)[0].tolist() == [-1] * 4


def test_qualities_of_a_table_say_which_redshifts_count(tmp_path):
    (tmp_path / "z.csv").write_text(
        "unique_id,RA_TARG,Dec_TARG,z_Spec,z_Spec_flag\na,1,0,1.5,A\nb,2,0,2.5,B\nc,3,0,4,C\nd,4,0,-1,A\n"
    )
    np.testing.assert_array_equal(read_reference(tmp_path / "z.csv").redshift, [1.5, 2.5, np.nan, np.nan])
    (tmp_path / "n.csv").write_text("ra,dec,zspec,zflag\n1,0,1.5,4\n2,0,2.5,3.0\n3,0,4,2\n")
    np.testing.assert_array_equal(read_reference(tmp_path / "n.csv").redshift, [1.5, 2.5, np.nan])


def test_tables_without_positions_and_broken_files_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("id,flux\n1,2\n")
    with pytest.raises(CatalogueError, match=r"a\.csv.*right ascension"):
        read_reference(tmp_path / "a.csv")
    (tmp_path / "b.fits").write_bytes(b"SIMPLE")
    for name in ("b.fits", "nowhere.fits"):
        with pytest.raises(InputFileError, match=name):
            read_reference(tmp_path / name)
