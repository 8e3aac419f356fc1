"""The whole evaluation, on catalogues whose scores are known."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

from zpix.catalogue import read_catalogue, write_catalogue_fits
from zpix.errors import BandError, CatalogueError
from zpix.evaluation import match_truth, read_truth, score_catalogue, score_redshifts, write_report
from zpix.sources import ConformalIntervals


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Errors of scores come from few resamples here: they are tested with the scores."""
    monkeypatch.setattr("zpix.evaluation.catalogue_scores.score_redshifts", partial(score_redshifts, n_bootstrap=10))


@pytest.fixture
def pair(make_pair, tmp_path):
    """`pair(n, change)`: a catalogue and its truth as read from a file, after `change(table)`."""

    def build(n=200, change=None, rows=slice(None)):
        catalogue, table = make_pair(n)
        if change:
            change(table)
        table[rows].write(tmp_path / "truth.fits", overwrite=True)
        return catalogue, read_truth(tmp_path / "truth.fits")

    return build


def test_a_perfect_catalogue_is_perfect(pair):
    catalogue, truth = pair(400)
    report = score_catalogue(catalogue, truth)
    assert report.n_matched == report.n_truth == report.n_detections == 400
    assert (report.detection.completeness_below.value == 1).all()
    assert (report.detection.purity_below.value == 1).all()
    assert report.star_completeness.value == report.star_purity.value == 1
    everything = report.redshifts["all"]
    assert everything.count == 360, "stars have no redshift"
    assert everything.pit_ks.value < 1.63 / np.sqrt(360)
    assert 0 < report.redshifts["F444W < 27"].count < report.redshifts["F444W < 28"].count < 360
    assert sum(s.count for s in report.by_magnitude.values()) == 360
    assert sum(s.count for s in report.by_redshift.values()) <= 360


def test_missing_and_spurious_sources_are_counted(pair):
    catalogue, truth = pair(200)
    found = catalogue[np.arange(200) % 4 != 0]  # a quarter of the truth is missed
    report = score_catalogue(found, truth)
    assert report.detection.completeness_below.value[-1] == pytest.approx(0.75, abs=0.05)
    assert (report.detection.purity_below.value == 1).all()
    some = truth[np.arange(200) % 4 != 0]  # a quarter of the detections is spurious
    report = score_catalogue(catalogue, some)
    assert report.detection.purity_below.value[-1] == pytest.approx(0.75, abs=0.05)
    assert (report.detection.completeness_below.value == 1).all()


def test_a_faint_neighbour_does_not_take_the_match(pair):
    def crowd(table):
        table["detectable"][0], table["z"][0] = False, 14.0
        for name in ("xmin", "ymin", "xmax", "ymax"):
            table[name][0] = 0
        for name in ("ra", "dec", "x", "y"):
            table[name][0] = table[name][1]  # exactly where detection 1 is
        table["dec"][1] += 0.05 / 3600

    catalogue, truth = pair(50, crowd)
    matching = match_truth(catalogue, truth)
    assert matching.right[matching.left == 1] == 1
    assert 0 not in matching.left and 0 not in matching.right


def test_boxes_count_only_on_one_pixel_grid(pair):
    def shift(table):
        table["x"] += 40
        table["xmin"] += 40
        table["xmax"] += 40

    catalogue, truth = pair(100, shift)
    matching = match_truth(catalogue, truth)
    assert (matching.left == matching.right).all() and len(matching) == 100


def test_sources_outside_the_field_are_not_missed_but_make_detections_true(pair):
    catalogue, truth = pair(100)  # ten by ten, 40 pixels apart
    report = score_catalogue(catalogue, truth, shape=(400, 360))
    assert report.n_truth == 90 and report.n_matched == 100
    assert (report.detection.purity_below.value == 1).all()


def test_a_list_of_a_larger_field_counts_where_the_catalogue_is(pair, tmp_path):
    catalogue, truth = pair(100)
    part = catalogue[catalogue["y"] < 200]
    path = tmp_path / "spec.csv"
    lines = [f"{r},{d},{z}" for r, d, z in zip(truth.ra, truth.dec, np.nan_to_num(truth.z, nan=-1), strict=True)]
    path.write_text("\n".join(["ra,dec,z_spec", *lines]))
    report = score_catalogue(part, read_truth(path))
    assert report.detection is None
    assert report.n_truth == report.n_matched == len(part) == 50
    assert report.redshifts["all"].count == 45 and list(report.redshifts) == ["all"]


def test_an_empty_catalogue_is_a_result(pair):
    catalogue, truth = pair(50)
    report = score_catalogue(catalogue[:0], truth)
    assert report.n_matched == 0 and report.redshifts["all"].count == 0
    assert report.detection.completeness_below.count.tolist() == [0, 0, 0]
    assert all(len(row) == len(header) for _, header, rows in report.tables() for row in rows)
    json.dumps(report.to_dict(), allow_nan=False)


def test_the_json_holds_the_scores(pair, tmp_path):
    catalogue, truth = pair(100)
    report = score_catalogue(catalogue, truth)
    write_report(tmp_path / "scores.json", report)
    stored = json.loads((tmp_path / "scores.json").read_text())
    assert stored == report.to_dict()
    assert stored["redshifts"]["all"]["sigma_nmad"]["value"] == report.redshifts["all"].sigma_nmad.value
    assert stored["detection"]["purity_below"]["value"] == [1.0, 1.0, 1.0]
    (_, header, detection), (_, samples, redshifts), (_, limits, _), (_, _, stars) = report.tables()
    assert limits == ["fraction of", "z > 6", "z > 10"]
    assert header[2] == "F444W < 28" and detection[0][2].startswith("1.000 ±0.00")
    assert samples[1] == "all" and redshifts[0][:2] == ["galaxies", "90"]
    assert redshifts[2][1].startswith(f"{report.redshifts['all'].sigma_nmad.value:.3f} ±")
    assert stars[0][2] == "10/10"


def test_mistakes_are_named(pair):
    catalogue, truth = pair(20)
    with pytest.raises(BandError, match="F999W"):
        score_catalogue(catalogue, truth, band="F999W")
    with pytest.raises(CatalogueError, match="different places"):
        score_catalogue(catalogue, truth, shape=(1, 1))


def test_conformal_intervals_cover_new_sources_whatever_the_pdfs(make_pair, tmp_path):
    """Fitted on one field, read back from the catalogue file of another."""
    known, table = make_pair(1000, seed=1, too_narrow=3.0)
    galaxy = np.asarray(table["label"]) == 1
    ratio = (known["flux_f444w"] / known["fluxerr_f444w"])[galaxy]
    fitted = ConformalIntervals.fit(known.redshift[galaxy], ratio, table["z"][galaxy])
    scores = {}
    for intervals in (None, fitted):
        catalogue, table = make_pair(1000, seed=2, too_narrow=3.0, conformal=intervals)
        table.write(tmp_path / "truth.fits", overwrite=True)
        write_catalogue_fits(tmp_path / "catalogue.fits", catalogue)
        report = score_catalogue(read_catalogue(tmp_path / "catalogue.fits"), read_truth(tmp_path / "truth.fits"))
        scores[report.to_dict()["intervals"]] = report.redshifts["all"]
    assert scores["pdf"].count == scores["conformal"].count == 900
    assert scores["pdf"].pit_ks == scores["conformal"].pit_ks, "the PDFs are the same"
    assert scores["pdf"].coverage_68.value < 0.55
    assert scores["conformal"].coverage_68.value == pytest.approx(0.68, abs=0.03)
    assert scores["conformal"].coverage_95.value == pytest.approx(0.95, abs=0.015)
