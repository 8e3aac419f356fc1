"""Truth tables: those of the simulator and those that users have."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.errors import CatalogueError, InputFileError
from zpix.evaluation import read_truth


def test_simulated_truth(make_pair, tmp_path):
    _, table = make_pair(30)
    table["detectable"][3] = False
    for name in ("xmin", "ymin", "xmax", "ymax"):
        table[name][3] = 0
    table.write(tmp_path / "truth.fits")
    truth = read_truth(tmp_path / "truth.fits")
    assert len(truth) == 30
    assert truth.is_star.sum() == 3 and np.isnan(truth.z[truth.is_star]).all()
    assert np.isnan(truth.box[3]).all() and not truth.detectable[3]
    np.testing.assert_allclose(truth.box[4], [table[n][4] for n in ("xmin", "ymin", "xmax", "ymax")])
    np.testing.assert_allclose(truth.magnitude, table["mag_f444w"])
    assert truth.ra.dtype == np.float64 and truth.ra.dtype.isnative


def test_a_list_of_spectroscopic_redshifts(tmp_path):
    path = tmp_path / "spec.csv"
    path.write_text(
        "unique_id,RA_TARG,Dec_TARG,z_Spec,z_Spec_flag\na,53.1,-27.8,2.5,B\nb,53.2,-27.9,,A\nc,53.3,-28,-1,A\nd,53.4,-28,3,C\n"
    )
    truth = read_truth(path)
    np.testing.assert_array_equal(truth.z, [2.5, np.nan, np.nan, np.nan])
    assert np.isnan(truth.magnitude).all() and truth.detectable.all() and not truth.is_star.any()
    assert len(truth[truth.z > 0]) == 1


def test_magnitudes_from_fluxes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("ra,dec,z,flux_f444w,class\n1,2,3,1000,STAR\n1,3,3,10,galaxy\n")
    truth = read_truth(path)
    np.testing.assert_allclose(truth.magnitude, [23.9, 28.9])
    assert truth.is_star.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ra,dec\n1,2\n", r"truth\.csv.*'z_spec'.*redshift.* z,"),
        ("ra,z\n1,2\n", r"truth\.csv.*'dec'.*declination"),
        ("ra,dec,z\nabc,2,3\n", r"truth\.csv.*text in column 'ra'"),
    ],
)
def test_missing_and_unusable_columns_are_named(tmp_path, text, message):
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=message):
        read_truth(path)


def test_missing_and_broken_files_are_named(tmp_path):
    for name in ("none.csv", "none.fits"):
        with pytest.raises(InputFileError, match=name):
            read_truth(tmp_path / name)
    (tmp_path / "broken.fits").write_bytes(b"no FITS at all")
    with pytest.raises(InputFileError, match="broken"):
        read_truth(tmp_path / "broken.fits")


LIST = "id,ra,dec,z_spec,z_spec_flag,mag_f444w\n"


@pytest.mark.parametrize("nothing", ["-1", "-99", "0", "99", "nan", "inf", "N/A", ""])
def test_a_redshift_that_is_not_known_does_not_count_and_its_source_stays(nothing, tmp_path):
    (tmp_path / "spec.csv").write_text(LIST + f"1,53.1,-27.8,2.5,A,25\n2,53.2,-27.8,{nothing},A,26\n")
    truth = read_truth(tmp_path / "spec.csv")
    np.testing.assert_array_equal(truth.z, [2.5, np.nan])
    np.testing.assert_array_equal(truth.magnitude, [25, 26])
    assert truth.listed.quality_column == "z_spec_flag"
    assert (truth.listed.counts["listed"], truth.listed.counts["no redshift"], truth.listed.counts["kept"]) == (2, 1, 1)


def test_a_source_that_is_listed_twice_is_one_with_its_best_redshift(tmp_path):
    rows = ["1,53.1,-27.8,2.5,B,25", "2,53.1,-27.80002,2.9,A,25.1", "3,53.2,-27.8,-1,A,26", "4,53.2,-27.8,-1,A,26"]
    (tmp_path / "spec.csv").write_text(LIST + "\n".join(rows))
    truth = read_truth(tmp_path / "spec.csv")
    np.testing.assert_array_equal(truth.z, [2.9, np.nan])
    np.testing.assert_array_equal(truth.magnitude, [25.1, 26])
    assert truth.listed.counts["overruled by quality"] == 1
    assert truth.listed.counts["rows of a source listed already"] == 2
    twice = truth[truth.z > 0]
    assert len(twice) == 1 and twice.listed is truth.listed


def test_redshifts_that_contradict_each_other_are_none_and_their_source_is_one(tmp_path):
    (tmp_path / "spec.csv").write_text(LIST + "1,53.1,-27.8,2.5,A,25\n2,53.1,-27.8,2.9,A,25\n")
    truth = read_truth(tmp_path / "spec.csv")
    assert len(truth) == 1 and np.isnan(truth.z).all() and truth.listed.counts["in conflict"] == 2


def test_the_column_of_qualities_can_be_named(tmp_path):
    (tmp_path / "spec.csv").write_text("ra,dec,z,conf\n53.1,-27.8,2.5,14\n53.2,-27.8,3.5,2\n")
    truth = read_truth(f"{tmp_path / 'spec.csv'}:conf=14,9")
    np.testing.assert_array_equal(truth.z, [2.5, np.nan])
    assert truth.listed.quality_column == "conf"


def test_the_field_tells_hours_from_degrees(tmp_path):
    (tmp_path / "spec.csv").write_text("ra,dec,z\n3.54,-27.8,2.5\n")
    near = (np.array([53.0, 53.2]), np.array([-27.9, -27.7]))
    assert read_truth(tmp_path / "spec.csv", near=near).ra == pytest.approx([53.1])
    assert read_truth(tmp_path / "spec.csv").ra == pytest.approx([3.54])


def test_close_sources_of_a_simulation_stay_two(tmp_path):
    (tmp_path / "truth.csv").write_text("id,ra,dec,z,detectable\n1,53.1,-27.8,2.5,1\n2,53.1,-27.80002,2.9,1\n")
    truth = read_truth(tmp_path / "truth.csv")
    assert truth.z.tolist() == [2.5, 2.9] and truth.listed is None
