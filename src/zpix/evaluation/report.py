"""How good is this catalogue, all told?"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import INTERVALS, Catalogue
from zpix.errors import CatalogueError
from zpix.evaluation.detection_scores import MAG_LIMITS, CountedFraction, DetectionScores, score_detection
from zpix.evaluation.redshifts import (
    Estimate,
    RedshiftSample,
    RedshiftScores,
    redshift_sample,
    score_redshifts,
)
from zpix.evaluation.selections import HIGH_REDSHIFTS, SELECTION_PROBABILITY, SelectionScores, score_selection
from zpix.evaluation.truth import Truth
from zpix.evaluation.truth_matching import in_field, match_truth
from zpix.matching.pairs import Matching
from zpix.outputs import whole_file

#: Bins of true magnitude and of true redshift in which redshifts are scored.
REDSHIFT_MAG_EDGES = (20.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0)
REDSHIFT_Z_EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0)

#: Down to this magnitude selections of distant galaxies are scored.
SELECTION_MAG = 28.0

#: Down to this magnitude, and for all, redshifts are scored by the origin of rows.
ORIGIN_MAG = 28.0

#: What the scores are called in tables, in their order.
SCORE_TITLES = {
    "bias": "bias",
    "sigma_nmad": "σ_NMAD",
    "outlier_fraction": "outliers",
    "pit_ks": "PIT KS",
    "coverage_68": "in 68 %",
    "coverage_95": "in 95 %",
    "crps": "CRPS",
    "cde_loss": "CDE loss",
}

#: A table as text: title, header, rows.
Table = tuple[str, list[str], list[list[str]]]


@dataclass(frozen=True, eq=False)
class Report:
    """What `evaluate` found.

    Attributes
    ----------
    band : str
        Band of all magnitudes.
    intervals : str
        Of the catalogue: "pdf" or "conformal". Their coverage is among the scores.
    n_detections, n_truth, n_matched : int
        Detections, true sources in the field, one-to-one matches.
    detection : DetectionScores or None
        None when the truth has no magnitudes.
    redshifts : mapping of str to RedshiftScores
        Of matched true galaxies: "all", and brighter than each magnitude limit, such as "F444W < 27".
    by_magnitude, by_redshift : mapping of str to RedshiftScores
        In bins of the true magnitude and redshift, such as "26-27".
    by_origin : mapping of str to RedshiftScores
        By where a row comes from (matched, forced, new), all and brighter than `ORIGIN_MAG`; empty unless the catalogue
        is of a run with a reference.
    selections : tuple of SelectionScores
        How well galaxies beyond each of `HIGH_REDSHIFTS` are found; empty when the truth has no magnitudes.
    star_completeness, star_purity : CountedFraction of length 1
        Of the matched true stars, those called stars; of the matched detections called stars, true stars.
    sample : RedshiftSample of length G
        The matched galaxies themselves, for figures.
    magnitude : (G,) float64
        Their true magnitudes.
    matching : Matching
        Rows of the catalogue (left) and of the truth as given (right).
    """

    band: str
    intervals: str
    n_detections: int
    n_truth: int
    n_matched: int
    detection: DetectionScores | None
    redshifts: Mapping[str, RedshiftScores]
    by_magnitude: Mapping[str, RedshiftScores]
    by_redshift: Mapping[str, RedshiftScores]
    by_origin: Mapping[str, RedshiftScores]
    selections: tuple[SelectionScores, ...]
    star_completeness: CountedFraction
    star_purity: CountedFraction
    sample: RedshiftSample
    magnitude: NDArray[np.float64]
    matching: Matching

    def to_dict(self) -> dict[str, Any]:
        """The scores as JSON values; numbers that do not exist are None."""
        return {
            "band": self.band,
            "intervals": self.intervals,
            "n_detections": self.n_detections,
            "n_truth": self.n_truth,
            "n_matched": self.n_matched,
            "detection": None if self.detection is None else detection_dict(self.detection),
            "redshifts": scores_dict(self.redshifts),
            "redshifts_by_magnitude": scores_dict(self.by_magnitude),
            "redshifts_by_redshift": scores_dict(self.by_redshift),
            **({"redshifts_by_origin": scores_dict(self.by_origin)} if self.by_origin else {}),
            "selections": [selection_dict(scores) for scores in self.selections],
            "star_completeness": _fraction_dict(self.star_completeness),
            "star_purity": _fraction_dict(self.star_purity),
        }

    def tables(self) -> list[Table]:
        """The main scores as text: what was found, how good the redshifts are, how stars are told apart."""
        tables = [] if self.detection is None else [_detection_table(self.detection)]
        tables.append(_redshift_table(self.redshifts))
        if self.by_origin:
            tables.append(_redshift_table(self.by_origin, title="Redshifts by origin of the row"))
        if self.selections:
            tables.append(selection_table(self.selections, method="zpix", band=self.band))
        stars = (("true stars called stars", self.star_completeness), ("called stars that are", self.star_purity))
        rows = [[name, fraction_text(f, 0), f"{f.count[0]}/{f.total[0]}"] for name, f in stars]
        tables.append(("Stars among the matched sources", ["what", "fraction", "number"], rows))
        return tables


def score_catalogue(
    catalogue: Catalogue,
    truth: Truth,
    *,
    band: str = "F444W",
    radius_arcsec: float = 0.2,
    min_iou: float = 0.3,
    shape: tuple[int, int] | None = None,
    matching: Matching | None = None,
    seed: int = 0,
) -> Report:
    """Match a catalogue with the truth one-to-one and score its detections and redshifts.

    Parameters
    ----------
    catalogue : Catalogue
    truth : Truth
        As read by `read_truth` with the same `band`.
    band : str
        Band of the magnitudes; must be in the catalogue.
    radius_arcsec, min_iou : float
        What makes a match; see `match_truth`.
    shape : (int, int), optional
        Height and width of the field in pixels: true sources outside do not count. By default `mosaic_shape`
        of the catalogue's meta; without it, or without pixel positions in the truth, the rectangle of sky
        around the detections.
    matching : Matching, optional
        Matches made otherwise (for example by `match_segments`), in place of `match_truth`.
    seed : int
        Of the bootstrap.

    Raises
    ------
    BandError
        If the catalogue does not have `band`.
    CatalogueError
        If no true source lies in the field.
    """
    detected_mag = catalogue.magnitude(band)
    inside = in_field(catalogue, truth, shape=shape, radius_arcsec=radius_arcsec)
    if not inside.any():
        raise CatalogueError(
            f"none of the {len(truth)} sources of the truth lies in the field of the catalogue's "
            f"{len(catalogue)} sources: they describe different places"
        )
    if matching is None:
        matching = match_truth(catalogue, truth, radius_arcsec=radius_arcsec, min_iou=min_iou)
    detection: DetectionScores | None = None
    selections: tuple[SelectionScores, ...] = ()
    if np.isfinite(truth.magnitude[inside]).any():
        detection = score_detection(
            matching,
            detected_mag=detected_mag,
            true_mag=truth.magnitude,
            in_field=inside,
            detectable=truth.detectable,
            band=band,
        )
        selections = tuple(
            score_selection(
                catalogue.redshift.probability_between(z, np.inf),
                matching,
                truth,
                z_limit=z,
                mag_limit=SELECTION_MAG,
                detected_mag=detected_mag,
                in_field=inside,
            )
            for z in HIGH_REDSHIFTS
        )
    galaxy = np.isfinite(truth.z[matching.right])
    rows, partners = matching.left[galaxy], matching.right[galaxy]
    sample = redshift_sample(
        catalogue.redshift[rows],
        catalogue["z_phot"][rows],
        truth.z[partners],
        intervals={share: np.stack([catalogue[end][rows] for end in ends], 1) for share, ends in INTERVALS.items()},
    )
    magnitude = truth.magnitude[partners]
    rng = np.random.default_rng(seed)
    subsets = {"all": np.ones(len(sample), bool)}
    subsets |= {f"{band} < {limit:g}": magnitude < limit for limit in MAG_LIMITS if np.isfinite(magnitude).any()}
    true_star, called_star = truth.is_star[matching.right], catalogue["class"][matching.left] == "star"
    both = int((true_star & called_star).sum())
    return Report(
        band=band,
        intervals=catalogue.meta.get("intervals", "pdf"),
        n_detections=len(catalogue),
        n_truth=int(inside.sum()),
        n_matched=len(matching),
        detection=detection,
        redshifts={name: score_redshifts(sample.select(own), rng=rng) for name, own in subsets.items()},
        by_magnitude=binned(sample, magnitude, REDSHIFT_MAG_EDGES, rng),
        by_redshift=binned(sample, sample.z_true, REDSHIFT_Z_EDGES, rng),
        by_origin=_by_origin(catalogue, rows, sample, magnitude, rng, band=band),
        selections=selections,
        star_completeness=CountedFraction(np.array([both]), np.array([true_star.sum()])),
        star_purity=CountedFraction(np.array([both]), np.array([called_star.sum()])),
        sample=sample,
        magnitude=magnitude,
        matching=matching,
    )


def write_report(path: str | Path, report: Report) -> None:
    """Save the scores as JSON; the file appears whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(report.to_dict(), indent=1) + "\n", encoding="utf-8")


def binned(
    sample: RedshiftSample,
    quantity: NDArray[np.float64],
    edges: tuple[float, ...],
    rng: np.random.Generator,
) -> dict[str, RedshiftScores]:
    """Scores in bins of a quantity, for the bins that hold sources."""
    scores = {}
    for low, high in pairwise(edges):
        own = (quantity >= low) & (quantity < high)
        if own.any():
            scores[f"{low:g}-{high:g}"] = score_redshifts(sample.select(own), rng=rng)
    return scores


def _by_origin(
    catalogue: Catalogue,
    rows: NDArray[np.intp],
    sample: RedshiftSample,
    magnitude: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    band: str,
) -> dict[str, RedshiftScores]:
    """Scores of the galaxies in some rows of a catalogue, by where these come from."""
    scores: dict[str, RedshiftScores] = {}
    for origin in ("matched", "forced", "new") if "origin" in catalogue.columns else ():
        own = catalogue["origin"][rows] == origin
        bright = own & (magnitude < ORIGIN_MAG)
        for name, chosen in ((origin, own), (f"{origin}, {band} < {ORIGIN_MAG:g}", bright)):
            if chosen.any():
                scores[name] = score_redshifts(sample.select(chosen), rng=rng)
    return scores


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def scores_dict(scores: Mapping[str, RedshiftScores]) -> dict[str, Any]:
    """Redshift scores by name as JSON values."""
    return {
        name: {
            key: value if isinstance(value, int) else {k: _finite(v) for k, v in value.items()}
            for key, value in asdict(score).items()
        }
        for name, score in scores.items()
    }


def _fraction_dict(fraction: CountedFraction) -> dict[str, Any]:
    low, high = fraction.interval()
    return {
        "count": fraction.count.tolist(),
        "total": fraction.total.tolist(),
        "value": [_finite(v) for v in fraction.value],
        "low": [_finite(v) for v in low],
        "high": [_finite(v) for v in high],
    }


def detection_dict(scores: DetectionScores) -> dict[str, Any]:
    """Detection scores as JSON values."""
    names = ("completeness", "completeness_detectable", "purity")
    return {
        "mag_edges": scores.mag_edges.tolist(),
        "mag_limits": scores.mag_limits.tolist(),
        **{f"{n}{part}": _fraction_dict(getattr(scores, f"{n}{part}")) for n in names for part in ("", "_below")},
    }


def selection_dict(scores: SelectionScores) -> dict[str, Any]:
    """Scores of a selection as JSON values."""
    fractions = {name: _fraction_dict(getattr(scores, name)) for name in ("recall", "recall_detected", "purity")}
    return {"z_limit": scores.z_limit, "mag_limit": scores.mag_limit, **fractions, "n_stars": scores.n_stars}


def selection_table(selections: Sequence[SelectionScores], *, method: str, band: str) -> Table:
    """One column per redshift."""
    rows = []
    for name, text in (
        ("recall", "true ones in the field selected"),
        ("recall_detected", "true ones detected selected"),
        ("purity", "selected ones that are true"),
    ):
        fractions = [getattr(scores, name) for scores in selections]
        rows.append([text, *(f"{fraction_text(f, 0)} ({f.count[0]}/{f.total[0]})" for f in fractions)])
    rows.append(["stars selected", *(str(scores.n_stars) for scores in selections)])
    title = f"{method}: galaxies by P(> z) > {SELECTION_PROBABILITY:g}, {band} < {selections[0].mag_limit:g}"
    return title, ["what", *(f"z > {scores.z_limit:g}" for scores in selections)], rows


def _detection_table(scores: DetectionScores) -> Table:
    """One column per magnitude limit."""
    kinds = {
        "completeness": scores.completeness_below,
        "of detectable": scores.completeness_detectable_below,
        "purity": scores.purity_below,
    }
    columns = range(len(scores.mag_limits))
    rows = [[name, *(fraction_text(kind, i) for i in columns)] for name, kind in kinds.items()]
    rows.append(["true sources", *map(str, scores.completeness_below.total)])
    rows.append(["detections", *map(str, scores.purity_below.total)])
    return "Detection", ["score", *(f"{scores.band} < {limit:g}" for limit in scores.mag_limits)], rows


def _redshift_table(samples: Mapping[str, RedshiftScores], *, title: str = "Redshifts of matched galaxies") -> Table:
    """One column per sample."""
    rows = [["galaxies", *(str(scores.count) for scores in samples.values())]]
    for name, words in SCORE_TITLES.items():
        rows.append([words, *(estimate_text(getattr(scores, name)) for scores in samples.values())])
    return title, ["score", *samples], rows


def estimate_text(estimate: Estimate) -> str:
    """Value and bootstrap error."""
    if not math.isfinite(estimate.value):
        return "-"
    return f"{estimate.value:.3f} ±{estimate.error:.3f}"


def fraction_text(fraction: CountedFraction, index: int) -> str:
    """Value and half the length of its interval."""
    if not fraction.total[index]:
        return "-"
    low, high = fraction.interval()[:, index]
    return f"{fraction.value[index]:.3f} ±{0.5 * (high - low):.3f}"
