"""Does zpix reach its aims against template fitting and against the ceiling, and which redshifts are wrong?

    python experiments/ceiling.py --out ceiling.json --galaxies 727000 --epochs 10
    python experiments/marks.py --out marks --seeds 90071 90072 90073 --rival corr_sfhz_13.param --rival 4590.fits \
        --ceiling ceiling.json
    python experiments/write_tables.py marks/marks.json

Fields are simulated unless they exist, searched by zpix and by photutils, and scored on the same galaxies, each field
alone and all together. All scores are written to `marks.json`. Exit code 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from astropy.table import Table
from numpy.typing import NDArray

import zpix
from zpix.evaluation import (
    HIGH_REDSHIFTS,
    Comparison,
    CountedFraction,
    RedshiftSample,
    RedshiftScores,
    Report,
    score_redshifts,
)
from zpix.evaluation.detection_scores import MAG_LIMITS
from zpix.evaluation.score_json import scores_dict
from zpix.outputs import write_json
from zpix.sources import GALAXY
from zpix.speed.machine import this_machine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.ceiling import EXTENDED
from experiments.markdown import print_table
from experiments.write_tables import results_text

BRIGHT, FAINTEST_FOUND = 28.0, 28.5  # F444W magnitudes of the aims
LIMITS = (27.0, 28.0)  # of the redshifts that are scored
OWN = "simulation's templates"
EDGES = {
    "F444W": (20.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0),
    "redshift": (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 15.0),
    "S/N of the segment": (5.0, 10.0, 20.0, 50.0, 100.0, 1000.0, np.inf),
    "foreign light": (0.0, 0.01, 0.05, 0.2, 1.0),  # share of a segment's light that is of other sources
    "half-light radius": (0.0, 0.1, 0.15, 0.2, 0.3, np.inf),  # arcsec
}
#: Foreign light and size beyond which a galaxy is blended or extended; about half of the galaxies at the limit are.
HALVES = {"foreign light": 0.05, "half-light radius": EXTENDED}
_CEILING = ("sigma_nmad", "outlier_fraction")
_SCORES = ("bias", "sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95", "crps")


@dataclass(frozen=True)
class Field:
    """One field: all methods on the same galaxies, and zpix on all that it found.

    Attributes
    ----------
    comparison : Comparison
        All methods on the same galaxies.
    report : Report
        zpix on all galaxies that it found, G in all.
    quantities : dict of str to (G,) float64
        What redshifts may depend on, by the names of `EDGES`.
    spectroscopic : (G,) bool
        Whether a spectroscopic survey would have measured the galaxy.
    model : str
        Name of the model.
    """

    comparison: Comparison
    report: Report
    quantities: dict[str, NDArray[np.float64]]
    spectroscopic: NDArray[np.bool_]
    model: str


@dataclass(frozen=True)
class Mark:
    """An aim: a score in each column, the last of which is of all fields together, and its intended range."""

    name: str
    values: tuple[float, ...]
    low: float = -np.inf
    high: float = np.inf

    @property
    def met(self) -> bool:
        """Whether the score of all fields together is in the range."""
        return self.low <= self.values[-1] <= self.high

    def to_dict(self) -> dict[str, Any]:
        """Return the aim as JSON values; numbers that do not exist and open ends are None."""
        values = [finite(value) for value in self.values]
        return {
            "name": self.name, "values": values, "low": finite(self.low), "high": finite(self.high),
            "met": bool(self.met),
        }  # fmt: skip


def main() -> None:
    """Measure every field, write the scores and print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory of fields and results")
    options.add_argument("--seeds", type=int, nargs="+", required=True, help="one field each, seen by no model")
    options.add_argument(
        "--rival", type=Path, action="append", required=True, help="EAZY templates, as for zpix compare"
    )
    options.add_argument("--ceiling", type=Path, required=True, help="JSON file of experiments/ceiling.py")
    options.add_argument("--size", type=int, default=2048, help="side of a field in pixels")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--workers", type=int, default=2, help="processes that simulate")
    asked = options.parse_args()
    settings = {"size": asked.size, "rival": asked.rival, "model": asked.model, "workers": asked.workers}
    measured = [measure(asked.out / str(seed), seed, **settings) for seed in asked.seeds]
    ceiling = json.loads(asked.ceiling.read_text())["scores"]
    found = result(measured, ceiling, seeds=asked.seeds, size=asked.size)
    write_json(asked.out / "marks.json", found)
    print(results_text(found), end="\n\n")
    print_dependence(measured)
    print_halves(measured, ceiling)
    missed = [aim["name"] for aim in found["aims"] if not aim["met"]]
    print(f"missed: {', '.join(missed)}" if missed else "every aim is met")
    sys.exit(bool(missed))


def measure(place: Path, seed: int, *, size: int, rival: Sequence[Path], model: Path | None, workers: int) -> Field:
    """Simulate one field, search it with all methods, and score."""
    field = place / "field"
    if not (field / "simulation.json").is_file():
        zpix.simulate(field, size_pix=size, seed=seed, workers=workers)
    found = zpix.run(field, out=place / "result", model=model, overwrite=True)
    catalogue, truth = place / "result" / "catalogue.fits", field / "truth.fits"
    report = zpix.evaluate(catalogue, truth, out=place / "evaluation", overwrite=True)
    comparison = zpix.compare(field, out=place / "comparison", templates=rival, model=model, overwrite=True)
    table = Table.read(truth)
    matched = report.matching.right
    rows = matched[np.asarray(table["label"])[matched] == GALAXY]
    quantities = {
        "F444W": report.magnitude,
        "redshift": report.sample.z_true,
        "S/N of the segment": np.asarray(table["snr"], float)[rows],
        "foreign light": np.asarray(table["blendedness"], float)[rows],
        "half-light radius": np.asarray(table["re_arcsec"], float)[rows],
    }
    spectroscopic = np.isfinite(np.asarray(table["z_spec"], float)[rows])
    return Field(comparison, report, quantities, spectroscopic, str(found.meta["model"]))


def result(measured: Sequence[Field], ceiling: Mapping[str, Any], *, seeds: Sequence[int], size: int) -> dict[str, Any]:
    """Collect the scores of all fields together, with all that the pages show, as JSON values."""
    columns = [[one] for one in measured] + [list(measured)]
    machine = this_machine(torch.device("cpu"))
    first = measured[0].comparison
    by_limit = {f"{limit:g}": scores_dict(compared(measured, limit)) for limit in LIMITS}
    return {
        "about": {
            "model": measured[0].model,
            "zpix": version("zpix"),
            "date": date.today().isoformat(),
            "machine": f"{machine.processor}, {machine.cores} cores",
            "seeds": list(seeds),
            "size_pix": size,
        },
        "detection": {
            name: {
                f"{limit:g}": {kind: detected(measured, name, kind, limit) for kind in ("completeness", "purity")}
                for limit in MAG_LIMITS
            }
            for name in first.detection
        },
        "redshifts": {
            method: {limit: scores[method] for limit, scores in by_limit.items()} for method in first.samples
        },
        "spectroscopic": scores_dict({"": spectroscopic(measured)})[""],
        "selections": {
            method: {
                f"{z:g}": {kind: selected(measured, method, row, kind) for kind in ("recall", "purity")}
                for row, z in enumerate(HIGH_REDSHIFTS)
            }
            for method in first.selections
        },
        "ceiling": {name: ceiling[f"< {BRIGHT:g}"][name] for name in _CEILING},
        "aims": [mark.to_dict() for mark in marks(columns, ceiling[f"< {BRIGHT:g}"])],
    }


def marks(columns: Sequence[Sequence[Field]], ceiling: Mapping[str, Any]) -> Iterable[Mark]:
    """Yield all aims, for the fields of each column taken together."""
    scores = [compared(fields, BRIGHT) for fields in columns]
    methods = list(scores[0])
    outside = next(name for name in methods if name not in ("zpix", OWN) and "perfect" not in name)

    def ratio(name: str, rival: str) -> tuple[float, ...]:
        """Score of zpix over that of a rival, of each column."""
        return tuple(getattr(s["zpix"], name).value / getattr(s[rival], name).value for s in scores)

    def to_ceiling(name: str) -> tuple[float, ...]:
        """Score of zpix over that of the ceiling, of each column."""
        return tuple(getattr(s["zpix"], name).value / ceiling[name]["value"] for s in scores)

    def own(name: str) -> tuple[float, ...]:
        """Score of zpix of each column."""
        return tuple(getattr(s["zpix"], name).value for s in scores)

    below = f"F444W < {BRIGHT:g}"
    yield Mark(f"σ_NMAD over that of the {outside}, {below}", ratio("sigma_nmad", outside), high=0.7)
    yield Mark(f"outliers over those of the {outside}", ratio("outlier_fraction", outside), high=0.5)
    yield Mark(f"σ_NMAD over that of the {OWN}", ratio("sigma_nmad", OWN), high=1.0)
    yield Mark(f"outliers over those of the {OWN}", ratio("outlier_fraction", OWN), high=1.0)
    yield Mark("σ_NMAD over the ceiling's", to_ceiling("sigma_nmad"), high=1.3)
    yield Mark("outliers over the ceiling's", to_ceiling("outlier_fraction"), high=1.5)
    measured = [spectroscopic(fields) for fields in columns]
    yield Mark("σ_NMAD, spectroscopic-like", tuple(s.sigma_nmad.value for s in measured), high=0.03)
    yield Mark("outliers, spectroscopic-like", tuple(s.outlier_fraction.value for s in measured), high=0.05)
    yield Mark("PIT KS", own("pit_ks"), high=0.03)
    yield Mark("inside 68 %", own("coverage_68"), low=0.66, high=0.70)
    yield Mark("inside 95 %", own("coverage_95"), low=0.94, high=0.96)
    for name, title in (("crps", "CRPS"), ("cde_loss", "CDE loss")):
        best = tuple(min(getattr(s[rival], name).value for rival in (outside, OWN)) for s in scores)
        yield Mark(f"{title} less the best rival's", tuple(np.subtract(own(name), best)), high=0.0)
    yield from _counted_marks(columns)


def _counted_marks(columns: Sequence[Sequence[Field]]) -> Iterable[Mark]:
    """Yield the aims of distant galaxies and of detection."""
    for row, z in enumerate(HIGH_REDSHIFTS):
        for kind, least in (("recall", 0.9), ("purity", 0.8)):
            values = tuple(_value(selected(fields, "zpix", row, kind)) for fields in columns)
            yield Mark(f"{kind}, z > {z:g}", values, low=least)
    for kind in ("completeness", "purity"):
        ours, theirs = (
            tuple(_value(detected(fields, method, kind, FAINTEST_FOUND)) for fields in columns)
            for method in ("zpix", "photutils")
        )
        yield Mark(f"{kind}, F444W < {FAINTEST_FOUND:g}", ours, low=0.93)
        yield Mark(f"{kind} less that of photutils", tuple(np.subtract(ours, theirs)), low=0.0)


def compared(measured: Sequence[Field], limit: float) -> dict[str, RedshiftScores]:
    """Score every method on the galaxies brighter than a limit that all have found."""
    return {
        method: score([one.comparison.samples[method][one.comparison.magnitude < limit] for one in measured])
        for method in measured[0].comparison.samples
    }


def spectroscopic(measured: Sequence[Field]) -> RedshiftScores:
    """Score zpix on galaxies that a spectroscopic survey would have measured."""
    return score([one.report.sample[one.spectroscopic] for one in measured])


def score(samples: Sequence[RedshiftSample]) -> RedshiftScores:
    """Score several samples as one."""
    return score_redshifts(RedshiftSample.concatenate(samples), rng=np.random.default_rng(0))


def selected(measured: Sequence[Field], method: str, row: int, kind: str) -> dict[str, Any]:
    """Count the recall or purity of a selection of distant galaxies, as JSON values."""
    return counted([getattr(one.comparison.selections[method][row], kind) for one in measured])


def detected(measured: Sequence[Field], method: str, kind: str, limit: float) -> dict[str, Any]:
    """Count the completeness or purity of a detection method down to a limit, as JSON values."""
    row = [MAG_LIMITS.index(limit)]
    parts: list[CountedFraction] = [getattr(one.comparison.detection[method], f"{kind}_below") for one in measured]
    return counted([part[np.array(row)] for part in parts])


def counted(parts: Sequence[CountedFraction]) -> dict[str, Any]:
    """Count one fraction of several fields as one, as JSON values; value and error are None of nothing."""
    whole = CountedFraction.together(parts)
    count, total = int(whole.count[0]), int(whole.total[0])
    if not total:
        return {"count": 0, "total": 0, "value": None, "error": None}
    return {"count": count, "total": total, "value": count / total, "error": float(whole.error[0])}


def finite(value: float) -> float | None:
    """Return a number for JSON, None where there is none."""
    return float(value) if math.isfinite(value) else None


def _value(fraction: Mapping[str, Any]) -> float:
    """The fraction, NaN where nothing was counted."""
    return math.nan if fraction["value"] is None else float(fraction["value"])


def print_dependence(measured: Sequence[Field]) -> None:
    """Print scores of zpix on all that it found brighter than the limit, in bins of what they may depend on."""
    for quantity, edges in EDGES.items():
        lines = []
        for low, high in pairwise(edges):
            samples = []
            for one in measured:
                value, limit = one.quantities[quantity], np.inf if quantity == "F444W" else BRIGHT
                rows = (value >= low) & (value < high) & (one.report.magnitude < limit)
                samples.append(one.report.sample[rows])
            if sum(map(len, samples)):
                scores = score(samples)
                lines.append([f"{low:g} to {high:g}", str(scores.count), *texts(scores, _SCORES)])
        print_table([quantity, "galaxies", "bias", "σ_NMAD", "outliers", "in 68 %", "in 95 %", "CRPS"], lines)


def print_halves(measured: Sequence[Field], ceiling: Mapping[str, Any]) -> None:
    """Print scores of zpix at equal magnitude on blended and extended galaxies and on others, beside the ceiling."""
    lines = []
    halves = [half for name, middle in HALVES.items() for half in ((name, 0.0, middle), (name, middle, np.inf))]
    for name, low, high in (("< 27", 0.0, 27.0), ("27-28", 27.0, 28.0)):
        for quantity, least, most in halves:
            samples = []
            for one in measured:
                value, magnitude = one.quantities[quantity], one.report.magnitude
                rows = (value >= least) & (value < most) & (magnitude >= low) & (magnitude < high)
                samples.append(one.report.sample[rows])
            scores = score(samples)
            ratios = [f"{getattr(scores, column).value / ceiling[name][column]['value']:.2f}" for column in _CEILING]
            title = f"{quantity} " + (f"≥ {least:g}" if least else f"< {most:g}")
            lines.append([name, title, str(scores.count), *texts(scores, _CEILING), *ratios])
    print_table(["F444W", "", "galaxies", "σ_NMAD", "outliers", "σ_NMAD over the ceiling's", "outliers"], lines)


def texts(scores: RedshiftScores, names: Iterable[str]) -> list[str]:
    """Format scores with their errors."""
    return [f"{getattr(scores, name).value:.3f} ± {getattr(scores, name).error:.3f}" for name in names]


if __name__ == "__main__":
    main()
