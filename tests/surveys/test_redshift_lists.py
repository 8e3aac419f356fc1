"""Lists of redshifts as people have them."""

import numpy as np
import pytest

from zpix.errors import CatalogueError, ConfigError
from zpix.surveys.redshift_lists import parse_list, read_redshifts


def test_words_of_quality_are_known(tmp_path):
    (tmp_path / "a.csv").write_text("id,ra,dec,z_spec,zflag\n1.0,53.1,-27.8,1.5,secure\n2.0,53.2,-27.8,2.5,tentative\n")
    found = read_redshifts(tmp_path / "a.csv")
    assert found.rank.tolist() == [0, -1] and found.quality_column == "zflag" and found.id.tolist() == ["1", "2"]


def test_qualities_of_an_unknown_scheme_are_refused_with_what_to_do(tmp_path, caplog):
    (tmp_path / "a.csv").write_text("ra,dec,z_spec,zflag\n53.1,-27.8,1.5,213\n53.2,-27.8,2.5,14\n")
    with pytest.raises(CatalogueError, match=r"'zflag' of .*a\.csv' holds 14, 213: .*a\.csv:zflag=BEST,NEXT"):
        read_redshifts(tmp_path / "a.csv")
    assert read_redshifts(f"{tmp_path / 'a.csv'}:zflag=14").rank.tolist() == [-1, 0]
    (tmp_path / "b.csv").write_text("ra,dec,z_spec,zflag\n53.1,-27.8,1.5,C\n")
    assert read_redshifts(tmp_path / "b.csv").rank.tolist() == [-1]
    assert "b.csv" in caplog.text and "none of its redshifts is secure" in caplog.text


@pytest.mark.parametrize("nothing", ["-1", "0", "99", "-99", "inf", "nan", ""])
def test_what_is_no_redshift_is_nan(nothing, tmp_path):
    (tmp_path / "a.csv").write_text(f"ra,dec,z_spec,zflag\n53.1,-27.8,1.5,A\n-10,-27.8,{nothing},A\n")
    found = read_redshifts(tmp_path / "a.csv")
    np.testing.assert_array_equal(found.z, [1.5, np.nan])
    np.testing.assert_allclose(found.ra, [53.1, 350.0])


def test_a_list_is_named_with_its_secure_qualities():
    assert parse_list("a.csv:conf=4, 3")[1:] == ("conf", ("4", "3"))
    assert parse_list("a.csv")[1:] == (None, ())
    with pytest.raises(ConfigError, match="PATH:COLUMN"):
        parse_list("a.csv:conf=")
