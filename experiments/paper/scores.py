"""How good is a model on fields that it has not seen, for galaxies with spectra and for all?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import zpix
from zpix.config import InferenceConfig
from zpix.detector import load_checkpoint
from zpix.evaluation import (
    CountedFraction,
    RedshiftSample,
    in_field,
    read_truth,
    score_catalogue,
    score_redshifts,
)
from zpix.evaluation.score_json import scores_dict
from zpix.sources.rows import Rows
from zpix.sources.source_table import read_source_table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from experiments.markdown import with_error

BAND, FAINTEST = "F444W", 28.0


@dataclass(frozen=True, eq=False)
class TrueGalaxies(Rows):
    """The G true galaxies of some fields.

    Attributes
    ----------
    magnitude : (G,) float64
        F444W magnitude.
    measured : (G,) bool
        Whether a spectroscopic survey would have measured the redshift.
    """

    magnitude: NDArray[np.float64]
    measured: NDArray[np.bool_]


#: Samples of galaxies that are scored; those that a spectroscopic survey chooses are not typical.
SAMPLES: dict[str, Callable[[TrueGalaxies], NDArray[np.bool_]]] = {
    "galaxies that have spectra": lambda true: true.measured,
    f"galaxies that have spectra, {BAND} < {FAINTEST:g}": lambda true: true.measured & (true.magnitude < FAINTEST),
    f"all galaxies, {BAND} < {FAINTEST:g}": lambda true: true.magnitude < FAINTEST,
}
SCORES = {
    "bias": "bias",
    "sigma_nmad": "σ_NMAD",
    "outlier_fraction": "outliers",
    "coverage_68": "in 68 %",
    "coverage_95": "in 95 %",
    "crps": "CRPS",
}


def search(
    model: Path | None, places: Sequence[Path], *, out: Path, config: InferenceConfig, seed: int = 0
) -> dict[str, Any]:
    """Search fields with a model and score it; existing catalogues in `out` are read again.

    Returns
    -------
    dict
        JSON values: `redshifts`, the scores of each of `SAMPLES` with `true`, the number of its true galaxies;
        `completeness` and `purity` of all sources with F444W < 28.
    """
    true, found, samples, detection = [], [], [], []
    for place in places:
        own = out / f"found-{place.name}"
        if (own / "catalogue.fits").is_file():
            catalogue = zpix.read_catalogue(own)
        else:
            catalogue = zpix.run(place, out=own, model=model, config=config)
        truth = read_truth(place / "truth.fits", band=BAND)
        measured = np.isfinite(read_source_table(place / "truth.fits").number("z_spec"))
        report = score_catalogue(catalogue, truth, band=BAND)
        galaxies = np.isfinite(truth.z)
        inside = galaxies & in_field(catalogue, truth)
        partner = report.matching.right[galaxies[report.matching.right]]  # of each row of the report's sample
        counts = inside[partner]
        true.append(TrueGalaxies(truth.magnitude[inside], measured[inside]))
        found.append(TrueGalaxies(truth.magnitude[partner[counts]], measured[partner[counts]]))
        samples.append(report.sample[counts])
        detection.append(report.detection)
    sample = RedshiftSample.concatenate(samples)
    redshifts = {}
    for name, chosen in SAMPLES.items():
        rows = np.concatenate([chosen(part) for part in found])
        scores = score_redshifts(sample[rows], rng=np.random.default_rng(seed))
        redshifts |= scores_dict({name: scores})
        redshifts[name]["true"] = int(sum(chosen(part).sum() for part in true))
    limit = np.flatnonzero(detection[0].mag_limits == FAINTEST)
    fractions = {
        name: counted([getattr(scores, f"{name}_below")[limit] for scores in detection])
        for name in ("completeness", "purity")
    }
    return {"redshifts": redshifts, **fractions}


def redshift_cells(scores: dict[str, Any]) -> list[str]:
    """Format the number of galaxies found, of how many, and each of `SCORES` with its error."""
    return [f"{scores['count']} of {scores['true']}", *(with_error(scores[name]) for name in SCORES)]


def training_facts(model: Path) -> dict[str, Any]:
    """Return seconds, epochs and last losses of the training of a model, as JSON values."""
    about = load_checkpoint(model).about
    return {"seconds": about.seconds, "epochs": about.epochs, "losses": about.losses}


def loss_cells(row: dict[str, Any]) -> list[str]:
    """Format the sums of the last losses on training and on validation tiles, and the redshift part of the latter."""
    last = {losses["split"]: losses for losses in row["losses"]}
    parts = [name for name in last["train"] if name not in ("epoch", "split", "rate")]
    cells = {split: f"{sum(losses[name] for name in parts):.3f}" for split, losses in last.items()}
    if "validation" not in last:
        return [cells["train"], "-", "-"]
    return [*cells.values(), f"{last['validation']['redshift']:.3f}"]


def detection_cells(row: dict[str, Any]) -> list[str]:
    """Format completeness and purity of all sources with F444W < 28."""
    return [with_error(row[name]) for name in ("completeness", "purity")]


def counted(parts: Sequence[CountedFraction]) -> dict[str, Any]:
    """Count one fraction of several fields as one, as JSON values; value and error are None of nothing."""
    whole = CountedFraction.together(parts)
    count, total = int(whole.count[0]), int(whole.total[0])
    if not total:
        return {"count": 0, "total": 0, "value": None, "error": None}
    return {"count": count, "total": total, "value": count / total, "error": float(whole.error[0])}
