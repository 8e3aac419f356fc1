"""How does a part of the network learn alone?

Every random choice of an epoch is seeded by (seed, epoch), so that training goes on exactly after an interruption.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from zpix.config import PretrainingConfig, TrainingConfig
from zpix.detector import About, Checkpoint, Detector
from zpix.detector.losses import redshift_loss
from zpix.detector.redshift_head import Mixture
from zpix.training.loop import Row, Training
from zpix.training.state import TrainingState

_WARMUP_STEPS = 100


class PartTraining(Training):
    """A part of a detector that learns redshifts.

    Parameters
    ----------
    part : Module
        What learns, on its device already; all of it is in the state file.
    detector : Detector
        The whole network, which is written as the model.
    config : PretrainingConfig
        How to learn.
    steps : int
        Batches of an epoch, as near as is known beforehand.
    about : About
        What the model says of itself, apart from the progress of the training.
    parameters : list of Parameter, optional
        What learns; by default all of `part`.
    """

    title = "pretraining"
    reports_rate = False

    def __init__(
        self,
        part: nn.Module,
        detector: Detector,
        config: PretrainingConfig,
        *,
        steps: int,
        about: About,
        parameters: list[nn.Parameter] | None = None,
    ) -> None:
        learning = list(part.parameters()) if parameters is None else parameters
        self.network, self.detector, self.config, self.about = part, detector, config, about
        self.optimizer = torch.optim.AdamW(learning, config.learning_rate, weight_decay=config.weight_decay)
        self.epochs, self.steps, self.clip_norm = config.epochs, steps, config.clip_norm
        self.schedule = TrainingConfig(
            learning_rate=config.learning_rate, schedule="cosine", warmup_steps=_WARMUP_STEPS
        )
        self._seed = config.seed

    @abstractmethod
    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Mixture, Tensor]]:
        """Give the mixtures of each batch of an epoch, and the true redshifts.

        Parameters
        ----------
        rng : numpy Generator
            Of every random choice of the epoch.

        Yields
        ------
        mixture : Mixture
            Of n sources, with gradients.
        redshift : Tensor, shape (n,)
            Their redshifts, on the same device.
        """

    @abstractmethod
    def scores(self) -> dict[str, float] | None:
        """Score the part, which is in evaluation mode.

        Returns
        -------
        dict of str to float, or None
            Scores by name; None without a validation split.
        """

    def begin(self, epoch: int) -> None:
        """Prepare an epoch; see `Training.begin`."""
        torch.manual_seed(self._seed * 1_000_003 + epoch)
        self.network.train()

    def losses(self, epoch: int) -> Iterator[dict[str, Tensor]]:
        """Give the loss of each batch of an epoch; see `Training.losses`."""
        for mixture, redshift in self.batches(np.random.default_rng([self._seed, epoch])):
            yield {"redshift": redshift_loss(mixture.log_weights, mixture.means, mixture.widths, redshift)}

    def validate(self, epoch: int) -> dict[str, float] | None:
        """Score the part after an epoch; see `Training.validate`."""
        self.network.eval()
        return self.scores()

    def score(self, scores: Mapping[str, float]) -> float:
        """Judge a part by its redshift loss; see `Training.score`."""
        return scores["redshift"]

    def checkpoint(self, state: TrainingState, rows: list[Row]) -> Checkpoint:
        """Give the model after an epoch; see `Training.checkpoint`."""
        about = replace(self.about, pretraining_epochs=state.epoch, pretraining_seconds=round(state.seconds))
        return Checkpoint(self.detector, about)
