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
BRIGHT_STARS = 22.0  # F444W magnitude
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
    segment : (M,) int
        Number of the true segment at the place of each true source; -1 beyond the field.
    """

    catalogue: Catalogue
    truth: Truth
    report: Report
    inside: NDArray[np.int64]
    segment: NDArray[np.int64]


def search(field: Path, model: Path, out: Path, *, conformal: bool = False) -> SearchedField:
    """Search a field, unless that is done, and score it; intervals of the catalogue may be conformal ones."""
    if not (out / "run.json").is_file():
        config = InferenceConfig(intervals="conformal" if conformal else "pdf")
        zpix.write_run(field, out=out, model=model, config=config, overwrite=True)
    catalogue = zpix.read_catalogue(out / "catalogue.parquet")
    truth = read_truth(field / "truth.fits", band=BAND)
    segments = np.asarray(fits.getdata(field / "segmentation.fits")).astype(np.int64)
    inside = _at(segments, np.column_stack([catalogue["x"], catalogue["y"]]), nearest=True)
    report = score_catalogue(catalogue, truth, band=BAND)
    return SearchedField(catalogue, truth, report, inside, _at(segments, truth.xy))


def _at(segments: NDArray[np.int64], xy: NDArray[np.float64], *, nearest: bool = False) -> NDArray[np.int64]:
    """Values of a map at places (N, 2); -1, or if wished the nearest value, beyond it."""
    places = np.rint(xy).astype(int)[:, ::-1]
    within = np.clip(places, 0, np.array(segments.shape) - 1)
    there = nearest | (within == places).all(1)
    return np.where(there, segments[tuple(within.T)], -1)


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
            "bright stars found, and once and called stars": _total([bright_stars(one) for one in searched]),
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


def bright_stars(one: SearchedField, *, brightest: float = -np.inf, faintest: float = BRIGHT_STARS) -> CountedFraction:
    """Count bright stars in the field: those found, and those found once and called stars."""
    truth, matching = one.truth, one.report.matching
    counted = truth.is_star & (truth.magnitude >= brightest) & (truth.magnitude < faintest)
    bright = np.flatnonzero(counted & (one.segment >= 0))
    detection = np.full(len(truth.z), -1)
    detection[matching.right] = matching.left
    pieces = one.inside[~matching.left_matched]  # nobody else's
    count = np.zeros(2, int)
    for star in bright[detection[bright] >= 0]:
        once = not np.any(pieces == one.segment[star])
        count += 1, bool(once and one.catalogue["p_star"][detection[star]] > 0.5)
    return CountedFraction(count, np.full(2, len(bright)))


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
