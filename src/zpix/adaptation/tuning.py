"""How does a redshift head learn the spectra of a field without forgetting what it knew?

Every step has spectra of the field, as they are or fainter or noisier, and simulated galaxies observed as the field is,
with spectra that are drawn again. A spectrum may be another source's: its likelihood has a part that any redshift has.
A pull keeps the weights near the old ones. The epoch is taken that is best on spectra that were held out.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.adaptation.copies import copied, head_inputs, size_slope
from zpix.adaptation.field_sources import FieldSources
from zpix.adaptation.wrong_labels import log_anywhere
from zpix.config import AdaptationConfig, SimulationConfig, TrainingConfig
from zpix.detector import About, Checkpoint, Detector
from zpix.detector.losses import redshift_log_likelihood, redshift_loss
from zpix.detector.redshift_head import Mixture, PhotometricHead
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.training.loop import STATE_FILE, Row, Training, learn
from zpix.training.pretraining import predict_sums
from zpix.training.separate_sums import RedrawnExamples, SeparateSums, redrawn
from zpix.training.source_sums import SourceSums
from zpix.training.state import TrainingState

_HALF_TRUSTED = 100  # spectra at which their share of the loss is half of what it is with many
_PULLED_AT, _MOST_PULLED = 1000, 25.0  # number of spectra of the setting `pull`, and how much stronger it is at most
_MOCK_TO_SCORE = 2000
_HELD_OUT = 8  # every so-manieth spectrum tells when to stop
_FEWEST_TO_STOP = 40  # spectra from which on some are held out for it; with fewer, half of the epochs are learnt


@dataclass(frozen=True, eq=False)
class Lessons:
    """What a head learns from: N spectra of a field, and a mock.

    Attributes
    ----------
    sources : FieldSources
        N sources with spectra; none if the mock teaches alone.
    redshift : (N,) float32
        Their redshifts.
    weight : (N,) float64
        How many sources each stands for, 1 on average.
    mock : SeparateSums
        Simulated galaxies in the noise of the field.
    simulation : SimulationConfig
        Families of their spectra.
    """

    sources: FieldSources
    redshift: NDArray[np.float32]
    weight: NDArray[np.float64]
    mock: SeparateSums
    simulation: SimulationConfig

    def __len__(self) -> int:
        """Return the number of spectra."""
        return len(self.redshift)

    def of(self, rows: NDArray[Any]) -> Lessons:
        """Take some of the spectra.

        Parameters
        ----------
        rows : ndarray of int or bool
            Which.

        Returns
        -------
        Lessons
            With the same mock.
        """
        return replace(self, sources=self.sources[rows], redshift=self.redshift[rows], weight=self.weight[rows])


def tune(
    lessons: Lessons, detector: Detector, out: Path, *, config: AdaptationConfig, epochs: int | None = None
) -> int:  # fmt: skip
    """Tune the photometry of the redshift head of a detector, which is changed; goes on after an interruption.

    Parameters
    ----------
    lessons : Lessons
        What it learns from.
    detector : Detector
        The network, whose redshift head has photometry.
    out : Path
        Directory of the training.
    config : AdaptationConfig
        How to learn.
    epochs : int, optional
        Number of epochs to learn from all spectra; by default some are held out to tell the best number.

    Returns
    -------
    int
        Number of epochs that were learnt; 0 if the head was best as it was, and is left so.
    """
    if epochs == 0:
        return 0
    stops = epochs is None and len(lessons) >= _FEWEST_TO_STOP
    if epochs is None and not stops:
        epochs = max(1, config.epochs // 2)
    used = config if epochs is None else config.model_copy(update={"epochs": epochs})
    before = {name: value.clone() for name, value in detector.redshift_head.state_dict().items()}
    training = HeadTuning(lessons, detector, used, stops=stops)
    score = training.validate(0)
    path = learn(training, out)
    weights, _ = read_tensors(path)
    state = json.loads(read_tensors(out / STATE_FILE)[1]["state"])
    learnt = int(state["best_epoch"]) or int(state["epoch"])
    if score is not None and not state["best_score"] < training.score(score):
        learnt, weights = 0, before
    detector.redshift_head.load_state_dict(weights)
    detector.eval()
    return learnt


@final
class HeadTuning(Training):
    """The photometry of a redshift head, on spectra of a field and on a mock.

    Parameters
    ----------
    lessons : Lessons
        What it learns from.
    detector : Detector
        The whole network.
    config : AdaptationConfig
        How to learn.
    stops : bool
        Whether some spectra are held out to choose an epoch by.
    """

    title = "tuning"
    reports_rate = False

    def __init__(self, lessons: Lessons, detector: Detector, config: AdaptationConfig, *, stops: bool) -> None:
        head = detector.redshift_head
        assert isinstance(head, PhotometricHead), "check_photometry refuses others"
        self._head, self.detector, self._model = head, detector, detector.config
        self.network, self.config, self._settings = head, config, config
        self._parameters = head.photometric_parameters()
        self._old = [parameter.detach().clone() for parameter in self._parameters]
        self.optimizer = torch.optim.AdamW(self._parameters, config.learning_rate, weight_decay=0.0)
        self.epochs, self.steps, self.clip_norm = config.epochs, config.steps, config.clip_norm
        self.schedule = TrainingConfig(
            learning_rate=config.learning_rate, schedule="step", milestones=(), warmup_steps=max(1, config.steps // 10)
        )
        fewer = _PULLED_AT / len(lessons) if len(lessons) else 1.0
        self._pull_strength = config.pull * min(fewer**2, _MOST_PULLED)
        self._share = config.spectra_share * len(lessons) / (len(lessons) + _HALF_TRUSTED)
        order = np.random.default_rng([config.seed, 51]).permutation(len(lessons))
        held = order[::_HELD_OUT] if stops else order[:0]
        self._learnt = lessons.of(np.sort(np.setdiff1d(order, held)))
        self._held = lessons.of(np.sort(held))
        self._slope = size_slope(lessons.mock)
        self._mock = RedrawnExamples(lessons.mock, self._model, lessons.simulation, config.band_dropout)
        self._mock_held = self._mock_to_score(lessons) if stops else None

    def begin(self, epoch: int) -> None:
        """Prepare an epoch; see `Training.begin`."""
        torch.manual_seed(self._settings.seed * 1_000_003 + epoch)
        self.network.train()

    def losses(self, epoch: int) -> Iterator[dict[str, Tensor]]:
        """Give the losses of each batch of an epoch; see `Training.losses`."""
        rng = np.random.default_rng([self._settings.seed, 52, epoch])
        mock, spectra = self._mock_batches(rng), self._spectra_batches(rng)
        for _ in range(self.steps):
            losses = {"pull": self._pull()}
            if self._share < 1:
                drawn = next(mock)
                given = self._head.from_sums(drawn.sums, drawn.dust)
                losses["mock"] = (1 - self._share) * redshift_loss(*given[:3], drawn.redshift)
            if len(self._learnt):
                seen = next(spectra)
                answer = self._head.from_sums(seen.sums, seen.dust)
                losses["spectra"] = self._share * self._robust(answer, seen.redshift)
            yield losses

    def validate(self, epoch: int) -> dict[str, float] | None:
        """Score the head after an epoch; see `Training.validate`."""
        if self._mock_held is None:
            return None
        self.network.eval()
        place = torch.device("cpu")
        seen = head_inputs(self._held.sources, self._model)
        answer = predict_sums(self._head, seen, place)
        weight = torch.from_numpy(self._held.weight.astype(np.float32))
        spectra = self._robust(answer, torch.from_numpy(self._held.redshift), weight)
        mock = redshift_loss(*predict_sums(self._head, self._mock_held, place)[:3], self._mock_held.redshift)
        scores = {"spectra": self._share * float(spectra), "mock": (1 - self._share) * float(mock)}
        return {name: round(value, 5) for name, value in scores.items()}

    def checkpoint(self, state: TrainingState, rows: list[Row]) -> Checkpoint:
        """Give the model after an epoch; see `Training.checkpoint`."""
        return Checkpoint(self.detector, About())

    def save(self, path: Path, state: TrainingState, rows: list[Row]) -> None:
        """Write the weights of the head alone; see `Training.save`."""
        tensors = {name: value.detach().clone().contiguous() for name, value in self.network.state_dict().items()}
        write_tensors(path, tensors, {})

    def _robust(self, answer: Mixture, redshift: Tensor, weight: Tensor | None = None) -> Tensor:
        """Mean loss of labels some of which are wrong."""
        wrong = self._settings.wrong_labels
        right = redshift_log_likelihood(*answer[:3], redshift) + np.log1p(-wrong)
        loss = -(torch.logaddexp(right, log_anywhere(redshift) + np.log(wrong)) if wrong else right)
        return loss.mean() if weight is None else (weight * loss).sum() / weight.sum()

    def _pull(self) -> Tensor:
        """Half the squared distance from the old weights, times the strength of the pull."""
        squared = [((new - old) ** 2).sum() for new, old in zip(self._parameters, self._old, strict=True)]
        return 0.5 * self._pull_strength * torch.stack(squared).sum()

    def _mock_batches(self, rng: np.random.Generator) -> Iterator[SourceSums]:
        """Simulated galaxies without end."""
        for _ in itertools.count():
            yield from self._mock.batches(self._settings.mock_of_batch, rng)

    def _spectra_batches(self, rng: np.random.Generator) -> Iterator[SourceSums]:
        """Spectra without end, as often as each stands for sources of the field."""
        config, own = self._settings, self._learnt
        chance = own.weight / own.weight.sum()
        while True:
            rows = rng.choice(len(own), config.spectra_of_batch, p=chance)
            seen = copied(
                own.sources[rows], self._mock.sources, model=self._model, slope=self._slope,
                band_dropout=config.band_dropout, rng=rng,
            )  # fmt: skip
            yield seen._replace(redshift=torch.from_numpy(own.redshift[rows]))

    def _mock_to_score(self, lessons: Lessons) -> SourceSums:
        """Simulated galaxies that are the same in every epoch."""
        rng = np.random.default_rng([self._settings.seed, 53])
        count = len(lessons.mock.redshift)
        rows = torch.from_numpy(rng.choice(count, min(_MOCK_TO_SCORE, count), replace=False))
        return redrawn(
            lessons.mock.of(rows), model=self._model, simulation=lessons.simulation, band_dropout=0.0, rng=rng
        )  # fmt: skip
