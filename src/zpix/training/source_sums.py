"""What does the photometry of the redshift head read of labelled sources?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.config import ModelConfig
from zpix.detector.normalisation import split_validity
from zpix.detector.soft_photometry import SourcePixels, soft_photometry
from zpix.training.augmentation import Orientation, hidden_bands
from zpix.training.source_cutouts import SLACK_PIX, Cutouts

_BOX_JITTER = 0.05  # of the sides: the detector's boxes are not the true ones
_MASK_VALUES = (0.6, 1.0)  # inside segments: the detector's masks are not certain
_NO_SHIFT = (SLACK_PIX // 2, SLACK_PIX // 2)


class SourceSums(NamedTuple):
    """What the photometry of the redshift head reads of n labelled sources.

    Attributes
    ----------
    sums : Tensor, shape (n, F), float32
        As `soft_photometry` gives them.
    redshift : Tensor, shape (n,), float32
        True redshifts.
    dust : Tensor, shape (n,), float32, mag
        E(B−V) of the Milky Way.
    """

    sums: Tensor
    redshift: Tensor
    dust: Tensor

    @staticmethod
    def concatenate(parts: list[SourceSums]) -> SourceSums:
        """Join several.

        Parameters
        ----------
        parts : list of SourceSums
            At least one.

        Returns
        -------
        SourceSums
            All their sources, in order.
        """
        return SourceSums(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


class Examples(Protocol):
    """What the redshift head learns from."""

    def __len__(self) -> int:
        """Return the number of sources."""

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[SourceSums]:
        """Give all sources once.

        Parameters
        ----------
        size : int
            Sources of a batch.
        rng : numpy Generator
            Of their order.

        Returns
        -------
        iterator of SourceSums
            Batches.
        """


@dataclass(frozen=True)
class DrawnExamples:
    """Sums that stay as they are.

    Attributes
    ----------
    sources : SourceSums
        All of them.
    """

    sources: SourceSums

    def __len__(self) -> int:
        """Return the number of sources."""
        return len(self.sources.redshift)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[SourceSums]:
        """Give all sources once; see `Examples.batches`."""
        for rows in torch.split(torch.from_numpy(rng.permutation(len(self))), size):
            yield SourceSums(*(column[rows] for column in self.sources))


@dataclass(frozen=True)
class CutoutExamples:
    """Cutouts that every epoch sees a little differently.

    Attributes
    ----------
    cutouts : Cutouts
        All of them.
    model : ModelConfig
        Weights of the photometry.
    band_dropout : float
        Probability that a band is hidden.
    """

    cutouts: Cutouts
    model: ModelConfig
    band_dropout: float

    def __len__(self) -> int:
        """Return the number of sources."""
        return len(self.cutouts)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[SourceSums]:
        """Give all sources once; see `Examples.batches`."""
        order = rng.permutation(len(self))
        for start in range(0, len(order), size):
            rows = np.sort(order[start : start + size])
            yield altered_sums(self.cutouts, rows, model=self.model, band_dropout=self.band_dropout, rng=rng)


def altered_sums(
    cutouts: Cutouts, rows: NDArray[Any], *, model: ModelConfig, band_dropout: float, rng: np.random.Generator
) -> SourceSums:
    """Sum some sources, shifted, turned, mirrored, with bands hidden and boxes and masks a little wrong.

    Parameters
    ----------
    cutouts : Cutouts
        All sources.
    rows : ndarray of int
        Which of them.
    model : ModelConfig
        Weights of the photometry.
    band_dropout : float
        Probability that a band is hidden.
    rng : numpy Generator
        Of the random choices.

    Returns
    -------
    SourceSums
        Of these sources.
    """
    view = Views.draw(len(rows), rng)
    own = cutouts[rows]
    pixels = view.of(own, size=model.cutout_size_pix)
    hidden = torch.from_numpy(hidden_bands(own.flux.shape[:2], band_dropout, rng))[:, :, None, None]
    seen = pixels._replace(flux=pixels.flux.masked_fill(hidden, 0.0), variance=pixels.variance.masked_fill(hidden, 0.0))
    return _sums_of(seen, own, model)


def plain_sums(cutouts: Cutouts, *, model: ModelConfig, batch: int = 512) -> SourceSums:
    """Sum all sources as they are.

    Parameters
    ----------
    cutouts : Cutouts
        The sources.
    model : ModelConfig
        Weights of the photometry.
    batch : int, default 512
        Sources summed at once.

    Returns
    -------
    SourceSums
        Of all sources.
    """
    parts = []
    for rows in np.split(np.arange(len(cutouts)), range(batch, len(cutouts), batch)):
        own = cutouts[rows]
        parts.append(_sums_of(Views.draw(len(rows), None).of(own, size=model.cutout_size_pix), own, model))
    return SourceSums.concatenate(parts)


@dataclass(frozen=True)
class Views:
    """How cutouts of n sources are seen: from where, which way round, and with which errors of boxes and masks.

    Attributes
    ----------
    shift : (int, int), pixels
        First pixel (x, y) of what is seen of a cutout.
    orientation : Orientation
        Turned and mirrored how.
    wrong : Tensor, shape (n, 2)
        Errors of the sides of boxes, as a fraction.
    softness : Tensor, shape (n, 1, 1)
        Value of the mask inside segments.
    """

    shift: tuple[int, int]
    orientation: Orientation
    wrong: Tensor
    softness: Tensor

    @staticmethod
    def draw(n: int, rng: np.random.Generator | None) -> Views:
        """Draw how n sources are seen; as they are, without random numbers.

        Parameters
        ----------
        n : int
            Number of sources.
        rng : numpy Generator, optional
            Of the random choices.

        Returns
        -------
        Views
            Of n sources.
        """
        if rng is None:
            return Views(_NO_SHIFT, Orientation(), torch.zeros(n, 2), torch.ones(n, 1, 1))
        shift = (int(rng.integers(SLACK_PIX + 1)), int(rng.integers(SLACK_PIX + 1)))
        orientation = Orientation.draw(rng)
        wrong = torch.from_numpy(rng.normal(0, _BOX_JITTER, (n, 2)).astype(np.float32))
        softness = torch.from_numpy(rng.uniform(*_MASK_VALUES, (n, 1, 1)).astype(np.float32))
        return Views(shift, orientation, wrong, softness)

    def of_images(self, images: NDArray[Any], *, size: int) -> Tensor:
        """See images.

        Parameters
        ----------
        images : ndarray, shape (n, ..., S, S)
            Cutouts, `SLACK_PIX` larger than what is seen.
        size : int, pixels
            Side of what is seen.

        Returns
        -------
        Tensor, shape (n, ..., size, size), float32
            What is seen of them.
        """
        x, y = self.shift
        seen = images[..., y : y + size, x : x + size]
        return torch.from_numpy(self.orientation.of_image(seen.astype(np.float32)))

    def of(self, cutouts: Cutouts, *, size: int) -> SourcePixels:
        """See cutouts of sources.

        Parameters
        ----------
        cutouts : Cutouts
            Of n sources.
        size : int, pixels
            Side of what is seen.

        Returns
        -------
        SourcePixels
            What is seen of them, in full precision.
        """
        flux, variance = split_validity(
            self.of_images(cutouts.flux, size=size), self.of_images(cutouts.error, size=size)
        )
        sides = torch.from_numpy(self.orientation.of_sides(cutouts.size))
        mask = self.of_images(cutouts.mask, size=size) * self.softness
        return SourcePixels(flux, variance, mask, sides * (1 + self.wrong))


def _sums_of(pixels: SourcePixels, cutouts: Cutouts, model: ModelConfig) -> SourceSums:
    """Sums of cutouts, as they are seen in `pixels`."""
    sums = soft_photometry(pixels, model.gaussian_sigmas_pix, model.elliptical_widths)
    return SourceSums(sums, torch.from_numpy(cutouts.redshift), torch.from_numpy(cutouts.dust))
