"""Does the shipped model meet its aims on fields that it has not seen?

Three fields are simulated, searched and scored against the truth, each alone and all together. Their seeds were used
in no training (the recipes in `recipes/` name theirs). The exit code is 1 if an aim is missed.

    python examples/three_fields.py --out three-fields
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

import zpix
from zpix.evaluation import CountedFraction, RedshiftSample, Report, score_redshifts

DETECTED_TO, REDSHIFTS_TO = 28.0, 27.0  # F444W magnitudes that the marks are for


@dataclass(frozen=True)
class Mark:
    """A score with its uncertainty, and the range it has to be in."""

    name: str
    value: float
    error: float
    low: float = -np.inf
    high: float = np.inf

    @property
    def met(self) -> bool:
        """Whether the score is in its range, or has none."""
        return not self.range_text or self.low <= self.value <= self.high

    @property
    def range_text(self) -> str:
        """The range as text; empty if there is none."""
        ends = [("≥", self.low), ("≤", self.high)]
        return " and ".join(f"{sign} {end:g}" for sign, end in ends if np.isfinite(end))


def main() -> None:
    """Simulate, search and score the fields, and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=Path("three-fields"), help="directory to write to")
    options.add_argument("--size", type=int, default=4096, help="side of a field in pixels")
    options.add_argument("--seeds", type=int, nargs="+", default=[90074, 90075, 90076], help="one field each")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    asked = options.parse_args()

    reports = [field_report(asked.out / str(seed), seed, asked.size, asked.model) for seed in asked.seeds]
    columns = {f"seed {seed}": marks([report]) for seed, report in zip(asked.seeds, reports, strict=True)}
    columns["together"] = marks(reports)
    print_marks(columns)
    missed = [mark.name for mark in columns["together"] if not mark.met]
    print(f"missed: {', '.join(missed)}" if missed else "every mark is met")
    sys.exit(bool(missed))


def field_report(place: Path, seed: int, size: int, model: Path | None) -> Report:
    """Simulate one field, search it, and score what was found."""
    zpix.simulate(place / "field", size_pix=size, seed=seed, overwrite=True)
    zpix.run(place / "field", out=place / "result", model=model, overwrite=True)
    catalogue, truth = place / "result" / "catalogue.fits", place / "field" / "truth.fits"
    return zpix.evaluate(catalogue, truth, out=place / "evaluation", overwrite=True)


def marks(reports: list[Report]) -> list[Mark]:
    """The scores that have aims, over all sources of some fields."""
    completeness = joined_fraction([fraction(report, "completeness_below") for report in reports])
    purity = joined_fraction([fraction(report, "purity_below") for report in reports])
    samples = [report.sample[report.magnitude < REDSHIFTS_TO] for report in reports]
    columns = [np.concatenate([getattr(s, f.name) for s in samples]) for f in fields(RedshiftSample)]
    scores = score_redshifts(RedshiftSample(*columns), rng=np.random.default_rng(0))
    return [
        Mark(f"completeness, F444W < {DETECTED_TO:g}", *completeness, low=0.90),
        Mark(f"purity, F444W < {DETECTED_TO:g}", *purity, low=0.90),
        Mark(f"σ_NMAD, F444W < {REDSHIFTS_TO:g}", scores.sigma_nmad.value, scores.sigma_nmad.error, high=0.06),
        Mark(
            f"outliers, F444W < {REDSHIFTS_TO:g}",
            scores.outlier_fraction.value,
            scores.outlier_fraction.error,
            high=0.15,
        ),
        Mark(
            f"inside 68 %, F444W < {REDSHIFTS_TO:g}",
            scores.coverage_68.value,
            scores.coverage_68.error,
            low=0.60,
            high=0.76,
        ),
        Mark(f"bias, F444W < {REDSHIFTS_TO:g}", scores.bias.value, scores.bias.error),
        Mark(f"galaxies, F444W < {REDSHIFTS_TO:g}", scores.count, np.nan),
    ]


def fraction(report: Report, name: str) -> tuple[int, int]:
    """Count and total of a detection score for sources down to the limit."""
    assert report.detection is not None
    row = int(np.flatnonzero(report.detection.mag_limits == DETECTED_TO)[0])
    counted: CountedFraction = getattr(report.detection, name)
    return int(counted.count[row]), int(counted.total[row])


def joined_fraction(parts: list[tuple[int, int]]) -> tuple[float, float]:
    """Value and uncertainty (half the 68 % interval) of fractions counted together."""
    count, total = np.sum(parts, axis=0)
    joined = CountedFraction(np.array([count]), np.array([total]))
    low, high = joined.interval()[:, 0]
    return float(joined.value[0]), float(0.5 * (high - low))


def print_marks(columns: dict[str, list[Mark]]) -> None:
    """Print the scores as a Markdown table."""
    header = ["", *columns, "mark"]
    rows = []
    for row in zip(*columns.values(), strict=True):
        values = [f"{m.value:.0f}" if np.isnan(m.error) else f"{m.value:.3f} ± {m.error:.3f}" for m in row]
        rows.append([row[0].name, *values, row[0].range_text])
    widths = [max(len(line[i]) for line in (header, *rows)) for i in range(len(header))]
    for line in (header, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |")


if __name__ == "__main__":
    main()
