"""Which choices of the redshift head improve redshifts? Each is changed alone, with the same labels and passes.

    zpix pretrain --mock 1000 --config recipes/default-redshifts.toml --out runs/redshift
    zpix prepare --mock 110 --seed 32 --fractions 0 1 0 --config recipes/default-calibration.toml --out natural.zarr
    python experiments/head_ablations.py runs/redshift/colours --validate-on natural.zarr --out ablations

The photometry of the head is trained alone, as in experiments/training_size.py, and scored on tiles of a natural sky
with true masks. The first row is repeated with another seed: smaller differences are not significant. Existing results
are not measured again.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zpix.config import Config, ModelConfig, load_config, override
from zpix.detector import Detector
from zpix.detector.losses import redshift_loss
from zpix.detector.redshift_head import Mixture, MixtureLayer, PixelRedshiftHead
from zpix.evaluation import redshift_sample, score_redshifts
from zpix.progress import progress_bar
from zpix.sources import ZMixture
from zpix.training.pretraining import predict_sums
from zpix.training.source_cutouts import cut_sources
from zpix.training.source_sums import DrawnExamples, SourceSums, plain_sums
from zpix.training.store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table
from experiments.paper.experiment import keep_json
from experiments.training_size import CPU, RECIPE, labels_of, measured_magnitude

LIMITS = (27.0, 28.0)
_WARMUP_STEPS = 100
_AVERAGED_OVER = 1000  # steps of the moving average of the weights


class MixtureInZ(MixtureLayer):
    """A `MixtureLayer` with means and widths in z instead of ln(1 + z)."""

    def __init__(self, inputs: int, components: int) -> None:
        super().__init__(inputs, components)
        with torch.no_grad():
            self.linear.bias[components : 2 * components] = torch.linspace(0.2, 10.0, components)

    def forward(self, hidden: Tensor) -> Mixture:
        """Compute the mixture of each source from its features."""
        logits, means, log_width = self.linear(hidden).chunk(3, 1)
        widths = 2e-3 + torch.exp(log_width.clamp(-9.0, 1.0))
        return Mixture(torch.log_softmax(logits, 1), means.clamp(-0.4, 20.0), widths, hidden)


def cosine(progress: float) -> float:
    """Return the learning rate over the full one: half a cosine."""
    return 0.5 * (1 + math.cos(math.pi * progress))


def constant(progress: float) -> float:
    """Return the learning rate over the full one: always 1."""
    return 1.0


def steps(progress: float) -> float:
    """Return the learning rate over the full one as in Merz et al. 2026: 0.1 after 60 %, 0.01 after 80 %."""
    return 0.1 ** sum(progress >= milestone for milestone in (0.6, 0.8))


@dataclass(frozen=True)
class Trial:
    """One change of the head or of its training.

    Attributes
    ----------
    name : str
        Name in the table.
    components : int, optional
        Gaussians of a PDF.
    mixture : type, optional
        Last layer.
    rate : callable
        Learning rate over the full one, as a function of progress.
    averaged : bool
        Whether the weights are averaged over the training.
    batches : float
        Size of batches in units of the recipe's.
    hidden : tuple of str
        Columns of the sums that are set to zero, from `columns`.
    dust : bool
        Whether E(B−V) is given.
    seed : int
        Seed of weights and batches.
    """

    name: str
    components: int | None = None
    mixture: type[MixtureLayer] | None = None
    rate: Callable[[float], float] = cosine
    averaged: bool = False
    batches: float = 1.0
    hidden: tuple[str, ...] = ()
    dust: bool = True
    seed: int = 0


TRIALS = (
    Trial("as it is"),
    Trial("another seed", seed=1),
    Trial("mixture in z instead of ln(1 + z)", mixture=MixtureInZ),
    Trial("3 components", components=3),
    Trial("16 components", components=16),
    Trial("constant rate", rate=constant),
    Trial("rate in steps", rate=steps),
    Trial("average of the weights", averaged=True),
    Trial("constant rate, average of the weights", rate=constant, averaged=True),
    Trial("batches four times as large", batches=4.0),
    Trial("batches a quarter as large", batches=0.25),
    Trial("not told the depth", hidden=("depth",)),
    Trial("not told E(B−V)", dust=False),
    Trial("no colours", hidden=("colours",)),
    Trial("no significances", hidden=("significances",)),
    Trial("no sum under the mask", hidden=("mask",)),
    Trial("without the widest Gaussian", hidden=("widest",)),
    Trial("without the two narrowest Gaussians", hidden=("narrowest",)),
)


def columns(model: ModelConfig) -> dict[str, NDArray[np.intp]]:
    """Return the columns of `soft_photometry` that trials can hide, by name."""
    bands, sums = len(model.bands), len(model.gaussian_sigmas_pix) + len(model.elliptical_widths) + 1
    both = np.arange(2 * bands * sums).reshape(2, bands, sums)
    return {
        "significances": both[0].ravel(),
        "colours": both[1].ravel(),
        "mask": both[:, :, -1].ravel(),
        "widest": both[:, :, -2].ravel(),
        "narrowest": both[:, :, :2].ravel(),
        "depth": both.size + np.arange(bands),
    }


def hide(sources: SourceSums, trial: Trial, model: ModelConfig) -> SourceSums:
    """Return the sources with what the trial hides set to zero."""
    sums = sources.sums.clone() if trial.hidden else sources.sums
    for name in trial.hidden:
        sums[:, columns(model)[name]] = 0.0
    return sources._replace(sums=sums, dust=sources.dust if trial.dust else torch.zeros_like(sources.dust))


def teach(trial: Trial, training: SourceSums, recipe: Config, passes: int) -> PixelRedshiftHead:
    """Train a head as the trial says."""
    config = override(recipe.pretraining, epochs=passes)
    torch.manual_seed(trial.seed)
    head = Detector(override(recipe.model, mixture_components=trial.components)).redshift_head
    if trial.mixture is not None:
        head.mixture = trial.mixture(head.mixture.linear.in_features, recipe.model.mixture_components)
    learning = [p for name, p in head.named_parameters() if not name.startswith("pyramid.")]
    optimizer = torch.optim.AdamW(learning, config.learning_rate, weight_decay=config.weight_decay)
    size = round(trial.batches * config.batch_size)
    total = passes * -(-len(training.redshift) // size)
    average, step = copy.deepcopy(head), 0
    with progress_bar(trial.name, total) as bar:
        for epoch in range(passes):
            for batch in DrawnExamples(training).batches(size, np.random.default_rng([trial.seed, epoch])):
                rate = config.learning_rate * min(1.0, (step + 1) / _WARMUP_STEPS) * trial.rate(step / total)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                mixture = head.from_sums(batch.sums, batch.dust)
                loss = redshift_loss(mixture.log_weights, mixture.means, mixture.widths, batch.redshift)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(learning, config.clip_norm)
                optimizer.step()
                step += 1
                if trial.averaged:
                    _follow(average, head, keep=1 - 1 / min(step, _AVERAGED_OVER))
                bar.advance(note=f"loss {float(loss.detach()):.3f}")
    return (average if trial.averaged else head).eval()


@torch.no_grad()
def _follow(average: nn.Module, head: nn.Module, *, keep: float) -> None:
    """Update the moving average of the weights."""
    for mean, now in zip(average.parameters(), head.parameters(), strict=True):
        mean.lerp_(now, 1 - keep)


def measure(
    trial: Trial, training: SourceSums, validation: SourceSums, magnitude: NDArray, recipe: Config, passes: int
) -> dict[str, Any]:
    """Train and score: loss of all validation sources, scatter and outliers of the bright ones, as JSON values."""
    head = teach(trial, hide(training, trial, recipe.model), recipe, passes)
    log_weights, means, widths = predict_sums(head, hide(validation, trial, recipe.model), CPU)[:3]
    loss = float(redshift_loss(log_weights, means, widths, validation.redshift))
    mixture = ZMixture(*(part.double().numpy() for part in (log_weights.exp(), means, widths)))
    sample = redshift_sample(mixture, mixture.least_risk(), validation.redshift.numpy())
    row: dict[str, Any] = {"name": trial.name, "loss": loss}
    for limit in LIMITS:
        scores = score_redshifts(sample[magnitude < limit], rng=np.random.default_rng(0))
        row[f"{limit:g}"] = [(one.value, one.error) for one in (scores.sigma_nmad, scores.outlier_fraction)]
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and score every trial, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("colours", type=Path, help="directory of zpix pretrain --mock")
    parser.add_argument("--validate-on", type=Path, required=True, help="store whose validation tiles are scored")
    parser.add_argument("--out", type=Path, required=True, help="directory of the scores")
    parser.add_argument("--tiles", type=int, default=1000, help="tiles to train on")
    parser.add_argument("--passes", type=int, default=6, help="over the labels")
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="TOML file with [model] and [pretraining]")
    asked = parser.parse_args(arguments)
    recipe = load_config(asked.recipe)
    cutouts = cut_sources(Store(asked.validate_on), "validation", size=recipe.model.cutout_size_pix)
    validation, magnitude = plain_sums(cutouts, model=recipe.model), measured_magnitude(cutouts, recipe)
    training = labels_of(asked.colours, asked.tiles)
    lines = []
    for trial in TRIALS:
        kept = asked.out / f"{trial.name}.json"
        if not kept.is_file():
            keep_json(kept, measure(trial, training, validation, magnitude, recipe, asked.passes))
        row = json.loads(kept.read_text("utf-8"))
        cells = [f"{value:.4f} ± {error:.4f}" for limit in LIMITS for value, error in row[f"{limit:g}"]]
        lines.append([trial.name, f"{row['loss']:.3f}", *cells])
    header = [f"{name}, < {limit:g}" for limit in LIMITS for name in ("σ_NMAD", "outliers")]
    print_table(["head", "loss", *header], lines)


if __name__ == "__main__":
    main()
