"""Does the network use the Milky Way's E(B−V)? The same pixels are searched with the true value and with another.

    python experiments/dust.py --out dust

Fields are drawn with E(B−V) = 0 and 0.1, the limits of the shipped model's training, and searched with both values.
Boxes and masks do not depend on it, so the same galaxies are compared: log-likelihood of their true redshifts, bias
and outliers, F444W < 28.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import zpix
from zpix.config import InferenceConfig, SimulationConfig
from zpix.evaluation import read_truth
from zpix.evaluation.redshifts import OUTLIER_LIMIT
from zpix.evaluation.truth_matching import match_truth
from zpix.sources import sigma_nmad

FAINTEST = 28.0


def search(field: Path, told: float, model: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return ln p(true z) and Δz / (1 + z) of the matched galaxies of a field, in the order of the truth."""
    config = InferenceConfig(dust=str(told), workers=1)
    catalogue = zpix.run(field, out=field.parent / f"told-{told:g}", model=model, config=config, overwrite=True)
    truth = read_truth(field / "truth.fits")
    pairs = match_truth(catalogue, truth)
    own = np.isfinite(truth.z[pairs.right]) & (truth.magnitude[pairs.right] < FAINTEST)
    rows, partners = pairs.left[own], pairs.right[own]
    order = np.argsort(partners)
    z = truth.z[partners[order]]
    density = catalogue.redshift[rows[order]].pdf(z[:, None])[:, 0]
    return np.log(np.maximum(density, 1e-6)), (catalogue["z_phot"][rows[order]] - z) / (1 + z)


def main() -> None:
    """Draw and search every field, and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory of fields and results")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--seeds", type=int, nargs="+", default=list(range(777, 783)), help="one field each")
    options.add_argument("--size", type=int, default=1024, help="side of a field in pixels")
    options.add_argument("--ebv", type=float, nargs=2, default=[0.0, 0.1], help="values to draw and to search with")
    asked = options.parse_args()
    header = (
        "drawn with",
        "told",
        "galaxies",
        "ln p(z), mean",
        "gain by the truth",
        "moved, median",
        "bias",
        "σ_NMAD",
        "outliers",
    )
    print("| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    for drawn in asked.ebv:
        answers: dict[float, list[tuple[np.ndarray, np.ndarray]]] = {told: [] for told in asked.ebv}
        for seed in asked.seeds:
            field = asked.out / f"ebv-{drawn:g}-{seed}" / "field"
            if not (field / "truth.fits").is_file():
                sky = SimulationConfig(ebv=drawn)
                zpix.simulate(field, size_pix=asked.size, seed=seed, config=sky)
            for told, parts in answers.items():
                parts.append(search(field, told, asked.model))
        joined = {
            told: [np.concatenate(column) for column in zip(*parts, strict=True)] for told, parts in answers.items()
        }
        for told, (likelihood, error) in joined.items():
            gain = joined[drawn][0] - likelihood  # source by source: the same boxes
            text = "" if told == drawn else f"{gain.mean():.3f} ± {gain.std() / np.sqrt(len(gain)):.3f}"
            moved = np.median(np.abs(error - joined[drawn][1]))
            values = f"{np.median(error):+.4f} | {sigma_nmad(error):.4f} | {np.mean(np.abs(error) > OUTLIER_LIMIT):.4f}"
            print(
                f"| {drawn:g} | {told:g} | {len(gain)} | {likelihood.mean():.3f} | {text} | {moved:.4f} | {values} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
