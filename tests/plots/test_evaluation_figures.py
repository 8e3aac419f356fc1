"""The figures of an evaluation, with sources and without."""

from __future__ import annotations

import numpy as np

from tests.plots.scenery import drawn, some_sources
from zpix.evaluation import Truth, score_catalogue
from zpix.plots import (
    completeness_figure,
    save_evaluation_figures,
)


def test_all_figures_of_an_evaluation(tmp_path):
    catalogue, _, truth = some_sources(60)
    report = score_catalogue(catalogue, truth)
    paths = save_evaluation_figures(report, tmp_path / "figures")
    assert all(path.is_file() for path in paths)
    assert {p.name for p in paths} == {p.name for p in (tmp_path / "figures").iterdir()}
    drawn(completeness_figure(report.detection), tmp_path)


def test_figures_of_an_evaluation_without_detections_or_magnitudes(tmp_path):
    catalogue, _, truth = some_sources(10)
    nothing = score_catalogue(catalogue[:0], truth)
    assert len(save_evaluation_figures(nothing, tmp_path / "a")) == 6
    blind = Truth(**{**vars(truth), "magnitude": np.full(10, np.nan)})
    assert len(save_evaluation_figures(score_catalogue(catalogue, blind), tmp_path / "b")) == 3
