"""How much do more labels help? The redshift head alone is trained on more and more of the skies drawn for it.

    zpix pretrain --mock 3000 --config recipes/default-redshifts.toml --out runs/redshift
    zpix prepare --mock 110 --seed 32 --fractions 0 1 0 --config recipes/default-calibration.toml --out natural.zarr
    python experiments/training_size.py runs/redshift/colours --validate-on natural.zarr --out sizes

Each head is trained for the same number of passes over its labels, up to a number of steps, and scored on tiles of a
natural sky with true masks. Existing heads are not trained again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.catalogue import magnitude_ab
from zpix.config import Config, load_config, override
from zpix.detector import Detector, load_checkpoint
from zpix.evaluation import redshift_sample, score_redshifts
from zpix.sources import ZMixture
from zpix.training.drawn_colours import read_colours
from zpix.training.pretraining import fit_redshift_head, predict_sums
from zpix.training.source_cutouts import Cutouts, cut_sources
from zpix.training.source_sums import DrawnExamples, SourceSums, plain_sums
from zpix.training.store import Store

LIMITS = (27.0, 28.0, 29.0)
RECIPE = Path(__file__).parents[1] / "recipes" / "default-redshifts.toml"
CPU = torch.device("cpu")


def main() -> None:
    """Train and score every head, and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("colours", type=Path, help="directory of zpix pretrain --mock")
    options.add_argument("--validate-on", type=Path, required=True, help="store whose validation tiles are scored")
    options.add_argument("--out", type=Path, required=True, help="directory of heads and scores")
    options.add_argument(
        "--tiles", type=int, nargs="+", default=[100, 300, 1000, 3000], help="numbers of tiles to train on"
    )
    options.add_argument("--passes", type=int, default=12, help="over the labels, at the most")
    options.add_argument("--steps", type=int, default=10_000, help="at the most")
    options.add_argument("--recipe", type=Path, default=RECIPE, help="TOML file with [model] and [pretraining]")
    asked = options.parse_args()
    recipe = load_config(asked.recipe)
    cutouts = cut_sources(Store(asked.validate_on), "validation", size=recipe.model.cutout_size_pix)
    sources, magnitude = plain_sums(cutouts, model=recipe.model), measured_magnitude(cutouts, recipe)
    results = []
    print("| tiles | labels | passes | loss | F444W | σ_NMAD | outliers | in 68 % | in 95 % |\n" + "|---" * 9 + "|")
    for tiles in sorted(asked.tiles):
        training = labels_of(asked.colours, tiles)
        steps = len(training.redshift) / recipe.pretraining.batch_size
        passes = max(1, min(asked.passes, round(asked.steps / steps)))
        mixture, loss = taught(asked.out / f"{tiles}", training, passes, recipe, sources)
        sample = redshift_sample(mixture, mixture.least_risk(), sources.redshift.numpy())
        labels = len(training.redshift) // recipe.pretraining.realisations
        for limit in LIMITS:
            scores = score_redshifts(sample[magnitude < limit], rng=np.random.default_rng(0))
            columns = (scores.sigma_nmad, scores.outlier_fraction, scores.coverage_68, scores.coverage_95)
            results.append([tiles, labels, passes, loss, limit, *((column.value, column.error) for column in columns)])
            texts = " | ".join(f"{column.value:.4f} ± {column.error:.4f}" for column in columns)
            print(f"| {tiles} | {labels} | {passes} | {loss:.3f} | < {limit:g} | {texts} |", flush=True)
    (asked.out / "sizes.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def labels_of(colours: Path, tiles: int) -> SourceSums:
    """Read the sources that were drawn of the first tiles."""
    files = [path for path in sorted(colours.glob("*.safetensors")) if int(path.name[:6]) < tiles]
    training, _ = read_colours(files)
    if training is None or int(files[-1].stem[-6:]) + 1 < tiles:
        raise SystemExit(f"{colours}: has fewer than {tiles} tiles; draw more with zpix pretrain --mock")
    return training


def taught(
    place: Path, training: SourceSums, passes: int, recipe: Config, validation: SourceSums
) -> tuple[ZMixture, float]:
    """Train a head on these labels; return its redshifts of the validation sources, and its loss there."""
    config = override(recipe.pretraining, epochs=passes)
    torch.manual_seed(config.seed)
    path = fit_redshift_head(
        DrawnExamples(training), validation, place, detector=Detector(recipe.model), config=config, device="cpu"
    )
    head = load_checkpoint(path).detector.redshift_head.eval()
    log_weights, means, widths = (part.double().numpy() for part in predict_sums(head, validation, CPU)[:3])
    loss = float((place / "losses.csv").read_text().splitlines()[-1].split(",")[2])
    return ZMixture(np.exp(log_weights), means, widths), loss


def measured_magnitude(cutouts: Cutouts, recipe: Config) -> NDArray[np.float64]:
    """Measure F444W within the segments of all sources."""
    band = recipe.model.bands.index("F444W")
    return magnitude_ab(np.where(cutouts.mask, cutouts.flux[:, band].astype(float), 0.0).sum((1, 2)))


if __name__ == "__main__":
    main()
