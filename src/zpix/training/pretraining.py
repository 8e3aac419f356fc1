"""How does the redshift head learn its colours before it meets the detector?

The soft photometry of the redshift head is trained alone, on sums of pixels of labelled sources held in memory: an
epoch costs a minute where the joint training costs ten. The pyramid's part of the head starts at zero and joins later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.config import ModelConfig, PretrainingConfig
from zpix.detector import Detector
from zpix.detector.device import choose_device, keep_freed_memory
from zpix.detector.losses import redshift_loss
from zpix.detector.redshift_head import REDSHIFT_HEADS, Mixture, PhotometricHead
from zpix.detector.soft_photometry import SourcePixels, soft_photometry
from zpix.errors import ConfigError, StoreError
from zpix.progress import track
from zpix.sources import ZMixture
from zpix.training.batches import segment_boxes
from zpix.training.epochs import learn_part
from zpix.training.store import AnnotatedTile, Split, Store

# Cutouts are kept a little larger than the network wants, so that each epoch can shift them.
_SLACK_PIX = 2
_BOX_JITTER = 0.05  # of the sides: the detector's boxes are not the true ones


class SourceSums(NamedTuple):
    """What the photometry of the redshift head reads of n labelled sources.

    sums : (n, F) float32, as `soft_photometry` gives them
    redshift, dust : (n,) float32
    """

    sums: Tensor
    redshift: Tensor
    dust: Tensor

    @staticmethod
    def concatenate(parts: list[SourceSums]) -> SourceSums:
        """Join several; the list must not be empty."""
        return SourceSums(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


class Examples(Protocol):
    """What the redshift head learns from."""

    def __len__(self) -> int: ...

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[SourceSums]:
        """All examples in an order of `rng`, `size` at a time."""


@dataclass(frozen=True)
class DrawnExamples:
    """Sums that stay as they are."""

    sources: SourceSums

    def __len__(self) -> int:
        return len(self.sources.redshift)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[SourceSums]:
        """All examples in an order of `rng`, `size` at a time."""
        for rows in torch.from_numpy(rng.permutation(len(self))).split(size):
            yield SourceSums(*(column[rows] for column in self.sources))


@dataclass(frozen=True)
class Cutouts:
    """Cutouts of n labelled sources, in half precision to fit in memory.

    flux, error : (n, band, S, S) float16, nJy; error +inf where not valid
    mask : (n, S, S) bool, the source's segment
    size : (n, 2) float32, box sides in pixels
    redshift, dust : (n,) float32
    """

    flux: NDArray[np.float16]
    error: NDArray[np.float16]
    mask: NDArray[np.bool_]
    size: NDArray[np.float32]
    redshift: NDArray[np.float32]
    dust: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.redshift)


@dataclass(frozen=True)
class CutoutExamples:
    """Cutouts that every epoch sees a little differently."""

    cutouts: Cutouts
    model: ModelConfig
    band_dropout: float

    def __len__(self) -> int:
        return len(self.cutouts)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[SourceSums]:
        """All examples in an order of `rng`, `size` at a time."""
        order = rng.permutation(len(self))
        for start in range(0, len(order), size):
            rows = np.sort(order[start : start + size])
            yield altered_sums(self.cutouts, rows, model=self.model, band_dropout=self.band_dropout, rng=rng)


def fit_redshift_head(
    training: Examples,
    validation: SourceSums | None,
    out: Path,
    *,
    detector: Detector,
    config: PretrainingConfig,
    device: str = "auto",
    about: dict | None = None,
    on_epoch: Callable[[Path], None] = lambda losses: None,
) -> Path:
    """Train the redshift head of `detector` on soft photometry alone; returns the path of the model.

    `out` holds the same files as a joint training, and goes on in the same way.
    """
    place = choose_device(device)
    keep_freed_memory()
    learner = detector.redshift_head.to(place)
    assert isinstance(learner, PhotometricHead), "see check_photometry"

    def losses(rng: np.random.Generator) -> Iterator[Tensor]:
        for batch in training.batches(config.batch_size, rng):
            mixture = learner.from_sums(batch.sums.to(place), batch.dust.to(place))
            yield redshift_loss(mixture.log_weights, mixture.means, mixture.widths, batch.redshift.to(place))

    def validate() -> dict[str, float] | None:
        if validation is None:
            return None
        return redshift_scores(predict_sums(learner, validation, place), validation.redshift.numpy())

    return learn_part(
        learner, out, losses=losses, steps=-(-len(training) // config.batch_size), validate=validate,
        parameters=learner.photometric_parameters(),
        detector=detector, config=config, about=about, on_epoch=on_epoch,
    )  # fmt: skip


def check_photometry(model: ModelConfig) -> None:
    """Refuse a redshift head that has none."""
    if not issubclass(REDSHIFT_HEADS[model.redshift_head], PhotometricHead):
        others = [f"'{name}'" for name, head in REDSHIFT_HEADS.items() if issubclass(head, PhotometricHead)]
        raise ConfigError(
            f"redshift_head = '{model.redshift_head}' has no photometry to pretrain; choose {' or '.join(others)}"
        )


@torch.no_grad()
def predict_sums(head: PhotometricHead, sources: SourceSums, device: torch.device, *, batch: int = 4096) -> Mixture:
    """Mixtures of all sources, from soft photometry alone; `head` is in evaluation mode."""
    parts = [
        head.from_sums(sums.to(device), dust.to(device))
        for sums, dust in zip(sources.sums.split(batch), sources.dust.split(batch), strict=True)
    ]
    return Mixture(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def cut_sources(store: Store, split: Split, *, size: int) -> Cutouts:
    """Cutouts of every source of a split that has a redshift; `size` in pixels, without the slack."""
    side = size + _SLACK_PIX
    known = np.isfinite(store.sources(split)["redshift"]).sum()
    if known == 0:
        raise StoreError(f"{store.path}: no source of the {split} split has a redshift to learn from")
    image = (known, len(store.bands), side, side)  # filled in place: the list of parts would need memory twice
    flux, error, mask = np.zeros(image, np.float16), np.zeros(image, np.float16), np.zeros((known, side, side), bool)
    rest: list[Cutouts] = []
    row = 0
    for index in track(range(store.count(split)), f"cutouts ({split})", store.count(split)):
        cut = cut_for_head(store.read(split, index), size=size)
        rows = slice(row, row + len(cut))
        flux[rows], error[rows], mask[rows] = cut.flux, cut.error, cut.mask
        rest.append(replace(cut, flux=flux[:0], error=error[:0], mask=mask[:0]))
        row += len(cut)
    columns = {name: np.concatenate([getattr(part, name) for part in rest]) for name in ("size", "redshift", "dust")}
    return Cutouts(flux[:row], error[:row], mask[:row], **columns)


def cut_for_head(tile: AnnotatedTile, *, size: int) -> Cutouts:
    """As `cut_tile`, with room to shift cutouts of `size` pixels."""
    return cut_tile(tile, size=size + _SLACK_PIX)


def cut_tile(tile: AnnotatedTile, *, size: int) -> Cutouts:
    """Cutouts of every source of a tile that has a redshift; beyond the tile's edge nothing is valid."""
    boxes, present = segment_boxes(tile.segmentation, len(tile))
    wanted = np.flatnonzero(present & np.isfinite(tile.redshift))
    image = (len(wanted), len(tile.flux), size, size)
    flux, error = np.zeros(image, np.float16), np.zeros(image, np.float16)
    mask = np.zeros((len(wanted), size, size), bool)
    pad = ((size, size), (size, size))
    padded_flux = np.pad(tile.flux, ((0, 0), *pad))
    padded_error = np.pad(tile.error, ((0, 0), *pad), constant_values=np.inf)
    padded_segments = np.pad(tile.segmentation, pad)
    for row, source in enumerate(wanted):
        middle = 0.5 * (boxes[source, :2] + boxes[source, 2:])
        x, y = np.round(middle - size / 2).astype(int)
        place = (slice(y + size, y + 2 * size), slice(x + size, x + 2 * size))
        flux[row] = np.clip(padded_flux[:, *place], -6e4, 6e4)
        error[row] = padded_error[:, *place]
        mask[row] = padded_segments[place] == source + 1
    return Cutouts(
        flux,
        error,
        mask,
        size=(boxes[wanted, 2:] - boxes[wanted, :2]).astype(np.float32),
        redshift=tile.redshift[wanted].astype(np.float32),
        dust=np.full(len(wanted), tile.dust, np.float32),
    )


def altered_sums(
    cutouts: Cutouts, rows: NDArray, *, model: ModelConfig, band_dropout: float, rng: np.random.Generator
) -> SourceSums:
    """Sums of some sources: shifted, turned, mirrored, with bands hidden and boxes and masks a little wrong."""
    size = model.cutout_size_pix
    shift = (int(rng.integers(_SLACK_PIX + 1)), int(rng.integers(_SLACK_PIX + 1)))
    pixels, dust = _to_pixels(cutouts, rows, size, shift=shift)
    pixels = _turned(pixels, int(rng.integers(4)), bool(rng.integers(2)))
    hidden = torch.from_numpy(rng.random(pixels.flux.shape[:2]) < band_dropout)[:, :, None, None]
    hidden &= ~hidden.all(1, keepdim=True)
    wrong = torch.from_numpy(rng.normal(0, _BOX_JITTER, (len(rows), 2)).astype(np.float32)) * pixels.size
    softness = torch.from_numpy(rng.uniform(0.6, 1.0, (len(rows), 1, 1)).astype(np.float32))
    seen = SourcePixels(
        flux=pixels.flux.masked_fill(hidden, 0.0),
        variance=pixels.variance.masked_fill(hidden, 0.0),
        mask=pixels.mask * softness,
        size=pixels.size + wrong,
    )
    redshift = torch.from_numpy(cutouts.redshift[rows])
    return SourceSums(soft_photometry(seen, model.gaussian_sigmas_pix, model.elliptical_widths), redshift, dust)


def plain_sums(cutouts: Cutouts, *, model: ModelConfig, batch: int = 512) -> SourceSums:
    """Sums of all sources as they are."""
    parts = []
    for rows in np.split(np.arange(len(cutouts)), range(batch, len(cutouts), batch)):
        shift = (_SLACK_PIX // 2, _SLACK_PIX // 2)
        pixels, dust = _to_pixels(cutouts, rows, model.cutout_size_pix, shift=shift)
        sums = soft_photometry(pixels, model.gaussian_sigmas_pix, model.elliptical_widths)
        parts.append(SourceSums(sums, torch.from_numpy(cutouts.redshift[rows]), dust))
    return SourceSums.concatenate(parts)


def redshift_scores(mixture: Mixture, redshift: NDArray[np.float32]) -> dict[str, float]:
    """Loss, scatter and outlier fraction of all sources of a split, whatever their brightness."""
    log_weights, means, widths = (part.double().cpu() for part in mixture[:3])
    loss = redshift_loss(log_weights, means, widths, torch.from_numpy(redshift).double())
    point = ZMixture(log_weights.exp().numpy(), means.numpy(), widths.numpy()).least_risk()
    delta = (point - redshift) / (1 + redshift)
    return {
        "redshift": round(float(loss), 5),
        "sigma_nmad": round(1.4826 * float(np.median(np.abs(delta - np.median(delta)))), 5),
        "outlier_fraction": round(float(np.mean(np.abs(delta) > 0.15)), 5),
    }


def _to_pixels(cutouts: Cutouts, rows: NDArray, size: int, *, shift: tuple[int, int]) -> tuple[SourcePixels, Tensor]:
    place = (slice(shift[1], shift[1] + size), slice(shift[0], shift[0] + size))
    flux = torch.from_numpy(cutouts.flux[rows][:, :, *place].astype(np.float32))
    error = torch.from_numpy(cutouts.error[rows][:, :, *place].astype(np.float32))
    usable = torch.isfinite(error) & torch.isfinite(flux)
    pixels = SourcePixels(
        flux=torch.where(usable, flux, 0.0),
        variance=torch.where(usable, error * error, 0.0),
        mask=torch.from_numpy(cutouts.mask[rows][:, *place].astype(np.float32)),
        size=torch.from_numpy(cutouts.size[rows]),
    )
    return pixels, torch.from_numpy(cutouts.dust[rows])


def _turned(pixels: SourcePixels, turns: int, mirror: bool) -> SourcePixels:
    """Quarter turns (counter-clockwise in array axes, as numpy.rot90) and a mirror in x."""
    flux, variance, mask = (torch.rot90(image, turns, (-2, -1)) for image in pixels[:3])
    if mirror:
        flux, variance, mask = (image.flip(-1) for image in (flux, variance, mask))
    size = pixels.size.flip(1) if turns % 2 else pixels.size
    return SourcePixels(flux.contiguous(), variance.contiguous(), mask.contiguous(), size)
