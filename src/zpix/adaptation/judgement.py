"""Which candidate fits a field best, by spectra that it has not seen, and is it better by more than chance?

A step to a candidate that changes more is taken only if it pays, on spectra that were held out: calibrated widths if
the mean of −ln p falls by more than its error, since the CRPS hardly feels widths; factors, which are significant by
themselves, unless the CRPS rises; a tuned head if the CRPS falls by more than its error. Each spectrum counts as many
times as there are sources of the field that it stands for; labels that every candidate takes for wrong do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.adaptation.fit_candidates import ADAPTED, WIDTHS, Candidate
from zpix.adaptation.wrong_labels import log_loss, wrong_probability
from zpix.evaluation import RedshiftSample, RedshiftScores, redshift_sample, score_redshifts
from zpix.evaluation.catalogue_scores import REDSHIFT_MAG_EDGES, REDSHIFT_Z_EDGES, score_bins
from zpix.evaluation.score_json import scores_dict
from zpix.evaluation.score_tables import redshift_table
from zpix.outputs import TextTable

Floats = NDArray[np.float64]

_RESAMPLES = 500
_SURELY = 0.5  # probability from which on a label is taken for wrong


@dataclass(frozen=True)
class Gain:
    """By how much a score of one candidate is above that of another: the mean, and its error."""

    value: float
    error: float


@dataclass(frozen=True, eq=False)
class Judgement:
    """What N held-out spectra say of some candidates.

    Attributes
    ----------
    chosen : str
        The candidate that is handed out.
    samples : mapping of str to RedshiftSample
        The spectra by each candidate, and by other methods.
    gains : mapping of str to Gain
        CRPS of each candidate less that of the one that was chosen before it.
    log_losses : mapping of str to Gain
        The same of −ln p of the labels, some of which may be wrong.
    weight : (N,) float64
        How much each spectrum counts; 0 for labels that every candidate takes for wrong.
    wrong : (N,) float64
        Probability that each label is wrong, by the chosen candidate.
    wrong_share : float
        Share of wrong labels, by the chosen candidate.
    magnitude : (N,) float64
        Magnitudes of the sources.
    band : str
        Their band.
    """

    chosen: str
    samples: Mapping[str, RedshiftSample]
    gains: Mapping[str, Gain]
    log_losses: Mapping[str, Gain]
    weight: Floats
    wrong: Floats
    wrong_share: float
    magnitude: Floats
    band: str
    _scores: dict[str, dict[str, RedshiftScores]] = field(default_factory=dict, compare=False)

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Spectra that are not taken for wrong, (N,)."""
        return self.weight > 0

    def scores(self, method: str) -> dict[str, RedshiftScores]:
        """Score a method on sound spectra: all, by magnitude and by redshift.

        Parameters
        ----------
        method : str
            One of `samples`.

        Returns
        -------
        dict of str to RedshiftScores
            By the name of the bin.
        """
        if method not in self._scores:
            rng, sample = np.random.default_rng(0), self.samples[method][self.sound]
            bins = score_bins(sample, self.magnitude[self.sound], REDSHIFT_MAG_EDGES, rng)
            by_z = score_bins(sample, sample.z_true, REDSHIFT_Z_EDGES, rng)
            self._scores[method] = {
                "all": score_redshifts(sample, rng=rng),
                **{f"{self.band} {name}": value for name, value in bins.items()},
                **{f"z {name}": value for name, value in by_z.items()},
            }
        return self._scores[method]

    def tables(self) -> list[TextTable]:
        """Tabulate the scores of each method, and what was gained by each step.

        Returns
        -------
        list of TextTable
            Titles, headers and rows.
        """
        whole = {name: self.scores(name)["all"] for name in self.samples}
        steps = [
            [name, _signed(gain), _signed(self.log_losses[name]), "yes" if name == self.chosen else ""]
            for name, gain in self.gains.items()
        ]
        return [
            redshift_table(whole, title="Spectra that were held out"),
            ("Less what was best before", ["candidate", "CRPS", "-ln p", "handed out"], steps),
        ]

    def to_json(self) -> dict[str, Any]:
        """Give all scores, fit for JSON.

        Returns
        -------
        dict of str to object
            What was chosen and why, and scores by method and bin.
        """
        return {
            "chosen": self.chosen,
            "spectra": len(self.weight),
            "wrong_labels": round(self.wrong_share, 4),
            "crps_differences": {name: vars(gain) for name, gain in self.gains.items()},
            "log_loss_differences": {name: vars(gain) for name, gain in self.log_losses.items()},
            "scores": {name: scores_dict(self.scores(name)) for name in self.samples},
        }


def judge_candidates(
    candidates: Sequence[Candidate],
    redshift: NDArray[np.floating],
    weight: Floats,
    magnitude: Floats,
    *,
    band: str,
    wrong: float,
    others: Mapping[str, RedshiftSample] | None = None,
) -> Judgement:
    """Choose a candidate by N spectra that were held out.

    Parameters
    ----------
    candidates : sequence of Candidate
        From the least to the most that is changed.
    redshift : (N,) float
        Labels.
    weight : (N,) float64
        How many sources each spectrum stands for.
    magnitude : (N,) float64
        Magnitudes of the sources.
    band : str
        Their band.
    wrong : float
        Share of wrong labels to begin with.
    others : mapping of str to RedshiftSample, optional
        The same spectra by other methods.

    Returns
    -------
    Judgement
        What was chosen, and how good all are.
    """
    z = np.asarray(redshift, np.float64)
    suspicion = {own.name: wrong_probability(own.pdf, z, wrong=wrong) for own in candidates}
    suspected = np.min([probability for probability, _ in suspicion.values()], axis=0) > _SURELY
    counted = np.where(suspected, 0.0, weight)
    samples = {own.name: redshift_sample(own.pdf, own.pdf.least_risk(), z) for own in candidates}
    losses = {own.name: log_loss(own.pdf, z, wrong=wrong) for own in candidates}
    chosen, gains, log_losses = candidates[0].name, {}, {}
    for own in candidates[1:]:
        gain = gains[own.name] = mean_difference(samples[own.name].crps - samples[chosen].crps, counted)
        loss = log_losses[own.name] = mean_difference(losses[own.name] - losses[chosen], counted)
        pays = {WIDTHS: loss.value < -loss.error, ADAPTED: gain.value < -gain.error}
        if pays.get(own.name, gain.value <= 0):
            chosen = own.name
    probability, share = suspicion[chosen]
    return Judgement(
        chosen, {**samples, **(others or {})}, gains, log_losses, counted, probability, share, np.asarray(magnitude),
        band,
    )  # fmt: skip


def _signed(gain: Gain) -> str:
    """A difference with its error."""
    return f"{gain.value:+.4f} ±{gain.error:.4f}"


def mean_difference(difference: Floats, weight: Floats) -> Gain:
    """Give the weighted mean of differences, and its error by resampling.

    Parameters
    ----------
    difference : (N,) float64
        Differences.
    weight : (N,) float64
        How much each counts.

    Returns
    -------
    Gain
        The mean and its error; zero and infinity without any that counts.
    """
    if not weight.any():
        return Gain(0.0, float("inf"))
    rows = np.random.default_rng(0).integers(0, len(weight), (_RESAMPLES, len(weight)))
    total = np.maximum(weight[rows].sum(1), 1e-12)
    means = (weight[rows] * difference[rows]).sum(1) / total
    return Gain(float(np.average(difference, weights=weight)), float(means.std()))
