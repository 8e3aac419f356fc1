"""What are redshifts worth with bands missing?

    zpix demo --out demo
    python experiments/missing_bands.py demo/field

A field with its truth is searched with all bands and without some of them, and the redshifts of the galaxies with
F444W < 28 are scored.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import zpix
from zpix.evaluation import read_truth, score_catalogue, score_redshifts
from zpix.image import JADES_BANDS, Region

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table

FAINTEST = 28.0
#: Bands that are left out together.
LEFT_OUT = (
    "", "F335M", "F090W", "F444W", "F335M F410M", "F090W F115W", "F150W F356W", "F090W F335M F410M",
    "F090W F150W F335M", "F200W F356W F410M", "F090W F335M F356W F410M", "F115W F200W F335M F410M",
    "F090W F200W F335M F356W F410M", "F090W F150W F335M F356W F410M", "F090W F150W F277W F335M F356W F410M",
)  # fmt: skip


def main() -> None:
    """Search, score, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("field", type=Path, help="directory of `zpix simulate`")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    asked = options.parse_args()
    mosaic = zpix.open_mosaic(asked.field)
    pixels, truth = mosaic.read(Region.whole(mosaic.shape), bands=JADES_BANDS), read_truth(asked.field / "truth.fits")
    rows = []
    for left_out in map(str.split, LEFT_OUT):
        kept = [number for number, band in enumerate(JADES_BANDS) if band not in left_out]
        catalogue = zpix.predict(
            pixels.flux[kept], pixels.error[kept], mosaic.wcs, bands=[JADES_BANDS[number] for number in kept],
            model=asked.model, force=True,
        )  # fmt: skip
        report = score_catalogue(catalogue, truth)
        scores = score_redshifts(report.sample[report.magnitude < FAINTEST], rng=np.random.default_rng(0))
        measured = (scores.sigma_nmad, scores.outlier_fraction, scores.coverage_68)
        rows.append([str(len(kept)), " ".join(left_out), str(scores.count), *(f"{one.value:.3f}" for one in measured)])
    print_table(["bands", "missing", "galaxies", "σ_NMAD", "outliers", "in 68 %"], rows)


if __name__ == "__main__":
    main()
