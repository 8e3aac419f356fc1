"""Who gives better redshifts of the same sources, and who finds more of them?

Every contestant is scored on the true galaxies that all detectors have found, so that none is judged on sources that
another did not dare to claim.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.evaluation.detection_scores import MAG_LIMITS, DetectionScores, score_detection
from zpix.evaluation.redshifts import RedshiftPdf, RedshiftSample, RedshiftScores, redshift_sample, score_redshifts
from zpix.evaluation.report import (
    REDSHIFT_MAG_EDGES,
    SCORE_TITLES,
    SELECTION_MAG,
    Table,
    binned,
    detection_dict,
    estimate_text,
    fraction_text,
    scores_dict,
    selection_dict,
    selection_table,
)
from zpix.evaluation.selections import HIGH_REDSHIFTS, SelectionScores, score_selection
from zpix.evaluation.truth import Truth
from zpix.evaluation.truth_matching import Placed, in_field, match_truth
from zpix.matching.pairs import Matching
from zpix.outputs import whole_file

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contestant:
    """The detections of one method, N in number.

    Attributes
    ----------
    placed : Placed of length N
    magnitude : (N,) float64
        Of the detections, as the method measures it.
    matching : Matching
        Detections (left) with the truth (right).
    """

    placed: Placed
    magnitude: Floats
    matching: Matching

    @staticmethod
    def of(placed: Placed, magnitude: Floats, truth: Truth) -> Contestant:
        """Detections matched with a truth."""
        return Contestant(placed, magnitude, match_truth(placed, truth))

    def rows(self, truth_rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """The detections of these true sources, which must all have one."""
        partner = np.full(self.matching.n_right, -1)
        partner[self.matching.right] = self.matching.left
        assert (partner[truth_rows] >= 0).all()
        return partner[truth_rows]


@dataclass(frozen=True, eq=False)
class Redshifts:
    """Redshifts by one method, in the order of `common_galaxies`.

    Attributes
    ----------
    pdf : RedshiftPdf of length G
    z_phot : (G,) float64
    """

    pdf: RedshiftPdf
    z_phot: Floats


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of several methods on the same sources.

    Attributes
    ----------
    band : str
        Band of all magnitudes.
    samples : mapping of method to RedshiftSample of length G
    magnitude : (G,) float64
        True magnitudes of the galaxies.
    redshifts : mapping of method to mapping of sample to RedshiftScores
        Samples "all" and brighter than each magnitude limit, such as "F444W < 28".
    by_magnitude : mapping of method to mapping of bin to RedshiftScores
    detection : mapping of detector to DetectionScores
    selections : mapping of method to tuple of SelectionScores
    notes : mapping of str to JSON values
        What else is worth knowing: settings, checks of the photometry.
    """

    band: str
    samples: Mapping[str, RedshiftSample]
    magnitude: Floats
    redshifts: Mapping[str, Mapping[str, RedshiftScores]]
    by_magnitude: Mapping[str, Mapping[str, RedshiftScores]]
    detection: Mapping[str, DetectionScores]
    selections: Mapping[str, tuple[SelectionScores, ...]]
    notes: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The scores as JSON values; numbers that do not exist are None."""
        return {
            "band": self.band,
            "n_galaxies": len(self.magnitude),
            "redshifts": {name: scores_dict(scores) for name, scores in self.redshifts.items()},
            "redshifts_by_magnitude": {name: scores_dict(scores) for name, scores in self.by_magnitude.items()},
            "detection": {name: detection_dict(scores) for name, scores in self.detection.items()},
            "selections": {name: [selection_dict(one) for one in scores] for name, scores in self.selections.items()},
            "notes": dict(self.notes),
        }

    def tables(self) -> list[Table]:
        """The main scores as text: one table per sample of galaxies, then detection and selections."""
        tables = []
        for sample in next(iter(self.redshifts.values())):
            rows = [
                [method, *(estimate_text(getattr(scores[sample], name)) for name in SCORE_TITLES)]
                for method, scores in self.redshifts.items()
            ]
            count = next(iter(self.redshifts.values()))[sample].count
            title = f"Redshifts of the same {count} galaxies, {sample}"
            tables.append((title, ["method", *SCORE_TITLES.values()], rows))
        limits = next(iter(self.detection.values())).mag_limits
        rows = [
            [f"{method}, {kind}", *(fraction_text(getattr(scores, f"{kind}_below"), i) for i in range(len(limits)))]
            for method, scores in self.detection.items()
            for kind in ("completeness", "purity")
        ]
        tables.append(("Detection", ["method", *(f"{self.band} < {limit:g}" for limit in limits)], rows))
        tables += [selection_table(scores, method=method, band=self.band) for method, scores in self.selections.items()]
        return tables


def common_galaxies(truth: Truth, detectors: Mapping[str, Contestant], shape: tuple[int, int]) -> NDArray[np.intp]:
    """Rows of the true galaxies of known redshift in the field that every detector has found."""
    found = reduce(np.logical_and, (detector.matching.right_matched for detector in detectors.values()))
    inside = in_field(next(iter(detectors.values())).placed, truth, shape=shape)
    return np.flatnonzero(found & inside & np.isfinite(truth.z))


def score_contestants(
    truth: Truth,
    galaxies: NDArray[np.intp],
    *,
    detectors: Mapping[str, Contestant],
    redshifts: Mapping[str, Redshifts],
    probabilities: Mapping[str, tuple[str, Mapping[float, Floats]]],
    shape: tuple[int, int],
    band: str = "F444W",
    seed: int = 0,
    notes: Mapping[str, Any] | None = None,
) -> Comparison:
    """Score methods on the galaxies of `common_galaxies`, and detectors and selections on the whole field.

    Parameters
    ----------
    redshifts : mapping of method to Redshifts of all `galaxies`, in their order
    probabilities : mapping of method to (detector, P)
        P of a redshift z is P(> z) of each of that detector's sources, for each of `HIGH_REDSHIFTS`.
    shape : (height, width) of the field in pixels
    seed : of the bootstrap
    """
    magnitude = truth.magnitude[galaxies]
    samples = {
        name: redshift_sample(own.pdf, own.z_phot, truth.z[galaxies]) for name, own in redshifts.items()
    }  # fmt: skip
    subsets = {"all": np.ones(len(galaxies), bool)} | {f"{band} < {limit:g}": magnitude < limit for limit in MAG_LIMITS}
    scored, by_magnitude = {}, {}
    for name, sample in samples.items():  # the same resamples for all
        rng = np.random.default_rng(seed)
        scored[name] = {key: score_redshifts(sample.select(rows), rng=rng) for key, rows in subsets.items()}
        by_magnitude[name] = binned(sample, magnitude, REDSHIFT_MAG_EDGES, rng)
    inside = {name: in_field(detector.placed, truth, shape=shape) for name, detector in detectors.items()}
    detection = {
        name: score_detection(
            detector.matching, detected_mag=detector.magnitude, true_mag=truth.magnitude, in_field=inside[name],
            detectable=truth.detectable, band=band,
        )
        for name, detector in detectors.items()
    }  # fmt: skip
    selections = {
        name: tuple(
            score_selection(
                probability[z], detectors[source].matching, truth, z_limit=z, mag_limit=SELECTION_MAG,
                detected_mag=detectors[source].magnitude, in_field=inside[source],
            )
            for z in HIGH_REDSHIFTS
        )
        for name, (source, probability) in probabilities.items()
    }  # fmt: skip
    return Comparison(band, samples, magnitude, scored, by_magnitude, detection, selections, notes or {})


def write_comparison(path: str | Path, comparison: Comparison) -> None:
    """Save the scores as JSON; the file appears whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(comparison.to_dict(), indent=1) + "\n", encoding="utf-8")
