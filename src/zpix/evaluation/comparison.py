"""Which method gives better redshifts of the same sources, and which finds more of them?

All methods are scored on the true galaxies that every detection method has found, so that a method that finds faint
sources is not judged by galaxies that others leave out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.evaluation.catalogue_scores import REDSHIFT_MAG_EDGES, SELECTION_MAG, score_below_limits, score_bins
from zpix.evaluation.detection_scores import DetectionScores, score_detection
from zpix.evaluation.redshifts import Redshifts, RedshiftSample, RedshiftScores, redshift_sample
from zpix.evaluation.score_json import detection_dict, scores_dict, selection_dict
from zpix.evaluation.score_tables import SCORE_TITLES, estimate_text, fraction_text, selection_table
from zpix.evaluation.selections import HIGH_REDSHIFTS, SelectionScores, score_selection
from zpix.evaluation.truth import Truth
from zpix.evaluation.truth_matching import Placed, in_field, match_truth
from zpix.matching.pairs import Matching
from zpix.outputs import TextTable, write_json

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contestant:
    """The N detections of one method.

    Attributes
    ----------
    placed : Placed of length N
        Positions and boxes, such as a `Catalogue`.
    magnitude : (N,) float64
        AB magnitudes as the method measures them.
    matching : Matching
        Detections (left) matched with the truth (right).
    """

    placed: Placed
    magnitude: Floats
    matching: Matching

    @staticmethod
    def of(placed: Placed, magnitude: Floats, truth: Truth) -> Contestant:
        """Match detections with the truth.

        Parameters
        ----------
        placed : Placed of length N
            Positions and boxes, such as a `Catalogue`.
        magnitude : (N,) float64
            AB magnitudes as the method measures them.
        truth : Truth
            The true sources.

        Returns
        -------
        Contestant
            The detections with their matches.
        """
        return Contestant(placed, magnitude, match_truth(placed, truth))

    def rows(self, truth_rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Find the detections of some true sources.

        Parameters
        ----------
        truth_rows : (G,) int
            Rows of the truth that all have a detection.

        Returns
        -------
        (G,) int
            Rows of the detections.
        """
        found = self.matching.partner_of_right[truth_rows]
        assert (found >= 0).all()
        return found


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of several methods on the same sources.

    Attributes
    ----------
    band : str
        Band of all magnitudes.
    samples : mapping of str to RedshiftSample of length G
        Redshifts of the same galaxies by each method.
    magnitude : (G,) float64
        True magnitudes of the galaxies.
    redshifts : mapping of str to mapping of str to RedshiftScores
        By method and sample: "all", and brighter than each magnitude limit, such as "F444W < 28".
    by_magnitude : mapping of str to mapping of str to RedshiftScores
        By method and bin of the true magnitude, such as "26-27".
    detection : mapping of str to DetectionScores
        By detection method, on the whole field.
    selections : mapping of str to tuple of SelectionScores
        By method, on the whole field.
    notes : mapping of str to object
        Settings and checks of the photometry as JSON values.
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
        """Return the scores as JSON values.

        Returns
        -------
        dict
            Scores by name; numbers that do not exist are None.
        """
        return {
            "band": self.band,
            "n_galaxies": len(self.magnitude),
            "redshifts": {name: scores_dict(scores) for name, scores in self.redshifts.items()},
            "redshifts_by_magnitude": {name: scores_dict(scores) for name, scores in self.by_magnitude.items()},
            "detection": {name: detection_dict(scores) for name, scores in self.detection.items()},
            "selections": {name: [selection_dict(one) for one in scores] for name, scores in self.selections.items()},
            "notes": dict(self.notes),
        }

    def tables(self) -> list[TextTable]:
        """Return the main scores as text.

        Returns
        -------
        list of TextTable
            One table for each sample of galaxies, then detection and selections.
        """
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
    """Find the true galaxies of known redshift in the field that every method has detected.

    Parameters
    ----------
    truth : Truth
        The true sources.
    detectors : mapping of str to Contestant
        Detections by method.
    shape : (int, int), pixels
        Height and width of the field.

    Returns
    -------
    (G,) int
        Rows of the truth.
    """
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
    """Score redshifts on common galaxies, and detections and selections on the whole field.

    Parameters
    ----------
    truth : Truth
        The true sources.
    galaxies : (G,) int
        Rows of the truth, from `common_galaxies`.
    detectors : mapping of str to Contestant
        Detections by method.
    redshifts : mapping of str to Redshifts of length G
        Redshifts of the galaxies by method, in their order.
    probabilities : mapping of str to (str, mapping of float to (N,) float64)
        For each method the name of its detections, and P(> z) of all of them for each z of `HIGH_REDSHIFTS`.
    shape : (int, int), pixels
        Height and width of the field.
    band : str, default: "F444W"
        Band of the magnitudes.
    seed : int, default: 0
        Seed of the bootstrap, whose resamples are the same for all methods.
    notes : mapping of str to object, optional
        Settings and checks to keep, as JSON values.

    Returns
    -------
    Comparison
        The scores.
    """
    magnitude = truth.magnitude[galaxies]
    samples = {name: redshift_sample(own.pdf, own.z_phot, truth.z[galaxies]) for name, own in redshifts.items()}
    scored, by_magnitude = {}, {}
    for name, sample in samples.items():
        rng = np.random.default_rng(seed)
        scored[name] = score_below_limits(sample, magnitude, band, rng)
        by_magnitude[name] = score_bins(sample, magnitude, REDSHIFT_MAG_EDGES, rng)
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
    """Save the scores as JSON; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    comparison : Comparison
        The scores.
    """
    write_json(path, comparison.to_dict())
