"""How does the redshift head learn its colours before it meets the detector?

The soft photometry of the redshift head is trained alone, on cutouts of labelled sources held in memory: an epoch costs
a minute where the joint training costs ten. The pyramid's part of the head starts at zero and joins later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.config import PretrainingConfig
from zpix.detector import Detector
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory, mixed_precision
from zpix.detector.losses import redshift_loss
from zpix.detector.redshift_head import Mixture, SourcePixels
from zpix.errors import StoreError
from zpix.progress import track
from zpix.sources import ZMixture
from zpix.training.batches import segment_boxes
from zpix.training.epochs import learn_part
from zpix.training.loop import check_store
from zpix.training.store import AnnotatedTile, Split, Store

# Cutouts are kept a little larger than the network wants, so that each epoch can shift them.
_SLACK_PIX = 2


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


def cut_sources(store: Store, split: Split, *, size: int) -> Cutouts:
    """Cutouts of every source of a split that has a redshift; `size` in pixels, without the slack."""
    size += _SLACK_PIX
    known = np.isfinite(store.sources(split)["redshift"]).sum()
    if known == 0:
        raise StoreError(f"{store.path}: no source of the {split} split has a redshift to learn from")
    image = (known, len(store.bands), size, size)  # filled in place: the list of parts would need memory twice
    flux, error, mask = np.zeros(image, np.float16), np.zeros(image, np.float16), np.zeros((known, size, size), bool)
    rest: list[Cutouts] = []
    row = 0
    for index in track(range(store.count(split)), f"cutouts ({split})", store.count(split)):
        cut = cut_tile(store.read(split, index), size=size)
        rows = slice(row, row + len(cut))
        flux[rows], error[rows], mask[rows] = cut.flux, cut.error, cut.mask
        rest.append(replace(cut, flux=flux[:0], error=error[:0], mask=mask[:0]))
        row += len(cut)
    columns = {name: np.concatenate([getattr(part, name) for part in rest]) for name in ("size", "redshift", "dust")}
    return Cutouts(flux[:row], error[:row], mask[:row], **columns)


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


def fit_redshift_head(
    store: Store,
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
    check_store(store, detector.config)
    head = detector.redshift_head
    if head.photometry is None:
        raise StoreError("redshift_head = 'fpn' has no photometry to pretrain; choose 'fpn+pixels'")
    place = choose_device(device)
    dtype = choose_precision("auto", place)
    keep_freed_memory()
    learner = head.to(place)
    size = detector.config.cutout_size_pix
    training = cut_sources(store, "train", size=size)
    validation = cut_sources(store, "validation", size=size) if store.count("validation") else None

    def losses(rng: np.random.Generator) -> Iterator[Tensor]:
        for pixels, redshift, dust in _batches(training, config, size, rng):
            with mixed_precision(place, dtype):
                mixture = learner(None, SourcePixels(*(p.to(place) for p in pixels)), dust.to(place))
            yield redshift_loss(mixture.log_weights, mixture.means, mixture.widths, redshift.to(place))

    def validate() -> dict[str, float] | None:
        if validation is None:
            return None
        return redshift_scores(predict_cutouts(learner, validation, size, place, dtype), validation.redshift)

    return learn_part(
        learner, out, losses=losses, steps=-(-len(training) // config.batch_size), validate=validate,
        parameters=[p for name, p in learner.named_parameters() if not name.startswith("pyramid.")],
        detector=detector, config=config, about=about, on_epoch=on_epoch,
    )  # fmt: skip


@torch.no_grad()
def predict_cutouts(
    head: torch.nn.Module,
    cutouts: Cutouts,
    size: int,
    device: torch.device,
    dtype: torch.dtype,
    *,
    batch: int = 512,
) -> Mixture:
    """Mixtures of all cutouts, from soft photometry alone; `head` is in evaluation mode."""
    parts = []
    for start in range(0, len(cutouts), batch):
        rows = np.arange(start, min(start + batch, len(cutouts)))
        pixels, dust = _to_pixels(cutouts, rows, size, shift=(_SLACK_PIX // 2, _SLACK_PIX // 2))
        with mixed_precision(device, dtype):
            parts.append(head(None, SourcePixels(*(p.to(device) for p in pixels)), dust.to(device)))
    return Mixture(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


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


def _batches(
    cutouts: Cutouts, config: PretrainingConfig, size: int, rng: np.random.Generator
) -> Iterator[tuple[SourcePixels, Tensor, Tensor]]:
    """Shuffled batches, shifted, turned, mirrored, with bands hidden and boxes a little wrong."""
    order = rng.permutation(len(cutouts))
    for start in range(0, len(order), config.batch_size):
        rows = np.sort(order[start : start + config.batch_size])
        shift = (int(rng.integers(_SLACK_PIX + 1)), int(rng.integers(_SLACK_PIX + 1)))
        pixels, dust = _to_pixels(cutouts, rows, size, shift=shift)
        pixels = _turned(pixels, int(rng.integers(4)), bool(rng.integers(2)))
        hidden = torch.from_numpy(rng.random(pixels.flux.shape[:2]) < config.band_dropout)[:, :, None, None]
        hidden &= ~hidden.all(1, keepdim=True)
        wrong = torch.from_numpy(rng.normal(0, 0.05, (len(rows), 2)).astype(np.float32)) * pixels.size
        softness = torch.from_numpy(rng.uniform(0.6, 1.0, (len(rows), 1, 1)).astype(np.float32))
        yield (
            SourcePixels(
                flux=pixels.flux.masked_fill(hidden, 0.0),
                variance=pixels.variance.masked_fill(hidden, 0.0),
                mask=pixels.mask * softness,
                size=pixels.size + wrong,
            ),
            torch.from_numpy(cutouts.redshift[rows]),
            dust,
        )


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
