"""Fits of templates hang on the field alone; which of them are scored hangs on what zpix has found."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.foreign import template_fits
from experiments.foreign.template_fits import TemplateFits, brighter_than
from zpix.evaluation import redshift_sample
from zpix.sources import ZMixture


class Found(dict):
    """A catalogue with as many redshifts as there are true sources, of which some are found."""

    def __init__(self, found: list[int], z_phot: np.ndarray) -> None:
        super().__init__(z_phot=z_phot)
        self.found = found
        self.redshift = certain(z_phot)

    def magnitude(self, band: str) -> np.ndarray:
        return np.full(len(self["z_phot"]), 25.0)


def certain(z: np.ndarray) -> ZMixture:
    return ZMixture(np.ones((len(z), 1)), z[:, None], np.full((len(z), 1), 0.01))


@pytest.fixture
def truth(monkeypatch) -> SimpleNamespace:
    truth = SimpleNamespace(z=np.array([1.0, 2.0, 3.0, 4.0]), magnitude=np.array([24.0, 26.0, 27.0, 29.0]))

    def contestant(catalogue: Found, _magnitude: np.ndarray, _truth: SimpleNamespace) -> SimpleNamespace:
        matched = np.isin(np.arange(4), catalogue.found)
        return SimpleNamespace(matching=SimpleNamespace(right_matched=matched), rows=lambda rows: rows)

    monkeypatch.setattr(template_fits, "read_truth", lambda *_args, **_options: truth)
    monkeypatch.setattr(template_fits.Contestant, "of", staticmethod(contestant))
    return truth


def test_all_methods_are_scored_on_what_both_found_and_a_field_is_fitted_once(tmp_path: Path, monkeypatch, truth):
    fitted = []

    def fits(_self: TemplateFits, field: Path, wanted) -> tuple[np.ndarray, template_fits.Samples]:
        fitted.append(field)
        rows = np.flatnonzero(wanted(truth))  # photutils has found all
        z = truth.z[rows]
        return rows, {"EAZY": redshift_sample(certain(z + 0.5), z + 0.5, z)}

    monkeypatch.setattr(TemplateFits, "_fits", fits)
    rivals = TemplateFits([Path("one.param")])
    for found, common in (([0, 2, 3], [1.0, 3.0]), ([1], [2.0])):
        catalogue = Found(found, truth.z + 0.1)
        told = rivals.samples(tmp_path / "fits", Path("field"), catalogue, brighter_than(28.0))
        assert list(told) == ["zpix", "EAZY"]
        assert [sample.z_true.tolist() for sample in told.values()] == [common, common]
        assert told["zpix"].z_phot == pytest.approx(np.array(common) + 0.1)
        assert told["EAZY"].z_phot == pytest.approx(np.array(common) + 0.5)
    assert fitted == [Path("field")]
