"""The experiment on rare distant galaxies: what it counts, and that a field is measured only once."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

import zpix
from experiments import high_redshift
from zpix.errors import OutputError
from zpix.evaluation.selections import matched_magnitude
from zpix.matching import Matching
from zpix.sources import ZMixture


class Found(SimpleNamespace):
    """A catalogue of sources whose PDFs are narrow."""

    def __len__(self) -> int:
        return len(self.z)

    @property
    def redshift(self) -> ZMixture:
        mean = np.array(self.z, float)[:, None]
        return ZMixture(np.ones_like(mean), mean, np.full_like(mean, 0.01))

    def magnitude(self, band: str) -> np.ndarray:
        return np.full(len(self), 27.0)

    def __getitem__(self, name: str) -> np.ndarray:
        return np.asarray({"ra": 10 + np.arange(len(self)) / 100, "dec": np.zeros(len(self))}[name])


def test_every_selected_source_that_is_not_distant_is_counted_as_what_it_is():
    # right, just below the limit, a nearer galaxy, a star, nothing at all, too faint to count, near
    catalogue = Found(z=[7.0, 6.2, 8.0, 9.0, 6.5, 7.0, 3.0])
    truth = SimpleNamespace(
        z=np.array([7.0, 5.9, 1.5, np.nan, 2.0, 3.0]),
        magnitude=np.array([27.0, 27.0, 27.0, 25.0, 29.0, 26.0]),
        is_star=np.array([False, False, False, True, False, False]),
        ra=10 + np.arange(6) / 100,
        dec=np.zeros(6),
    )
    matching = Matching(np.array([0, 1, 2, 3, 5, 6]), np.arange(6), np.ones(6), 7, 6)
    bright = matched_magnitude(matching, truth, catalogue.magnitude("F444W")) < 28
    assert list(np.flatnonzero(~bright)) == [5]
    selected = np.array([0, 1, 2, 3, 4])
    wrong = high_redshift.wrongly_selected(selected, catalogue, truth, matching, z_limit=6.0)
    kinds = {"galaxy just below": 1, "galaxy": 1, "star": 1, "part of a distant galaxy": 0}
    assert wrong == {**kinds, "no source": 1}

    truth.ra[0] = 10.04 + 0.2 / 3600  # the distant galaxy is where nothing was
    wrong = high_redshift.wrongly_selected(selected, catalogue, truth, matching, z_limit=6.0)
    assert wrong == {**kinds, "part of a distant galaxy": 1, "no source": 0}


@pytest.mark.slow
def test_fields_are_counted_together_and_measured_once(tmp_path, capsys, monkeypatch):
    asked = ["--out", str(tmp_path), "--size", "256", "--workers", "1", "--boost", "0.2", "--seeds"]
    high_redshift.main([*asked, "3", "4"])
    printed = capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"settings.json", "3.json", "4.json"}  # no images

    scores = [json.loads((tmp_path / f"{seed}.json").read_text()) for seed in (3, 4)]
    limits = [(z, least) for z in (6, 10) for least in high_redshift.PROBABILITIES]
    selected = []
    for row, (z, least) in enumerate(limits):
        counts = [sum(field[row]["purity"][part][0] for field in scores) for part in ("count", "total")]
        assert f"| z > {z} | {least:g} |" in printed and f"| {counts[0]} of {counts[1]} |" in printed
        wrong = sum(sum(field[row]["wrong"].values()) for field in scores)
        assert wrong == counts[1] - counts[0]
        selected.append(counts[1])
    assert selected[:6] == sorted(selected[:6], reverse=True) and selected[0] > 0

    monkeypatch.setattr(zpix, "simulate", lambda *args, **kwargs: pytest.fail("a field is simulated again"))
    high_redshift.main([*asked, "3", "4"])
    assert capsys.readouterr().out == printed
    asked[asked.index("--boost") + 1] = "0.1"
    with pytest.raises(OutputError, match="boost is"):
        high_redshift.main([*asked, "3", "4"])
