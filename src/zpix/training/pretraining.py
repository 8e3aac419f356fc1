"""How does the redshift head learn its colours before the joint training?

The soft photometry of the redshift head is trained alone, on sums of pixels of labelled sources held in memory: an
epoch costs a minute where the joint training costs ten. The pyramid's part of the head starts at zero and joins later.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.config import ModelConfig, PretrainingConfig
from zpix.detector import REDSHIFT_HEADS, About, Detector
from zpix.detector.device import choose_device, keep_freed_memory
from zpix.detector.losses import redshift_loss
from zpix.detector.redshift_head import Mixture, PhotometricHead
from zpix.errors import ConfigError
from zpix.sources import ZMixture, sigma_nmad
from zpix.training.epoch_report import OnEpoch, nothing
from zpix.training.loop import learn
from zpix.training.part import PartTraining
from zpix.training.source_sums import Examples, SourceSums


def fit_redshift_head(
    training: Examples,
    validation: SourceSums | None,
    out: Path,
    *,
    detector: Detector,
    config: PretrainingConfig,
    device: str = "auto",
    about: About | None = None,
    on_epoch: OnEpoch = nothing,
) -> Path:
    """Train the redshift head of a detector on soft photometry alone.

    Parameters
    ----------
    training : Examples
        Sources to learn from.
    validation : SourceSums, optional
        Sources to score on.
    out : Path
        Directory of the files, as in `fit` of the joint training.
    detector : Detector
        The network, whose head passes `check_photometry`; its weights are changed.
    config : PretrainingConfig
        How to learn.
    device, about, on_epoch
        As in `fit` of the joint training.

    Returns
    -------
    Path
        The model's file.

    Raises
    ------
    ConfigError
        If the head has no photometry.
    OutputError, TrainingError
        As in `learn`.
    """
    place = choose_device(device)
    keep_freed_memory()
    check_photometry(detector.config)
    return learn(_HeadTraining(training, validation, detector, config, place, about or About()), out, on_epoch=on_epoch)


@final
class _HeadTraining(PartTraining):
    """The photometry of a redshift head, on sums of sources."""

    def __init__(
        self,
        training: Examples,
        validation: SourceSums | None,
        detector: Detector,
        config: PretrainingConfig,
        device: torch.device,
        about: About,
    ) -> None:
        head = detector.redshift_head.to(device)
        assert isinstance(head, PhotometricHead), "check_photometry refuses others"
        steps = -(-len(training) // config.batch_size)
        super().__init__(head, detector, config, steps=steps, about=about, parameters=head.photometric_parameters())
        self._head, self._device, self._batch_size = head, device, config.batch_size
        self._training, self._validation = training, validation

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Mixture, Tensor]]:
        for batch in self._training.batches(self._batch_size, rng):
            mixture = self._head.from_sums(batch.sums.to(self._device), batch.dust.to(self._device))
            yield mixture, batch.redshift.to(self._device)

    def scores(self) -> dict[str, float] | None:
        if self._validation is None:
            return None
        mixture = predict_sums(self._head, self._validation, self._device)
        return redshift_scores(mixture, self._validation.redshift.numpy())


def check_photometry(model: ModelConfig) -> None:
    """Refuse a redshift head that has no photometry to train alone.

    Parameters
    ----------
    model : ModelConfig
        Shape of the network.

    Raises
    ------
    ConfigError
        If its head has none.
    """
    if not issubclass(REDSHIFT_HEADS[model.redshift_head], PhotometricHead):
        others = [f"'{name}'" for name, head in REDSHIFT_HEADS.items() if issubclass(head, PhotometricHead)]
        raise ConfigError(
            f"redshift_head = '{model.redshift_head}' has no photometry to pretrain; choose {' or '.join(others)}"
        )


@torch.no_grad()
def predict_sums(head: PhotometricHead, sources: SourceSums, device: torch.device, *, batch: int = 4096) -> Mixture:
    """Predict redshifts from soft photometry alone.

    Parameters
    ----------
    head : PhotometricHead
        In evaluation mode.
    sources : SourceSums
        Sums of n sources.
    device : torch.device
        Where the head is.
    batch : int, default 4096
        Sources predicted at once.

    Returns
    -------
    Mixture
        Of n sources.
    """
    parts = [
        head.from_sums(sums.to(device), dust.to(device))
        for sums, dust in zip(torch.split(sources.sums, batch), torch.split(sources.dust, batch), strict=True)
    ]
    return Mixture(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def redshift_scores(mixture: Mixture, redshift: NDArray[np.float32]) -> dict[str, float]:
    """Score redshifts of all sources of a split, whatever their brightness.

    Parameters
    ----------
    mixture : Mixture
        Of n sources.
    redshift : ndarray, shape (n,), float32
        True redshifts.

    Returns
    -------
    dict of str to float
        `redshift`, the loss in nats; `sigma_nmad`, the scatter of Δz / (1 + z); `outlier_fraction`, where it is above
        0.15.
    """
    log_weights, means, widths = (part.double().cpu() for part in mixture[:3])
    loss = redshift_loss(log_weights, means, widths, torch.from_numpy(redshift).double())
    point = ZMixture(log_weights.exp().numpy(), means.numpy(), widths.numpy()).least_risk()
    delta = (point - redshift) / (1 + redshift)
    return {
        "redshift": round(float(loss), 5),
        "sigma_nmad": round(sigma_nmad(delta), 5),
        "outlier_fraction": round(float(np.mean(np.abs(delta) > 0.15)), 5),
    }
