"""How does the backbone learn what galaxies look like before the joint training?

It learns redshifts from cutouts of single galaxies: its last features, averaged over the cutout, give a redshift
mixture of the kind that the detector gives. Its input is that of the detector: flux over noise under arcsinh, and
validity.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zpix.config import PretrainingConfig
from zpix.detector import About, Detector
from zpix.detector.backbone import body_channels
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory, mixed_precision
from zpix.detector.normalisation import image_channels
from zpix.detector.redshift_head import Mixture, MixtureLayer
from zpix.errors import StoreError
from zpix.training.augmentation import Orientation, hidden_bands
from zpix.training.epoch_report import OnEpoch, nothing
from zpix.training.loop import learn
from zpix.training.part import PartTraining
from zpix.training.pretraining import redshift_scores
from zpix.training.source_cutouts import cut_tile
from zpix.training.store import Split, Store

Floats = NDArray[np.float32]
#: Flux and error, (n, band, y, x) in nJy with error +inf where not valid, and redshift, (n,).
ImageBatch = tuple[Floats, Floats, Floats]


class LabelledImages(Protocol):
    """Cutouts of galaxies with redshifts, wherever they come from.

    Attributes
    ----------
    bands : tuple of str
        Names of their bands, in order.
    pixel_scale_arcsec : float
        Side of a pixel.
    """

    bands: tuple[str, ...]
    pixel_scale_arcsec: float

    def __len__(self) -> int:
        """Return the number of cutouts, at the most."""

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[ImageBatch]:
        """Give all cutouts once.

        Parameters
        ----------
        size : int
            Cutouts of a batch, about.
        rng : numpy Generator, optional
            Of their order; without it they come as they are.

        Yields
        ------
        flux : ndarray, shape (n, band, y, x), float32, nJy
            Flux per pixel.
        error : ndarray, shape (n, band, y, x), float32, nJy
            Its error; +inf where a pixel is not valid.
        redshift : ndarray, shape (n,), float32
            Redshifts.
        """


class StoreImages:
    """Cutouts of the labelled sources of one split of a store, cut while its tiles are read.

    Parameters
    ----------
    store : Store
        The data.
    split : {"train", "validation", "test"}
        Part of it.
    size : int, pixels
        Side of the cutouts.

    Raises
    ------
    StoreError
        If no source of the split has a redshift.
    """

    def __init__(self, store: Store, split: Split, *, size: int) -> None:
        self.store, self.split, self.size = store, split, size
        self.bands, self.pixel_scale_arcsec = store.bands, store.pixel_scale_arcsec
        if len(self) == 0:
            raise StoreError(f"{store.path}: no source of the {split} split has a redshift to learn from")

    def __len__(self) -> int:
        """Return the number of cutouts."""
        return int(np.isfinite(self.store.sources(self.split)["redshift"]).sum())

    def batches(self, size: int, rng: np.random.Generator | None = None) -> Iterator[ImageBatch]:
        """Give all cutouts once; see `LabelledImages.batches`. A batch holds the sources of a few tiles."""
        tiles = np.arange(self.store.count(self.split))
        waiting: list[ImageBatch] = []
        for index in tiles if rng is None else rng.permutation(tiles):
            cut = cut_tile(self.store.read(self.split, int(index)), size=self.size)
            if len(cut):
                waiting.append((cut.flux.astype(np.float32), cut.error.astype(np.float32), cut.redshift))
            while sum(len(part[2]) for part in waiting) >= size:
                flux, error, redshift = _joined(waiting)
                yield flux[:size], error[:size], redshift[:size]
                rest = (flux[size:], error[size:], redshift[size:])
                waiting = [rest] if len(rest[2]) else []
        if waiting:
            yield _joined(waiting)


def _joined(parts: list[ImageBatch]) -> ImageBatch:
    """Several batches as one."""
    flux, error, redshift = (np.concatenate(column) for column in zip(*parts, strict=True))
    return flux, error, redshift


class GalaxyNetwork(nn.Module):
    """A backbone that gives the redshift mixture of the one galaxy in its image.

    Parameters
    ----------
    detector : Detector
        The network whose backbone it is.
    """

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.body = detector.pyramid.body
        self.mixture = MixtureLayer(body_channels(self.body)[-1], detector.config.mixture_components)

    def forward(self, flux: Tensor, error: Tensor) -> Mixture:
        """Give the mixture of each of n images.

        Parameters
        ----------
        flux : Tensor, shape (n, band, y, x), float32, nJy
            Flux per pixel.
        error : Tensor, shape (n, band, y, x), float32, nJy
            Its error; +inf where a pixel is not valid.

        Returns
        -------
        Mixture
            Of n galaxies.
        """
        features = self.body(image_channels(flux, error))[-1]  # (n, channel, y / 32, x / 32)
        mixture: Mixture = self.mixture(features.mean((2, 3)))
        return mixture


def fit_backbone(
    training: LabelledImages,
    validation: LabelledImages | None,
    out: Path,
    *,
    detector: Detector,
    config: PretrainingConfig,
    device: str = "auto",
    about: About | None = None,
    on_epoch: OnEpoch = nothing,
) -> Path:
    """Train the backbone of a detector, whose bands and image size are those of the cutouts.

    Parameters
    ----------
    training : LabelledImages
        Cutouts to learn from.
    validation : LabelledImages, optional
        Cutouts to score on.
    out : Path
        Directory of the files, as in `fit` of the joint training.
    detector : Detector
        The network; the weights of its backbone are changed. The mixture layer of the training is not part of it.
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
    OutputError, TrainingError
        As in `learn`.
    """
    place = choose_device(device)
    keep_freed_memory()
    return learn(
        _BackboneTraining(training, validation, detector, config, place, about or About()), out, on_epoch=on_epoch
    )


@final
class _BackboneTraining(PartTraining):
    """A backbone, on cutouts of galaxies."""

    def __init__(
        self,
        training: LabelledImages,
        validation: LabelledImages | None,
        detector: Detector,
        config: PretrainingConfig,
        device: torch.device,
        about: About,
    ) -> None:
        self._galaxies = GalaxyNetwork(detector).to(device).to(memory_format=torch.channels_last)
        super().__init__(self._galaxies, detector, config, steps=-(-len(training) // config.batch_size), about=about)
        self._device, self._dtype, self._settings = device, choose_precision("auto", device), config
        self._training, self._validation = training, validation

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Mixture, Tensor]]:
        for flux, error, redshift in self._training.batches(self._settings.batch_size, rng):
            mixture = self._mixtures(*_augmented(flux, error, self._settings.band_dropout, rng))
            yield mixture, torch.from_numpy(redshift).to(self._device)

    @torch.no_grad()
    def scores(self) -> dict[str, float] | None:
        if self._validation is None:
            return None
        parts, redshifts = [], []
        for flux, error, redshift in self._validation.batches(self._settings.batch_size):
            parts.append(self._mixtures(flux, error))
            redshifts.append(redshift)
        joined = Mixture(*(torch.cat(columns) for columns in zip(*parts, strict=True)))
        return redshift_scores(joined, np.concatenate(redshifts))

    def _mixtures(self, flux: Floats, error: Floats) -> Mixture:
        """Mixtures of images (n, band, y, x)."""
        with mixed_precision(self._device, self._dtype):
            mixture: Mixture = self._galaxies(
                torch.from_numpy(flux).to(self._device), torch.from_numpy(error).to(self._device)
            )
            return mixture


def _augmented(flux: Floats, error: Floats, band_dropout: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Images turned and mirrored, each batch in one way, some with bands hidden; at least one band stays."""
    orientation = Orientation.draw(rng)
    hidden = hidden_bands(flux.shape[:2], band_dropout, rng)
    error = np.where(hidden[..., None, None], np.float32(np.inf), orientation.of_image(error))
    return orientation.of_image(flux), error
