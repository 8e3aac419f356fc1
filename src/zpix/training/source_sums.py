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
    shift = (int(rng.integers(SLACK_PIX + 1)), int(rng.integers(SLACK_PIX + 1)))
    own = _shifted(cutouts, rows, model.cutout_size_pix, shift)
    pixels = _to_pixels(own, Orientation.draw(rng))
    hidden = torch.from_numpy(hidden_bands(own.flux.shape[:2], band_dropout, rng))[:, :, None, None]
    wrong = torch.from_numpy(rng.normal(0, _BOX_JITTER, (len(rows), 2)).astype(np.float32)) * pixels.size
    softness = torch.from_numpy(rng.uniform(*_MASK_VALUES, (len(rows), 1, 1)).astype(np.float32))
    seen = SourcePixels(
        flux=pixels.flux.masked_fill(hidden, 0.0),
        variance=pixels.variance.masked_fill(hidden, 0.0),
        mask=pixels.mask * softness,
        size=pixels.size + wrong,
    )
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
        own = _shifted(cutouts, rows, model.cutout_size_pix, _NO_SHIFT)
        parts.append(_sums_of(_to_pixels(own, Orientation()), own, model))
    return SourceSums.concatenate(parts)


def _shifted(cutouts: Cutouts, rows: NDArray[Any], size: int, shift: tuple[int, int]) -> Cutouts:
    """Some cutouts, of `size` pixels from (x, y) = `shift` on."""
    place = (slice(shift[1], shift[1] + size), slice(shift[0], shift[0] + size))
    return Cutouts(
        flux=cutouts.flux[rows][:, :, *place],
        error=cutouts.error[rows][:, :, *place],
        mask=cutouts.mask[rows][:, *place],
        size=cutouts.size[rows],
        redshift=cutouts.redshift[rows],
        dust=cutouts.dust[rows],
    )


def _to_pixels(cutouts: Cutouts, orientation: Orientation) -> SourcePixels:
    """Cutouts as tensors in full precision, turned and mirrored."""
    flux, error, mask = (
        torch.from_numpy(orientation.of_image(image.astype(np.float32)))
        for image in (cutouts.flux, cutouts.error, cutouts.mask)
    )
    clean_flux, variance = split_validity(flux, error)
    return SourcePixels(clean_flux, variance, mask, torch.from_numpy(orientation.of_sides(cutouts.size)))


def _sums_of(pixels: SourcePixels, cutouts: Cutouts, model: ModelConfig) -> SourceSums:
    """Sums of cutouts, as they are seen in `pixels`."""
    sums = soft_photometry(pixels, model.gaussian_sigmas_pix, model.elliptical_widths)
    return SourceSums(sums, torch.from_numpy(cutouts.redshift), torch.from_numpy(cutouts.dust))
