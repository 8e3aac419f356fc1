"""How does the backbone learn what galaxies look like before it meets the detector?

It learns redshifts from cutouts of single galaxies: its last features, averaged over the cutout, give a redshift
mixture of the kind that the detector gives. It sees what it will see in the detector: flux over noise under arcsinh,
and validity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zpix.config import PretrainingConfig
from zpix.detector import Detector
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory, mixed_precision
from zpix.detector.losses import redshift_loss
from zpix.detector.normalisation import image_channels
from zpix.detector.redshift_head import Mixture, MixtureLayer
from zpix.errors import StoreError
from zpix.training.epochs import learn_part
from zpix.training.pretraining import cut_tile, redshift_scores
from zpix.training.store import Split, Store

Floats = NDArray[np.float32]


class LabelledImages(Protocol):
    """Cutouts of galaxies with redshifts, wherever they come from."""

    bands: tuple[str, ...]
    pixel_scale_arcsec: float

    def __len__(self) -> int:
        """Number of cutouts, at the most."""

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[tuple[Floats, Floats, Floats]]:
        """All cutouts, about `size` at once, shuffled if there is an `rng`.

        Yields flux and error, (n, band, y, x), with error +inf where not valid, and redshift, (n,).
        """


class StoreImages:
    """Cutouts of the labelled sources of one split of a store, cut while its tiles are read; `size` in pixels."""

    def __init__(self, store: Store, split: Split, *, size: int) -> None:
        self.store, self.split, self.size = store, split, size
        self.bands, self.pixel_scale_arcsec = store.bands, store.pixel_scale_arcsec
        if len(self) == 0:
            raise StoreError(f"{store.path}: no source of the {split} split has a redshift to learn from")

    def __len__(self) -> int:
        return int(np.isfinite(self.store.sources(self.split)["redshift"]).sum())

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[tuple[Floats, Floats, Floats]]:
        """As `LabelledImages` has it; a batch holds the sources of a few tiles."""
        tiles = np.arange(self.store.count(self.split))
        waiting: list[tuple[Floats, Floats, Floats]] = []
        for index in tiles if rng is None else rng.permutation(tiles):
            cut = cut_tile(self.store.read(self.split, int(index)), size=self.size)
            if len(cut):
                waiting.append((cut.flux.astype(np.float32), cut.error.astype(np.float32), cut.redshift))
            while sum(len(part[2]) for part in waiting) >= size:
                flux, error, redshift = (np.concatenate(column) for column in zip(*waiting, strict=True))
                yield flux[:size], error[:size], redshift[:size]
                rest = (flux[size:], error[size:], redshift[size:])
                waiting = [rest] if len(rest[2]) else []
        if waiting:
            flux, error, redshift = (np.concatenate(column) for column in zip(*waiting, strict=True))
            yield flux, error, redshift


class GalaxyNetwork(nn.Module):
    """A backbone that gives the redshift mixture of the one galaxy in its image."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.body = detector.pyramid.body
        channels: int = self.body.feature_info.channels()[-1]  # type: ignore[union-attr, operator]
        self.mixture = MixtureLayer(channels, detector.config.mixture_components)

    def forward(self, flux: Tensor, error: Tensor) -> Mixture:
        """Mixtures (n, K) of images (n, band, y, x); the error is +inf where a pixel is not valid."""
        features = self.body(image_channels(flux, error))[-1]  # (n, channel, y / 32, x / 32)
        return self.mixture(features.mean((2, 3)))


def fit_backbone(
    training: LabelledImages,
    validation: LabelledImages | None,
    out: Path,
    *,
    detector: Detector,
    config: PretrainingConfig,
    device: str = "auto",
    about: dict[str, Any] | None = None,
    on_epoch: Callable[[Path], None] = lambda losses: None,
) -> Path:
    """Train the backbone of `detector`, whose bands and image size are those of the cutouts; returns the model's path.

    `out` holds the same files as a joint training, and goes on in the same way. The mixture's layer stays in the state
    file: a detector has its own.
    """
    place = choose_device(device)
    dtype = choose_precision("auto", place)
    keep_freed_memory()
    network = GalaxyNetwork(detector).to(place).to(memory_format=torch.channels_last)

    def mixtures(flux: Floats, error: Floats) -> Mixture:
        with mixed_precision(place, dtype):
            return network(torch.from_numpy(flux).to(place), torch.from_numpy(error).to(place))

    def losses(rng: np.random.Generator) -> Iterator[Tensor]:
        for flux, error, redshift in training.batches(config.batch_size, rng):
            mixture = mixtures(*_augmented(flux, error, config.band_dropout, rng))
            known = torch.from_numpy(redshift).to(place)
            yield redshift_loss(mixture.log_weights, mixture.means, mixture.widths, known)

    @torch.no_grad()
    def validate() -> dict[str, float] | None:
        if validation is None:
            return None
        parts, redshifts = [], []
        for flux, error, redshift in validation.batches(config.batch_size):
            parts.append(mixtures(flux, error))
            redshifts.append(redshift)
        joined = Mixture(*(torch.cat(columns) for columns in zip(*parts, strict=True)))
        return redshift_scores(joined, np.concatenate(redshifts))

    return learn_part(
        network, out, losses=losses, steps=-(-len(training) // config.batch_size), validate=validate,
        detector=detector, config=config, about=about, on_epoch=on_epoch,
    )  # fmt: skip


def _augmented(flux: Floats, error: Floats, band_dropout: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Images turned and mirrored, each batch in one way, some with bands hidden; at least one band stays."""
    turns, mirror = int(rng.integers(4)), bool(rng.integers(2))

    def turn(image: Floats) -> Floats:
        turned = np.rot90(image, turns, axes=(-2, -1))
        return np.ascontiguousarray(turned[..., ::-1] if mirror else turned)

    hidden = rng.random(flux.shape[:2]) < band_dropout
    hidden &= ~hidden.all(1, keepdims=True)
    return turn(flux), np.where(hidden[..., None, None], np.float32(np.inf), turn(error))
