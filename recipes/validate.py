"""Which scores does a model have on validation fields, by which choices such as the score threshold are made?

Fields are simulated unless they exist, searched at a low threshold, and scored as one: completeness and purity for each
threshold, redshifts for each magnitude, and the stars. The seeds are not those of `examples/three_fields.py`, which are
not used for choices.

    python recipes/validate.py --model runs/default/model.safetensors --out validation
    python recipes/validate.py --fields skies/fields/varied/*/91001 --out foreign
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

import zpix
from zpix.catalogue import Catalogue
from zpix.config import InferenceConfig
from zpix.evaluation import CountedFraction, RedshiftSample, Report, Truth, read_truth, score_catalogue, score_redshifts
from zpix.evaluation.detection_scores import MAG_LIMITS

LOWEST_SCORE = 0.15
SCORES = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
MAGNITUDES = (20.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0)


@dataclass(frozen=True)
class SearchedField:
    """The catalogue and the truth of a field."""

    catalogue: Catalogue
    truth: Truth

    def above(self, score: float) -> Report:
        """Score the sources with at least this probability of being real."""
        return score_catalogue(self.catalogue[self.catalogue["score"] >= score], self.truth)


def main() -> None:
    """Search every field and print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--out", type=Path, default=Path("validation"), help="directory to write to")
    options.add_argument("--size", type=int, default=1024, help="side of a field in pixels")
    options.add_argument("--seeds", type=int, nargs="+", default=list(range(777, 785)), help="one field each")
    options.add_argument("--score", type=float, default=InferenceConfig().score_threshold, help="for the redshifts")
    options.add_argument("--fields", type=Path, nargs="+", help="fields with a truth.fits, in place of those of seeds")
    asked = options.parse_args()

    fields = asked.fields or [drawn(asked.out / str(seed) / "field", seed, asked.size) for seed in asked.seeds]
    searched = [search(field, asked.out / f"result-{n}", asked.model) for n, field in enumerate(fields, start=1)]
    print_thresholds(searched)
    reports = [field.above(asked.score) for field in searched]
    print_redshifts(reports)
    print_stars(searched, asked.score)


def drawn(field: Path, seed: int, size: int) -> Path:
    """Return a field of the default sky, drawn unless it exists."""
    if not (field / "truth.fits").is_file():
        zpix.simulate(field, size_pix=size, seed=seed)
    return field


def search(field: Path, result: Path, model: Path | None) -> SearchedField:
    """Search one field at the lowest threshold."""
    config = InferenceConfig(score_threshold=LOWEST_SCORE)
    catalogue = zpix.run(field, out=result, model=model, config=config, overwrite=True)
    return SearchedField(catalogue, read_truth(field / "truth.fits"))


def print_thresholds(searched: Sequence[SearchedField]) -> None:
    """Print completeness and purity of all fields against the score threshold."""
    limits = [f"F444W < {limit:g}" for limit in MAG_LIMITS]
    header = ["score threshold", *(f"{what}, {limit}" for what in ("completeness", "purity") for limit in limits)]
    rows = []
    for score in SCORES:
        detection = [report.detection for field in searched if (report := field.above(score)).detection]
        below = ([d.completeness_below for d in detection], [d.purity_below for d in detection])
        texts = [text for parts in below for text in fraction_texts(CountedFraction.together(parts))]
        rows.append([f"{score:.2f}", *texts])
    print_table(header, rows)


def print_redshifts(reports: Sequence[Report]) -> None:
    """Print redshift scores of all fields in bins of the true magnitude."""
    sample = RedshiftSample.concatenate([report.sample for report in reports])
    magnitude = np.concatenate([report.magnitude for report in reports])
    names = ("bias", "sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95", "crps")
    header = ["F444W", "galaxies", "bias", "σ_NMAD", "outliers", "in 68 %", "in 95 %", "CRPS"]
    rows = []
    for low, high in [*pairwise(MAGNITUDES), (0.0, 27.0), (0.0, 28.0), (0.0, np.inf)]:
        own = (magnitude >= low) & (magnitude < high)
        scores = score_redshifts(sample[own], rng=np.random.default_rng(0))
        name = f"{low:g} to {high:g}" if low else f"< {high:g}" if np.isfinite(high) else "all"
        texts = [f"{getattr(scores, n).value:.3f} ± {getattr(scores, n).error:.3f}" for n in names]
        rows.append([name, str(own.sum()), *texts])
    print_table(header, rows)


def print_stars(searched: Sequence[SearchedField], score: float) -> None:
    """Print how many stars and galaxies are called stars, by magnitude."""
    found, sources = [], 0
    for field in searched:
        catalogue = field.catalogue[field.catalogue["score"] >= score]
        matching = score_catalogue(catalogue, field.truth).matching
        star = field.truth.is_star
        sources += int(star[np.isfinite(field.truth.box[:, 0])].sum())
        p_star = np.full(len(star), np.nan)
        p_star[matching.right] = catalogue["p_star"][matching.left]
        found.append(np.stack([star, p_star, field.truth.magnitude], axis=1)[matching.right])
    star, p_star, magnitude = np.concatenate(found).T
    rows = []
    for low, high in ((15.0, 22.0), (22.0, 26.0), (26.0, 31.0)):
        own = (magnitude >= low) & (magnitude < high)
        true, called = own & (star == 1), own & (p_star > 0.5)
        rows.append([f"{low:g} to {high:g}", str(true.sum()), str((true & called).sum()), str((called & ~true).sum())])
    print(f"{sources} stars have a segment of their own in these fields; of those found:\n")
    print_table(["F444W", "stars found", "called stars", "galaxies called stars"], rows)


def fraction_texts(fraction: CountedFraction) -> list[str]:
    """Format each value with half the length of its 68 % interval."""
    return [f"{v:.3f} ± {h:.3f}" for v, h in zip(fraction.value, fraction.error, strict=True)]


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Print a Markdown table."""
    widths = [max(len(line[i]) for line in (header, *rows)) for i in range(len(header))]
    for line in (header, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |")
    print()


if __name__ == "__main__":
    main()
