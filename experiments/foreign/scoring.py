"""How good is a model on fields of one kind of sky: redshifts, sources found, fragments, stars and flags?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

import zpix
from zpix.catalogue import Catalogue
from zpix.config import InferenceConfig
from zpix.evaluation import CountedFraction, RedshiftSample, Report, Truth, read_truth, score_catalogue, score_redshifts
from zpix.evaluation.redshifts import OUTLIER_LIMIT
from zpix.evaluation.score_json import scores_dict

BAND = "F444W"
LIMITS = (27.0, 28.0)  # F444W magnitudes of the redshifts that are scored
EDGES = (20.0, 22.0, 24.0, 26.0, 27.0, 28.0)  # F444W magnitudes of the sources that are counted
_WITHIN_ARCSEC = 0.05


@dataclass(frozen=True)
class SearchedField:
    """A field with what one model found in it.

    Attributes
    ----------
    catalogue : Catalogue
        N detections.
    truth : Truth
        True sources.
    report : Report
        The catalogue scored against the truth.
    inside : (N,) int
        Number of the true segment on which each detection lies; 0 for empty sky.
    """

    catalogue: Catalogue
    truth: Truth
    report: Report
    inside: NDArray[np.int64]


def search(field: Path, model: Path, out: Path, *, conformal: bool = False) -> SearchedField:
    """Search a field, unless that is done, and score it; intervals of the catalogue may be conformal ones."""
    if not (out / "run.json").is_file():
        config = InferenceConfig(intervals="conformal" if conformal else "pdf")
        zpix.write_run(field, out=out, model=model, config=config, overwrite=True)
    catalogue = zpix.read_catalogue(out / "catalogue.parquet")
    truth = read_truth(field / "truth.fits", band=BAND)
    segments = fits.getdata(field / "segmentation.fits")
    rows, columns = (
        np.clip(np.rint(catalogue[name]).astype(int), 0, length - 1)
        for name, length in zip(("y", "x"), segments.shape, strict=True)
    )
    return SearchedField(catalogue, truth, score_catalogue(catalogue, truth, band=BAND), segments[rows, columns])


def score(searched: Sequence[SearchedField]) -> dict[str, Any]:
    """Score fields of one kind as one, as JSON values."""
    sample = RedshiftSample.concatenate([one.report.sample for one in searched])
    magnitude = np.concatenate([one.report.magnitude for one in searched])
    redshifts = {
        f"F444W < {limit:g}": score_redshifts(sample[magnitude < limit], rng=np.random.default_rng(0))
        for limit in LIMITS
    }
    return {
        "redshifts": scores_dict(redshifts),
        "flags": _flags(searched),
        "detection": {
            "F444W": [list(pair) for pair in pairwise(EDGES)],
            "completeness": _total([_by_magnitude(one, "completeness") for one in searched]),
            "purity": _total([_by_magnitude(one, "purity") for one in searched]),
            "fragments": _total([_by_magnitude(one, "fragments") for one in searched]),
            "within 0.05 arcsec": _total([_by_magnitude(one, "positions") for one in searched]),
            "bright stars found once and called stars": _total([_bright_stars(one) for one in searched]),
        },
    }


def inside_intervals(searched: Sequence[SearchedField]) -> dict[str, float | int]:
    """Share of galaxies (F444W < 28) whose redshift lies in the intervals of the catalogue."""
    inside: dict[str, list[NDArray[np.bool_]]] = {"in 68 %": [], "in 95 %": []}
    for one in searched:
        left, right = one.report.matching.left, one.report.matching.right
        z = one.truth.z[right]
        counted = np.isfinite(z) & (one.truth.magnitude[right] < LIMITS[-1])
        for name, ends in zip(inside, (("z160", "z840"), ("z025", "z975")), strict=True):
            low, high = (np.asarray(one.catalogue[end])[left] for end in ends)
            inside[name].append(((z >= low) & (z <= high))[counted])
    shares = {name: np.concatenate(own) for name, own in inside.items()}
    return {"count": len(shares["in 68 %"]), **{name: float(own.mean()) for name, own in shares.items()}}


def _by_magnitude(one: SearchedField, kind: str) -> CountedFraction:
    """Count in bins of `EDGES`, by true magnitude or, for purity and fragments, by detected magnitude."""
    matching, truth = one.report.matching, one.truth
    if kind in ("purity", "fragments"):
        magnitude = one.catalogue.magnitude(BAND)
        matched = matching.left_matched
        counted = matched if kind == "purity" else ~matched & (one.inside > 0)
    elif kind == "completeness":
        magnitude, counted = truth.magnitude, matching.right_matched
    else:
        left, right = matching.left, matching.right
        magnitude = truth.magnitude[right]
        east = (one.catalogue["ra"][left] - truth.ra[right]) * np.cos(np.deg2rad(truth.dec[right]))
        counted = 3600 * np.hypot(east, one.catalogue["dec"][left] - truth.dec[right]) < _WITHIN_ARCSEC
    total = np.histogram(magnitude, EDGES)[0]
    return CountedFraction(np.histogram(magnitude[counted], EDGES)[0], total)


def _bright_stars(one: SearchedField) -> CountedFraction:
    """Count stars brighter than 22 that have a segment, and those found once and called stars."""
    truth, matching = one.truth, one.report.matching
    bright = np.flatnonzero(truth.is_star & (truth.magnitude < 22) & np.isfinite(truth.box[:, 0]))
    detection = np.full(len(truth.z), -1)
    detection[matching.right] = matching.left
    good = 0
    for star in bright:
        x0, y0, x1, y1 = truth.box[star]
        x, y = one.catalogue["x"], one.catalogue["y"]
        # the stars' own segment has the value at their place; pieces of it are detections on the same segment
        own = one.inside == one.inside[detection[star]] if detection[star] >= 0 else np.zeros(len(x), bool)
        pieces = own & (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        good += bool(detection[star] >= 0 and pieces.sum() == 1 and one.catalogue["p_star"][detection[star]] > 0.5)
    return CountedFraction(np.array([good]), np.array([len(bright)]))


def _flags(searched: Sequence[SearchedField]) -> dict[str, float]:
    """Share of galaxies (F444W < 28) with OUTSIDE_TRAINING, and outliers with and without."""
    flagged, wrong = [], []
    for one in searched:
        report = one.report
        galaxies = np.isfinite(one.truth.z[report.matching.right])
        own = one.catalogue["flags"][report.matching.left[galaxies]] & zpix.flag_value("OUTSIDE_TRAINING")
        bright = report.magnitude < LIMITS[-1]
        flagged.append((own > 0)[bright])
        wrong.append((np.abs(report.sample.error) > OUTLIER_LIMIT)[bright])
    outside, outlier = np.concatenate(flagged), np.concatenate(wrong)
    return {
        "OUTSIDE_TRAINING": float(outside.mean()),
        "outliers with it": float(outlier[outside].mean()) if outside.any() else float("nan"),
        "outliers without it": float(outlier[~outside].mean()) if (~outside).any() else float("nan"),
        "share of outliers that have it": float(outside[outlier].mean()) if outlier.any() else float("nan"),
    }


def _total(parts: Sequence[CountedFraction]) -> dict[str, list[float | int]]:
    """Counts of all fields together, and their fractions, as JSON values."""
    whole = CountedFraction.together(parts)
    return {
        "count": whole.count.tolist(),
        "total": whole.total.tolist(),
        "value": np.nan_to_num(whole.value, nan=-1).round(4).tolist(),
        "error": np.nan_to_num(whole.error, nan=-1).round(4).tolist(),
    }
