"""Do quality flags mark wrong redshifts? Fractions of outliers among flagged sources and among the rest.

    python experiments/flags.py --out flags

Ordinary fields come first, then fields with sources that the shipped model was not trained on, or with bad data. Fields
are simulated unless they exist. The seeds are those of the validation fields, on which no threshold of a flag was set:
the limit of OUTSIDE_TRAINING is a quantile of the calibration tiles.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import zpix
from zpix.catalogue import FLAGS, Catalogue, flag_value
from zpix.config import InferenceConfig, SimulationConfig
from zpix.evaluation import Truth, read_truth
from zpix.evaluation.redshifts import OUTLIER_LIMIT
from zpix.evaluation.truth_matching import match_truth
from zpix.sources.rows import Rows

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table

BAND, FAINTEST = "F444W", 28.0
SKIES = {
    "ordinary": SimulationConfig(),
    "30 % of the galaxies at z = 15 to 20": SimulationConfig(high_z_boost=0.3, high_z_range=(15.0, 20.0)),
    "E(B-V) = 0.8": SimulationConfig(ebv=0.8),
    "artefacts × 10 to × 50": SimulationConfig(
        hot_pixels_per_arcmin2=20.0, snowballs_per_arcmin2=5.0, striping=0.3, wisps_per_arcmin2=2.0
    ),
    "no emission lines": SimulationConfig(emission_lines=False),
    "active nuclei × 30": SimulationConfig(agn_density=30.0),
    "errors × 5": SimulationConfig(depth_range=(5.0, 5.0)),
    "a band missing on 30 % of the area": SimulationConfig(missing_coverage=0.3),
    "stars × 10, brown dwarfs × 50": SimulationConfig(star_density=10.0, brown_dwarf_per_arcmin2=20.0),
    "stars × 10, saturated from 2,000 nJy per pixel": SimulationConfig(star_density=10.0, saturation_njy=2000.0),
}
COLUMNS = ("marked", "of them", "outliers among them", "among the rest", "ratio (68 %)")


@dataclass(frozen=True)
class Searched(Rows):
    """Detections of some fields that have a true partner.

    Attributes
    ----------
    flags : (N,) int
        Quality flags.
    magnitude : (N,) float
        True magnitude.
    is_star : (N,) bool
        Whether the source is a star or brown dwarf.
    kind : (N,) str
        Kind of the true source.
    outlier : (N,) bool
        Whether the redshift of a galaxy is an outlier; false for stars.
    """

    flags: NDArray[np.int32]
    magnitude: NDArray[np.float64]
    is_star: NDArray[np.bool_]
    kind: NDArray[np.str_]
    outlier: NDArray[np.bool_]

    def marked(self, name: str) -> NDArray[np.bool_]:
        """Tell which sources have a flag."""
        return (self.flags & flag_value(name)) > 0

    def galaxies(self, faintest: float) -> NDArray[np.bool_]:
        """Tell which sources are galaxies, and not called stars, brighter than a limit."""
        return ~self.is_star & ~self.marked("STAR") & (self.magnitude < faintest)


def search(
    place: Path, seed: int, size: int, sky: SimulationConfig, model: Path | None
) -> tuple[Catalogue, Truth, Path]:
    """Draw one field unless it exists, and search it; return catalogue, truth and the file of the truth."""
    field = place / f"{seed}" / "field"
    if not (field / "truth.fits").is_file():
        zpix.simulate(field, size_pix=size, seed=seed, config=sky)
    config = InferenceConfig(workers=1, dust="sfd" if sky.ebv is None else str(sky.ebv))
    catalogue = zpix.run(field, out=place / f"{seed}" / "result", model=model, config=config, overwrite=True)
    return catalogue, read_truth(field / "truth.fits", band=BAND), field / "truth.fits"


def matched(fields: list[tuple[Catalogue, Truth, Path]]) -> Searched:
    """Match the detections of all fields with their true partners."""
    from astropy.table import Table

    parts: list[tuple[NDArray, ...]] = []
    for catalogue, truth, table in fields:
        pairs = match_truth(catalogue, truth)
        z, own = truth.z[pairs.right], catalogue["z_phot"][pairs.left]
        kind = np.asarray(Table.read(table)["kind"], dtype="U14")[pairs.right]
        parts.append(
            (
                catalogue["flags"][pairs.left],
                truth.magnitude[pairs.right],
                truth.is_star[pairs.right],
                kind,
                np.abs(own - z) > OUTLIER_LIMIT * (1 + z),
            )
        )
    return Searched(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def ratio(marked: tuple[int, int], rest: tuple[int, int], rng: np.random.Generator) -> str:
    """Format the ratio of two fractions (count, total), with the 68 % interval of Jeffreys' posteriors."""
    if not marked[1] or not rest[1]:
        return "-"
    drawn = [rng.beta(count + 0.5, total - count + 0.5, 100_000) for count, total in (marked, rest)]
    low, middle, high = np.quantile(drawn[0] / drawn[1], [0.16, 0.5, 0.84])
    value = (marked[0] / marked[1]) / (rest[0] / rest[1]) if rest[0] else middle
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def worth(found: Searched, name: str, faintest: float) -> list[str]:
    """Count the galaxies with a flag, and compare their fraction of outliers with that of the rest."""
    galaxy, flagged = found.galaxies(faintest), found.marked(name)
    counts = [(int(found.outlier[own].sum()), int(own.sum())) for own in (galaxy & flagged, galaxy & ~flagged)]
    fractions = [f"{count / total:.3f}" if total else "-" for count, total in counts]
    return [str(counts[0][1]), f"{galaxy.sum()}", *fractions, ratio(*counts, np.random.default_rng(0))]


def stars(found: Searched) -> list[list[str]]:
    """Count stars, brown dwarfs and galaxies with each of the flags for stars."""
    rows = []
    for text, own in (
        ("stars", found.kind == "star"),
        ("brown dwarfs", found.kind == "brown_dwarf"),
        ("galaxies", ~found.is_star),
    ):
        marks = [f"{(found.marked(name) & own).sum()}" for name in ("STAR", "SATURATED", "OUTSIDE_TRAINING")]
        rows.append([text, str(own.sum()), *marks])
    return rows


def main() -> None:
    """Search every sky and print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory of fields and results")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--seeds", type=int, nargs="+", default=list(range(777, 783)), help="of the ordinary fields")
    options.add_argument("--strange-seeds", type=int, nargs="+", default=[777, 778], help="of each other sky's fields")
    options.add_argument("--size", type=int, default=2048, help="side of an ordinary field in pixels")
    options.add_argument("--strange-size", type=int, default=1024, help="side of the other fields")
    options.add_argument("--skies", nargs="+", default=list(SKIES), choices=list(SKIES))
    asked = options.parse_args()

    judged: dict[str, Searched] = {}
    for number, (name, sky) in enumerate(SKIES.items()):
        if name in asked.skies:
            seeds, size = (asked.strange_seeds, asked.strange_size) if number else (asked.seeds, asked.size)
            place = asked.out / f"sky-{number}"
            judged[name] = matched([search(place, seed, size, sky, asked.model) for seed in seeds])
    if "ordinary" in judged:
        for faintest in (FAINTEST, np.inf):
            print(f"Galaxies of ordinary fields, {BAND} < {faintest:g}:\n")
            rows = [[flag.name, *worth(judged["ordinary"], flag.name, faintest)] for flag in FLAGS]
            print_table(("flag", *COLUMNS), [row for row in rows if row[0] != "STAR"])
    for flag in ("OUTSIDE_TRAINING", "EDGE", "BANDS_MISSING"):
        print(f"{flag} on every sky, {BAND} < {FAINTEST:g}:\n")
        print_table(("sky", *COLUMNS), [[name, *worth(found, flag, FAINTEST)] for name, found in judged.items()])
    for name, found in judged.items():
        if "stars" in name or name == "ordinary":
            print(f"Sky: {name}\n")
            print_table(("source", "found", "STAR", "SATURATED", "OUTSIDE_TRAINING"), stars(found))


if __name__ == "__main__":
    main()
