"""Does zpix meet its marks against template fitting and against the ceiling, and where does it fail?

    python experiments/ceiling.py --out ceiling.json --galaxies 166000 --epochs 40
    python experiments/marks.py --out marks --seeds 90071 90072 90073 --rival corr_sfhz_13.param --rival 4590.fits \
        --ceiling ceiling.json

Fields are simulated (those that are there stay), searched by zpix and by the rival, and scored on the same galaxies,
each alone and all together. Exit code 1 if a mark is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

import zpix
from zpix.evaluation import Comparison, CountedFraction, RedshiftSample, RedshiftScores, Report, score_redshifts
from zpix.evaluation.detection_scores import MAG_LIMITS
from zpix.jobs.compare import compare_with_rival
from zpix.sources import GALAXY

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.ceiling import EXTENDED
from experiments.paper.scores import print_table

BRIGHT, FAINTEST_FOUND = 28.0, 28.5  # F444W magnitudes that the marks are for
OWN = "simulation's templates"
EDGES = {
    "F444W": (20.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0),
    "redshift": (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 15.0),
    "S/N of the segment": (5.0, 10.0, 20.0, 50.0, 100.0, 1000.0, np.inf),
    "foreign light": (0.0, 0.01, 0.05, 0.2, 1.0),  # share of a segment's light that is not its own
    "half-light radius": (0.0, 0.1, 0.15, 0.2, 0.3, np.inf),  # arcsec
}
#: From where a galaxy is blended, and extended: of those at the limit about half are.
HALVES = {"foreign light": 0.05, "half-light radius": EXTENDED}
_CEILING = ("sigma_nmad", "outlier_fraction")
_SCORES = ("bias", "sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95", "crps")


@dataclass(frozen=True)
class Field:
    """One field: both contestants on the same galaxies, and zpix on all that it found.

    quantities : of the matched galaxies of `report.sample`, by the names of `EDGES`
    spectroscopic : (G,) bool, which of them a survey would have measured
    """

    comparison: Comparison
    report: Report
    quantities: dict[str, NDArray[np.float64]]
    spectroscopic: NDArray[np.bool_]


@dataclass(frozen=True)
class Mark:
    """What is measured, its value in each column, and the range that it has to be in."""

    name: str
    values: tuple[float, ...]
    low: float = -np.inf
    high: float = np.inf

    @property
    def met(self) -> bool:
        """Of all fields together, which are the last column."""
        return self.low <= self.values[-1] <= self.high

    def row(self) -> list[str]:
        """As text."""
        ends = [("≥", self.low), ("≤", self.high)]
        wanted = " and ".join(f"{sign} {end:g}" for sign, end in ends if np.isfinite(end))
        return [self.name, *(f"{value:.3f}" for value in self.values), wanted, "yes" if self.met else "no"]


def main() -> None:
    """Measure every field and print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory of fields and results")
    options.add_argument("--seeds", type=int, nargs="+", required=True, help="one field each, seen by no model")
    options.add_argument(
        "--rival", type=Path, action="append", required=True, help="EAZY templates, as for zpix evaluate"
    )
    options.add_argument("--ceiling", type=Path, required=True, help="JSON file of experiments/ceiling.py")
    options.add_argument("--size", type=int, default=2048, help="side of a field in pixels")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--workers", type=int, default=2, help="processes that simulate")
    asked = options.parse_args()
    settings = {"size": asked.size, "rival": asked.rival, "model": asked.model, "workers": asked.workers}
    measured = [measure(asked.out / str(seed), seed, **settings) for seed in asked.seeds]
    ceiling = json.loads(asked.ceiling.read_text())["scores"]
    columns = [[one] for one in measured] + [measured]
    found = list(marks(columns, ceiling[f"< {BRIGHT:g}"]))
    print_table(["", *map(str, asked.seeds), "together", "mark", "met"], [mark.row() for mark in found])
    print_methods(measured)
    print_dependence(measured)
    print_halves(measured, ceiling)
    missed = [mark.name for mark in found if not mark.met]
    print(f"missed: {', '.join(missed)}" if missed else "every mark is met")
    sys.exit(bool(missed))


def measure(place: Path, seed: int, *, size: int, rival: Sequence[Path], model: Path | None, workers: int) -> Field:
    """Simulate one field, search it with both, and score."""
    field = place / "field"
    if not (field / "simulation.json").is_file():
        zpix.simulate(field, size_pix=size, seed=seed, workers=workers)
    zpix.run(field, out=place / "result", model=model, overwrite=True)
    catalogue, truth = place / "result" / "catalogue.fits", field / "truth.fits"
    report = zpix.evaluate(catalogue, truth, out=place / "evaluation")
    comparison = compare_with_rival(field, out=place / "comparison", templates=rival, model=model, overwrite=True)
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
    return Field(comparison, report, quantities, np.isfinite(np.asarray(table["z_spec"], float)[rows]))


def marks(columns: Sequence[Sequence[Field]], ceiling: dict) -> Iterable[Mark]:
    """All that is asked, of each column's fields taken together."""
    scores = [compared(fields) for fields in columns]
    methods = list(scores[0])
    outside = next(name for name in methods if name not in ("zpix", OWN) and "perfect" not in name)

    def ratio(name: str, rival: str) -> tuple[float, ...]:
        return tuple(getattr(s["zpix"], name).value / getattr(s[rival], name).value for s in scores)

    def to_ceiling(name: str) -> tuple[float, ...]:
        return tuple(getattr(s["zpix"], name).value / ceiling[name]["value"] for s in scores)

    def own(name: str) -> tuple[float, ...]:
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
    for index, z in enumerate(one.z_limit for one in columns[0][0].report.selections):
        if z in (6.0, 10.0):
            for name, least in (("recall", 0.9), ("purity", 0.8)):
                yield Mark(f"{name}, z > {z:g}", tuple(selected(fields, index, name) for fields in columns), low=least)
    for name in ("completeness", "purity"):
        zpix_found, theirs = (
            tuple(found(fields, method, name) for fields in columns) for method in ("zpix", "photutils")
        )
        yield Mark(f"{name}, F444W < {FAINTEST_FOUND:g}", zpix_found, low=0.93)
        yield Mark(f"{name} less that of photutils", tuple(np.subtract(zpix_found, theirs)), low=0.0)


def compared(measured: Sequence[Field]) -> dict[str, RedshiftScores]:
    """Scores of every method on the bright galaxies that all have found."""
    return {
        method: score([one.comparison.samples[method][one.comparison.magnitude < BRIGHT] for one in measured])
        for method in measured[0].comparison.samples
    }


def spectroscopic(measured: Sequence[Field]) -> RedshiftScores:
    """Scores of zpix on galaxies that a spectroscopic survey would have measured."""
    return score([one.report.sample[one.spectroscopic] for one in measured])


def score(samples: Sequence[RedshiftSample]) -> RedshiftScores:
    """Scores of some samples as one."""
    columns = [np.concatenate([getattr(sample, f.name) for sample in samples]) for f in fields(RedshiftSample)]
    return score_redshifts(RedshiftSample(*columns), rng=np.random.default_rng(0))


def selected(measured: Sequence[Field], index: int, name: str) -> float:
    """Recall or purity of a selection of distant galaxies; NaN if there are none."""
    return together([getattr(one.report.selections[index], name) for one in measured])


def found(measured: Sequence[Field], method: str, name: str) -> float:
    """Completeness or purity of a detector down to the limit."""
    row = MAG_LIMITS.index(FAINTEST_FOUND)
    parts = [getattr(one.comparison.detection[method], f"{name}_below") for one in measured]
    return together([CountedFraction(part.count[row : row + 1], part.total[row : row + 1]) for part in parts])


def together(parts: Sequence[CountedFraction]) -> float:
    """Fractions counted together."""
    total = sum(int(part.total[0]) for part in parts)
    return sum(int(part.count[0]) for part in parts) / total if total else np.nan


def print_methods(measured: Sequence[Field]) -> None:
    """Every method on the same bright galaxies of all fields."""
    names = ("sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95", "pit_ks", "crps", "cde_loss")
    header = ["method", "galaxies", "σ_NMAD", "outliers", "in 68 %", "in 95 %", "PIT KS", "CRPS", "CDE loss"]
    rows = [[method, str(s.count), *texts(s, names)] for method, s in compared(measured).items()]
    own = spectroscopic(measured)
    print_table(header, [*rows, ["zpix, spectroscopic-like", str(own.count), *texts(own, names)]])


def print_dependence(measured: Sequence[Field]) -> None:
    """Scores of zpix on all that it found brighter than the limit, in bins of what they may depend on."""
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


def print_halves(measured: Sequence[Field], ceiling: dict) -> None:
    """Scores of zpix at equal magnitude on blended and extended galaxies and on others, beside the ceiling."""
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
    """Scores with their errors."""
    return [f"{getattr(scores, name).value:.3f} ± {getattr(scores, name).error:.3f}" for name in names]


if __name__ == "__main__":
    main()
