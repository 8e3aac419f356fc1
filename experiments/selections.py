"""Which flags should a first selection leave out? Galaxies kept, outliers and stars among them, on simulated fields.

    python experiments/selections.py FIELD=RESULT ...

FIELD is a directory of `zpix simulate`, RESULT one of `zpix run` on it; all fields are counted together.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, flag_value, read_catalogue
from zpix.evaluation import Truth, read_truth
from zpix.evaluation.redshifts import OUTLIER_LIMIT
from zpix.evaluation.truth_matching import match_truth
from zpix.sources.rows import Rows

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table

SOUND = ("EDGE", "BANDS_MISSING", "Z_RANGE_END", "STAR", "OUTSIDE_TRAINING", "SATURATED")
SELECTIONS: dict[str, tuple[str, ...]] = {
    "no flag is looked at": (),
    "sound data and a galaxy": SOUND,
    "and one narrow peak": (*SOUND, "MULTIPEAK", "WIDE_PDF"),
    "sound data, a galaxy, not BLENDED": (*SOUND, "BLENDED"),
}
HEADER = ("left out", "value", "galaxies kept", "outliers", "stars left")


@dataclass(frozen=True, eq=False)
class Partners(Rows):
    """N detections with a true partner: flags, true magnitude, whether it is a star, and whether z is an outlier."""

    flags: NDArray[np.int32]
    magnitude: NDArray[np.float64]
    is_star: NDArray[np.bool_]
    outlier: NDArray[np.bool_]


def partners(catalogue: Catalogue, truth: Truth) -> Partners:
    """Match a catalogue with the truth."""
    pairs = match_truth(catalogue, truth)
    z, found = truth.z[pairs.right], catalogue["z_phot"][pairs.left]
    outlier = np.abs(found - z) > OUTLIER_LIMIT * (1 + z)
    return Partners(catalogue["flags"][pairs.left], truth.magnitude[pairs.right], truth.is_star[pairs.right], outlier)


def row(name: str, found: Partners, faintest: float) -> list[str]:
    """Count what a selection keeps of the sources brighter than a limit."""
    bits = flag_value(*SELECTIONS[name])
    bright, kept = found.magnitude < faintest, (found.flags & bits) == 0
    galaxies = bright & ~found.is_star
    share = (galaxies & kept).sum() / max(galaxies.sum(), 1)
    outliers = found.outlier[galaxies & kept].mean() if (galaxies & kept).any() else np.nan
    return [
        name,
        str(bits),
        f"{share:.3f} of {galaxies.sum()}",
        f"{outliers:.3f}",
        str((bright & kept & found.is_star).sum()),
    ]


def main() -> None:
    """Print a table for each magnitude limit."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("fields", nargs="+", metavar="FIELD=RESULT", help="simulated fields and what was found")
    pairs = [text.split("=", 1) for text in options.parse_args().fields]
    found = Partners.concatenate(
        [partners(read_catalogue(result), read_truth(Path(field) / "truth.fits")) for field, result in pairs]
    )
    for faintest in (28.0, np.inf):
        print(f"F444W < {faintest:g}:\n")
        print_table(HEADER, [row(name, found, faintest) for name in SELECTIONS])


if __name__ == "__main__":
    main()
