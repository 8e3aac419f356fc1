"""How good is a catalogue: its detections, redshifts, selections and classes?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import INTERVALS, Catalogue
from zpix.errors import CatalogueError
from zpix.evaluation.detection_scores import MAG_LIMITS, CountedFraction, DetectionScores, score_detection
from zpix.evaluation.redshifts import RedshiftSample, RedshiftScores, redshift_sample, score_redshifts
from zpix.evaluation.score_json import detection_dict, fraction_dict, scores_dict, selection_dict
from zpix.evaluation.score_tables import detection_table, fraction_text, listed_table, redshift_table, selection_table
from zpix.evaluation.selections import HIGH_REDSHIFTS, SelectionScores, score_selection
from zpix.evaluation.truth import ListedRedshifts, Truth
from zpix.evaluation.truth_matching import in_field, match_truth
from zpix.matching.pairs import Matching
from zpix.outputs import TextTable, write_json

#: Edges of the bins of true magnitude and of true redshift in which redshifts are scored.
REDSHIFT_MAG_EDGES = (20.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0)
REDSHIFT_Z_EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0)

#: Faintest magnitude of the selections of distant galaxies that are scored.
SELECTION_MAG = 28.0

#: Faintest magnitude of the scores by the origin of rows; there are scores of all rows too.
ORIGIN_MAG = 28.0


@dataclass(frozen=True, eq=False)
class Report:
    """Scores of a catalogue against the truth.

    Attributes
    ----------
    band : str
        Band of all magnitudes.
    intervals : str
        Kind of the catalogue's intervals, "pdf" or "conformal"; their coverage is among the scores.
    n_detections, n_truth, n_matched : int
        Numbers of detections, true sources in the field, and one-to-one matches.
    detection : DetectionScores or None
        Completeness and purity; None if the truth has no magnitudes.
    redshifts : mapping of str to RedshiftScores
        Of matched true galaxies: "all", and brighter than each magnitude limit, such as "F444W < 27".
    by_magnitude, by_redshift : mapping of str to RedshiftScores
        In bins of the true magnitude and redshift, such as "26-27".
    by_origin : mapping of str to RedshiftScores
        By the origin of rows (matched, forced, new), all and brighter than `ORIGIN_MAG`; empty unless the catalogue is
        of a run with a reference.
    selections : tuple of SelectionScores
        Recall and purity of galaxies beyond each of `HIGH_REDSHIFTS`; empty if the truth has no magnitudes.
    star_completeness, star_purity : CountedFraction of length 1
        Of the matched true stars, the share called stars; of the matched detections called stars, the share of true
        stars.
    sample : RedshiftSample of length G
        The matched galaxies.
    magnitude : (G,) float64
        Their true magnitudes.
    matching : Matching
        Rows of the catalogue (left) and of the truth as given (right).
    listed : ListedRedshifts or None
        What became of the redshifts of a list: those left out, outside the field, without a partner in the catalogue,
        and scored; None for the truth of a simulation.
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
    listed: ListedRedshifts | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as JSON values.

        Returns
        -------
        dict
            Scores by name; numbers that do not exist are None.
        """
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
            "star_completeness": fraction_dict(self.star_completeness),
            "star_purity": fraction_dict(self.star_purity),
            **({"listed_redshifts": asdict(self.listed)} if self.listed else {}),
        }

    def tables(self) -> list[TextTable]:
        """Return the main scores as text.

        Returns
        -------
        list of TextTable
            Detection, redshifts, selections of distant galaxies, stars, and what became of the redshifts of a list.
        """
        tables = [] if self.detection is None else [detection_table(self.detection)]
        tables.append(redshift_table(self.redshifts))
        if self.by_origin:
            tables.append(redshift_table(self.by_origin, title="Redshifts by origin of the row"))
        if self.selections:
            tables.append(selection_table(self.selections, method="zpix", band=self.band))
        stars = (("true stars, called stars", self.star_completeness), ("called stars, true stars", self.star_purity))
        rows = [[name, fraction_text(f, 0), f"{f.count[0]}/{f.total[0]}"] for name, f in stars]
        tables.append(("Stars among the matched sources", ["sources", "fraction", "number"], rows))
        if self.listed is not None:
            tables.append(listed_table(self.listed.counts, quality_column=self.listed.quality_column))
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
        Catalogue of `zpix.run`.
    truth : Truth
        As read by `read_truth` with the same `band`.
    band : str, default: "F444W"
        Band of the magnitudes; must be in the catalogue.
    radius_arcsec : float, default: 0.2
        Largest separation of a match by position; see `match_truth`.
    min_iou : float, default: 0.3
        Least intersection over union of a match by boxes.
    shape : (int, int), pixels, optional
        Height and width of the field: true sources outside do not count. By default `mosaic_shape` of the catalogue's
        meta; without it, or without pixel positions in the truth, the rectangle of sky around the detections.
    matching : Matching, optional
        Matches made otherwise, for example by `match_segments`, in place of `match_truth`.
    seed : int, default: 0
        Seed of the bootstrap.

    Returns
    -------
    Report
        The scores.

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
    detection, selections = _score_found(catalogue, truth, matching, detected_mag, inside, band=band)
    rows, sample = _matched_galaxies(catalogue, truth, matching)
    magnitude = truth.magnitude[matching.right][np.isfinite(truth.z[matching.right])]
    rng = np.random.default_rng(seed)
    star_completeness, star_purity = _score_stars(catalogue, truth, matching)
    return Report(
        band=band,
        intervals=catalogue.meta.get("intervals", "pdf"),
        n_detections=len(catalogue),
        n_truth=int(inside.sum()),
        n_matched=len(matching),
        detection=detection,
        redshifts=score_below_limits(sample, magnitude, band, rng, with_limits=bool(np.isfinite(magnitude).any())),
        by_magnitude=score_bins(sample, magnitude, REDSHIFT_MAG_EDGES, rng),
        by_redshift=score_bins(sample, sample.z_true, REDSHIFT_Z_EDGES, rng),
        by_origin=_by_origin(catalogue, rows, sample, magnitude, rng, band=band),
        selections=selections,
        star_completeness=star_completeness,
        star_purity=star_purity,
        sample=sample,
        magnitude=magnitude,
        matching=matching,
        listed=_partners(truth, matching, inside),
    )


def write_report(path: str | Path, report: Report, *, inputs: Mapping[str, Any] | None = None) -> None:
    """Save the scores as JSON; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    report : Report
        The scores.
    inputs : mapping of str to JSON values, optional
        What was compared.
    """
    write_json(path, report.to_dict() | ({} if inputs is None else {"inputs": dict(inputs)}))


def score_below_limits(
    sample: RedshiftSample,
    magnitude: NDArray[np.float64],
    band: str,
    rng: np.random.Generator,
    *,
    with_limits: bool = True,
) -> dict[str, RedshiftScores]:
    """Score all sources, and those brighter than each magnitude limit.

    Parameters
    ----------
    sample : RedshiftSample of length G
        The sources.
    magnitude : (G,) float64
        Their magnitudes.
    band : str
        Band of the magnitudes.
    rng : numpy.random.Generator
        Draws the bootstrap resamples.
    with_limits : bool, default: True
        Whether there are scores below the limits.

    Returns
    -------
    dict of str to RedshiftScores
        "all", and such as "F444W < 27".
    """
    subsets = {"all": np.ones(len(sample), bool)}
    if with_limits:
        subsets |= {f"{band} < {limit:g}": magnitude < limit for limit in MAG_LIMITS}
    return {name: score_redshifts(sample[own], rng=rng) for name, own in subsets.items()}


def score_bins(
    sample: RedshiftSample,
    quantity: NDArray[np.float64],
    edges: tuple[float, ...],
    rng: np.random.Generator,
) -> dict[str, RedshiftScores]:
    """Score the sources in bins of a quantity.

    Parameters
    ----------
    sample : RedshiftSample of length G
        The sources.
    quantity : (G,) float64
        Their magnitudes or redshifts.
    edges : tuple of float
        Edges of the bins, increasing.
    rng : numpy.random.Generator
        Draws the bootstrap resamples.

    Returns
    -------
    dict of str to RedshiftScores
        By bin, such as "26-27"; bins without sources are left out.
    """
    scores = {}
    for low, high in pairwise(edges):
        own = (quantity >= low) & (quantity < high)
        if own.any():
            scores[f"{low:g}-{high:g}"] = score_redshifts(sample[own], rng=rng)
    return scores


def _score_found(
    catalogue: Catalogue,
    truth: Truth,
    matching: Matching,
    detected_mag: NDArray[np.float64],
    inside: NDArray[np.bool_],
    *,
    band: str,
) -> tuple[DetectionScores | None, tuple[SelectionScores, ...]]:
    """Detection scores and selections of distant galaxies; none if the truth has no magnitudes in the field."""
    if not np.isfinite(truth.magnitude[inside]).any():
        return None, ()
    detection = score_detection(
        matching, detected_mag=detected_mag, true_mag=truth.magnitude, in_field=inside, detectable=truth.detectable,
        band=band,
    )  # fmt: skip
    selections = tuple(
        score_selection(
            catalogue.redshift.probability_between(z, np.inf), matching, truth, z_limit=z, mag_limit=SELECTION_MAG,
            detected_mag=detected_mag, in_field=inside,
        )
        for z in HIGH_REDSHIFTS
    )  # fmt: skip
    return detection, selections


def _partners(truth: Truth, matching: Matching, inside: NDArray[np.bool_]) -> ListedRedshifts | None:
    """What became of the redshifts of a list, also in the field and in matching."""
    if truth.listed is None:
        return None
    known = np.isfinite(truth.z)
    scored = known & matching.right_matched
    counts = {
        "outside the field": int((known & ~inside & ~scored).sum()),
        "without a partner": int((known & inside & ~scored).sum()),
        "scored": int(scored.sum()),
    }
    return replace(truth.listed, counts={**truth.listed.counts, **counts})


def _matched_galaxies(
    catalogue: Catalogue, truth: Truth, matching: Matching
) -> tuple[NDArray[np.intp], RedshiftSample]:
    """Rows of the catalogue (G,) that match galaxies of known redshift, and their redshifts."""
    galaxy = np.isfinite(truth.z[matching.right])
    rows, partners = matching.left[galaxy], matching.right[galaxy]
    intervals = {share: np.stack([catalogue[end][rows] for end in ends], 1) for share, ends in INTERVALS.items()}
    sample = redshift_sample(
        catalogue.redshift[rows], catalogue["z_phot"][rows], truth.z[partners], intervals=intervals
    )
    return rows, sample


def _score_stars(catalogue: Catalogue, truth: Truth, matching: Matching) -> tuple[CountedFraction, CountedFraction]:
    """Completeness and purity of the class star among the matched sources."""
    true_star, called_star = truth.is_star[matching.right], catalogue["class"][matching.left] == "star"
    both = np.array([(true_star & called_star).sum()])
    return CountedFraction(both, np.array([true_star.sum()])), CountedFraction(both, np.array([called_star.sum()]))


def _by_origin(
    catalogue: Catalogue,
    rows: NDArray[np.intp],
    sample: RedshiftSample,
    magnitude: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    band: str,
) -> dict[str, RedshiftScores]:
    """Scores of the galaxies in some rows of a catalogue, by the origin of the rows."""
    scores: dict[str, RedshiftScores] = {}
    for origin in ("matched", "forced", "new") if "origin" in catalogue.columns else ():
        own = catalogue["origin"][rows] == origin
        bright = own & (magnitude < ORIGIN_MAG)
        for name, chosen in ((origin, own), (f"{origin}, {band} < {ORIGIN_MAG:g}", bright)):
            if chosen.any():
                scores[name] = score_redshifts(sample[chosen], rng=rng)
    return scores
