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
    path.write_text("ra,dec,z,flux_f444w,class\n1,2,3,1000,STAR\n1,2,3,10,galaxy\n")
    truth = read_truth(path)
    np.testing.assert_allclose(truth.magnitude, [23.9, 28.9])
    assert truth.is_star.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ra,dec\n1,2\n", r"truth\.csv.*'z'.*redshift"),
        ("ra,z\n1,2\n", r"truth\.csv.*'dec'.*declination"),
        ("ra,dec,z\n12:30:00,2,3\n", r"truth\.csv.*text in column 'ra'"),
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
