"""From pixels to redshifts in Python: simulate a field, run a model on it, look at the catalogue, and score it.

python examples/quickstart.py --out quickstart
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import zpix
from zpix.config import InferenceConfig


def main() -> None:
    """Simulate, search and score a field."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=Path("quickstart"), help="directory to write to")
    options.add_argument("--size", type=int, default=640, help="side of the field in pixels")
    options.add_argument("--seed", type=int, default=4, help="seed of the sky")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--score-threshold", type=float, default=0.35, help="least probability of being real")
    asked = options.parse_args()

    # A field in the layout of JADES: nine FITS mosaics, a segmentation map and the truth. Yours would go here.
    zpix.simulate(asked.out / "field", size_pix=asked.size, seed=asked.seed, overwrite=True)

    # The main job. `catalogue` is also in result/catalogue.fits.
    catalogue = zpix.run(
        asked.out / "field",
        out=asked.out / "result",
        model=asked.model,
        config=InferenceConfig(score_threshold=asked.score_threshold),
        overwrite=True,
    )
    print(f"{len(catalogue)} sources with {', '.join(catalogue.bands)}")

    # Columns are arrays. Flags are bits; 0 is a source without caveats.
    galaxies = catalogue[catalogue["class"] == "galaxy"]
    brightest = galaxies[np.argsort(galaxies.magnitude("F444W"))[:5]]
    print("  id    F444W   z_phot   68 % interval     P(z > 3)   flags")
    probability = brightest.redshift.probability_between(3, 20)  # every PDF is a mixture that can be asked anything
    for row in range(len(brightest)):
        print(
            f"{brightest['id'][row]:4d}   {brightest.magnitude('F444W')[row]:6.2f}   {brightest['z_phot'][row]:6.3f}   "
            f"{brightest['z160'][row]:6.3f} to {brightest['z840'][row]:6.3f}   {probability[row]:8.3f}   "
            f"{brightest['flags'][row]:5d}"
        )

    # How well it did, against the truth of the simulation.
    report = zpix.evaluate(
        asked.out / "result" / "catalogue.fits",
        asked.out / "field" / "truth.fits",
        out=asked.out / "evaluation",
        mosaics=asked.out / "field",
        overwrite=True,
    )
    scores = report.redshifts["all"]
    print(
        f"{report.n_matched} match a true source; of the {scores.count} galaxies among them, the scatter of z_phot is"
    )
    print(f"{scores.sigma_nmad.value:.3f} and {scores.outlier_fraction.value:.0%} are outliers")
    print(f"figures are in {asked.out / 'evaluation'}")


if __name__ == "__main__":
    main()
