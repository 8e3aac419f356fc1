"""How does an image become sources? The two stages of the network, from pixels to redshift mixtures.

`losses` and `detect` tell the same story: pyramid, proposals, boxes and classes, masks, redshifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision.ops import clip_boxes_to_image, nms

from zpix.config import ModelConfig
from zpix.detector.backbone import Pyramid
from zpix.detector.box_head import BOX_BINS, BoxHead
from zpix.detector.cutouts import extract_cutouts, masks_on_cutouts
from zpix.detector.losses import mask_loss, redshift_loss
from zpix.detector.mask_head import MASK_BINS, MaskHead, mask_targets
from zpix.detector.normalisation import image_channels, split_validity
from zpix.detector.pooling import BoxPooler
from zpix.detector.proposals import ProposalNetwork, best_proposals
from zpix.detector.redshift_head import REDSHIFT_HEADS, Mixture, RedshiftHead
from zpix.detector.soft_photometry import SourcePixels

# Samples per bin: one equals the adaptive rule for boxes up to 28 (boxes) and 56 (masks) pixels; two serve boxes twice
# as large.
_BOX_SAMPLES, _MASK_SAMPLES = 2, 1
# Boxes that a processor pools and describes at once: those of a crowded tile would take more memory than its pyramid.
_BOXES_AT_ONCE, _MASKS_AT_ONCE = 1024, 128
_TRAINING_PROPOSALS_PER_MEGAPIXEL = 4000
# A proposal is moved by less than this, or half its side, and overlaps no other box by half from farther away.
_LEAST_REACH_PIX = 32.0
# Between 0.2 and 0.5 a validation field's catalogue hardly changes.
_LEAST_OBJECTNESS = 0.3
# True sources of an image whose masks are learnt in one step: learning on all hundred of a crowded tile would cost as
# much as the rest of the network. Redshifts, which are dear and cheap to learn on, are learnt from all.
_MASKS_LEARNT = 48

#: Half-open (x0, y0, x1, y1) in image pixels.
Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Scenes:
    """A batch of annotated images.

    flux, error : (image, band, y, x) float32, nJy; error +inf where not valid
    dust : (image,) float32, E(B−V)
    segmentation : (image, y, x) int32; source i of an image has the value i + 1
    boxes, labels, redshifts : per image, (n, 4) float32, (n,) int64, (n,) float32 with NaN where unknown
    """

    flux: Tensor
    error: Tensor
    dust: Tensor
    segmentation: Tensor
    boxes: list[Tensor]
    labels: list[Tensor]
    redshifts: list[Tensor]

    def to(self, device: torch.device) -> Scenes:
        def move(value: Tensor) -> Tensor:
            return value.to(device, non_blocking=True)

        return Scenes(
            flux=move(self.flux),
            error=move(self.error),
            dust=move(self.dust),
            segmentation=move(self.segmentation),
            boxes=[move(b) for b in self.boxes],
            labels=[move(v) for v in self.labels],
            redshifts=[move(z) for z in self.redshifts],
        )


class Found(NamedTuple):
    """Sources of one image: boxes (n, 4), score, star probability (n,), masks (n, M, M), mixture (n, K)."""

    boxes: Tensor
    score: Tensor
    star_probability: Tensor
    masks: Tensor
    mixture: Mixture


class ForcedBoxes(NamedTuple):
    """Sources of one image that are known: boxes (n, 4), and masks (n, M, M) with NaN where they are to be drawn."""

    boxes: Tensor
    masks: Tensor


class Detector(nn.Module):
    """The network. It sees no sky coordinates and no file; it is told its bands by its configuration."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.pyramid = Pyramid(config)
        self.proposals = ProposalNetwork(config)
        self.box_head = BoxHead(config)
        self.mask_head = MaskHead(config)
        self.redshift_head: RedshiftHead = REDSHIFT_HEADS[config.redshift_head](config)

    @property
    def dtype(self) -> torch.dtype:
        """Arithmetic of the convolutions."""
        return next(self.pyramid.parameters()).dtype

    def fp32_parts(self) -> list[nn.Module]:
        """Layers that compute in fp32 whatever the rest does."""
        return [*self.box_head.fp32_parts(), *self.redshift_head.fp32_parts()]

    def losses(self, scenes: Scenes, *, box_jitter: float) -> dict[str, Tensor]:
        """Loss of every part, to be summed by the caller.

        The mask and redshift heads learn from the boxes that the detector itself gives to the true sources, and, for
        those that it does not find, from the true box moved and scaled at random by the fraction `box_jitter`.
        """
        features = self.pyramid(image_channels(scenes.flux, scenes.error, self.dtype))
        size = (scenes.flux.shape[2], scenes.flux.shape[3])

        objectness, deltas, anchors = self.proposals(features, size)
        losses = self.proposals.losses(objectness, deltas, anchors, features, scenes.boxes)
        count = _proposal_count(size, _TRAINING_PROPOSALS_PER_MEGAPIXEL)
        proposals = self.proposals.select(objectness, deltas, anchors, features, size, count)

        pooler = BoxPooler(features)
        with_truth = [torch.cat(pair) for pair in zip(proposals, scenes.boxes, strict=True)]
        sampled, labels, targets = self.box_head.sample(with_truth, scenes.boxes, scenes.labels)
        logits, box_deltas = self.classify(pooler, torch.cat(sampled), _image_index(sampled))
        losses |= self.box_head.losses(logits, box_deltas, labels, targets)

        boxes = self._boxes_to_learn_from(pooler, proposals, scenes.boxes, box_jitter, size)
        image = _image_index(scenes.boxes)
        segment_id = torch.cat([torch.arange(len(b), device=b.device) + 1 for b in scenes.boxes])
        learnt = torch.cat([torch.randperm(len(b), device=b.device) < _MASKS_LEARNT for b in scenes.boxes])
        mask_logits = self._mask_logits(pooler, boxes[learnt], image[learnt])
        targets = mask_targets(scenes.segmentation, boxes[learnt], image[learnt], segment_id[learnt])
        losses["mask"] = mask_loss(mask_logits, targets)

        masks = mask_logits.new_empty((len(boxes), *mask_logits.shape[1:]))
        masks[learnt] = mask_logits.detach()
        with torch.no_grad():
            masks[~learnt] = self._mask_logits(pooler, boxes[~learnt], image[~learnt])
        masks = torch.sigmoid(masks.float())
        redshifts = torch.cat(scenes.redshifts)
        mixture = self._redshifts(pooler, scenes.flux, scenes.error, boxes, image, masks, scenes.dust[image])
        losses["redshift"] = redshift_loss(mixture.log_weights, mixture.means, mixture.widths, redshifts)
        return losses

    @torch.inference_mode()
    def detect(
        self,
        flux: Tensor,
        error: Tensor,
        dust: Tensor,
        *,
        score_threshold: float,
        nms_iou: float,
        proposals_per_megapixel: int,
        within: Sequence[Rectangle | None] | None = None,
        forced: Sequence[ForcedBoxes] | None = None,
    ) -> list[Found]:
        """Sources of each image of a batch.

        Parameters
        ----------
        flux, error : (image, band, y, x) float32, nJy; error +inf where not valid
        dust : (image,) float32, E(B−V) in magnitudes
        within : part of each image; sources centred elsewhere are left out before their masks and redshifts are made
        forced : boxes in each image that are sources whatever the network thinks of them: they follow those it found,
            in their order, as they are but for what sticks out of the image
        """
        features = self.pyramid(image_channels(flux, error, self.dtype))
        size = (flux.shape[2], flux.shape[3])

        objectness, deltas, anchors = self.proposals(features, size)
        count = _proposal_count(size, proposals_per_megapixel)
        proposals = self.proposals.select(
            objectness, deltas, anchors, features, size, count, least_objectness=_LEAST_OBJECTNESS
        )

        if within is not None:
            proposals = [
                own if wanted is None else own[_near(own, wanted)]
                for own, wanted in zip(proposals, within, strict=True)
            ]

        pooler = BoxPooler(features)
        del features  # what follows looks at boxes alone
        logits, box_deltas = self.classify(pooler, torch.cat(proposals), _image_index(proposals))
        boxes = clip_boxes_to_image(self.box_head.decode(box_deltas, torch.cat(proposals)), size)
        probability = torch.softmax(logits.float(), 1)  # (n, background galaxy star)
        kept_boxes, kept_probability = [], []
        for own_boxes, own, wanted in zip(
            boxes.split([len(p) for p in proposals]),
            probability.split([len(p) for p in proposals]),
            within or [None] * len(proposals),
            strict=True,
        ):
            real = 1 - own[:, 0]
            large = ((own_boxes[:, 2:] - own_boxes[:, :2]) > 1.0).all(1)
            rows = torch.where((real >= score_threshold) & large)[0]
            rows = rows[nms(own_boxes[rows], real[rows], nms_iou)]
            if wanted is not None:
                rows = rows[_centred_in(own_boxes[rows], wanted)]
            kept_boxes.append(own_boxes[rows])
            kept_probability.append(own[rows])
        if forced is not None:
            for row, (own_boxes, own) in enumerate(self._classes_of(pooler, forced, size)):
                kept_boxes[row] = torch.cat([kept_boxes[row], own_boxes])
                kept_probability[row] = torch.cat([kept_probability[row], own])

        boxes, image = torch.cat(kept_boxes), _image_index(kept_boxes)
        masks = torch.sigmoid(self._mask_logits(pooler, boxes, image).float())
        if forced is not None:
            for known, in_image in zip(forced, masks.split([len(b) for b in kept_boxes]), strict=True):
                drawn = in_image[len(in_image) - len(known.masks) :]
                drawn.copy_(torch.where(known.masks.isnan(), drawn, known.masks))
        mixture = self._redshifts(pooler, flux, error, boxes, image, masks, dust[image])
        probability = torch.cat(kept_probability)
        real = 1 - probability[:, 0]
        star = probability[:, 2] / real.clamp(min=1e-6)
        counts = [len(b) for b in kept_boxes]
        columns = [boxes, real, star, masks, *mixture]
        per_image = zip(*(column.split(counts) for column in columns), strict=True)
        return [Found(b, r, s, m, Mixture(*parameters)) for b, r, s, m, *parameters in per_image]

    def classify(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits (n, 3) and corrections (n, 4) of boxes (n, 4), each in an image of the batch."""
        parts = [self.box_head(self._box_features(pooler, *few)) for few in _few(boxes, image, _BOXES_AT_ONCE)]
        logits, deltas = zip(*parts, strict=True)
        return torch.cat(logits), torch.cat(deltas)

    def _classes_of(
        self, pooler: BoxPooler, forced: Sequence[ForcedBoxes], size: tuple[int, int]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Boxes (n, 4) forced in each image, inside it, and their class probabilities (n, background galaxy star)."""
        boxes = [clip_boxes_to_image(own.boxes, size) for own in forced]
        logits, _ = self.classify(pooler, torch.cat(boxes), _image_index(boxes))
        yield from zip(boxes, torch.softmax(logits.float(), 1).split([len(b) for b in boxes]), strict=True)

    @torch.no_grad()
    def _boxes_to_learn_from(
        self,
        pooler: BoxPooler,
        proposals: list[Tensor],
        truth_boxes: list[Tensor],
        box_jitter: float,
        size: tuple[int, int],
    ) -> Tensor:
        """A box (n, 4) for each true source of all images: the detector's own, or else the true one jittered.

        Boxes as good or as bad as those the head will meet, faint sources' worse than bright ones', are what teaches it
        widths that hold: on equally jittered boxes it learns to trust the faint too much and the bright too little.
        """
        starts, rough = [], []
        for own, truth in zip(proposals, truth_boxes, strict=True):
            found, best = best_proposals(own, truth)
            jittered = _jittered(truth, box_jitter, size)
            starts.append(torch.where(found[:, None], own[best], jittered) if len(own) else jittered)
            rough.append(found)
        start, refine = torch.cat(starts), torch.cat(rough)
        _, deltas = self.classify(pooler, start, _image_index(starts))
        refined = clip_boxes_to_image(self.box_head.decode(deltas, start), size)
        refine &= ((refined[:, 2:] - refined[:, :2]) > 1.0).all(1)
        return torch.where(refine[:, None], refined, start)

    def _mask_logits(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        """(n, 28, 28) of boxes (n, 4)."""
        return torch.cat(
            [self.mask_head(self._mask_features(pooler, *few)) for few in _few(boxes, image, _MASKS_AT_ONCE)]
        )

    def _box_features(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        return pooler(boxes, image, bins=BOX_BINS, samples=_BOX_SAMPLES)

    def _mask_features(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        return pooler(boxes, image, bins=MASK_BINS, samples=_MASK_SAMPLES)

    def _redshift_features(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        return pooler(boxes, image, bins=BOX_BINS, samples=_BOX_SAMPLES)

    def _redshifts(
        self,
        pooler: BoxPooler,
        flux: Tensor,
        error: Tensor,
        boxes: Tensor,
        image: Tensor,
        masks: Tensor,
        dust: Tensor,
    ) -> Mixture:
        def pixels() -> SourcePixels:
            return source_pixels(flux, error, boxes, image, masks, size=self.config.cutout_size_pix)

        mixture: Mixture = self.redshift_head(self._redshift_features(pooler, boxes, image), pixels, dust)
        return mixture


def source_pixels(
    flux: Tensor, error: Tensor, boxes: Tensor, image: Tensor, masks: Tensor, *, size: int
) -> SourcePixels:
    """Cutouts of `size` pixels around boxes (n, 4) of a batch, with their masks (n, M, M) resampled to pixels."""
    cut_flux, cut_error, corner = extract_cutouts(flux, error, boxes, image, size)
    clean_flux, variance = split_validity(cut_flux, cut_error)
    return SourcePixels(
        flux=clean_flux,
        variance=variance,
        mask=masks_on_cutouts(masks, boxes, corner, size),
        size=boxes[:, 2:] - boxes[:, :2],
    )


def _centred_in(boxes: Tensor, region: Rectangle) -> Tensor:
    """Which boxes (n, 4) have their centre in a region, (n,) bool."""
    centre = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    low, high = boxes.new_tensor(region[:2]), boxes.new_tensor(region[2:])
    return ((centre >= low) & (centre < high)).all(1)


def _near(boxes: Tensor, region: Rectangle) -> Tensor:
    """Which proposals (n, 4) can become a source centred in a region, or stand in the way of one, (n,) bool."""
    centre = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    reach = (0.5 * (boxes[:, 2:] - boxes[:, :2])).clamp(min=_LEAST_REACH_PIX)
    low, high = boxes.new_tensor(region[:2]), boxes.new_tensor(region[2:])
    return ((centre >= low - reach) & (centre < high + reach)).all(1)


def _few(boxes: Tensor, image: Tensor, at_once: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Boxes and their images, so many at once; all together on a graphics card."""
    if boxes.is_cuda:
        at_once = max(1, len(boxes))
    yield from zip(boxes.split(at_once), image.split(at_once), strict=True)


def _image_index(boxes: list[Tensor]) -> Tensor:
    """Image of each row when per-image boxes are joined, (n,) int64."""
    return torch.cat([torch.full((len(b),), i, dtype=torch.long, device=b.device) for i, b in enumerate(boxes)])


def _proposal_count(size: tuple[int, int], per_megapixel: int) -> int:
    return max(64, round(per_megapixel * size[0] * size[1] / 2**20))


def _jittered(boxes: Tensor, fraction: float, size: tuple[int, int]) -> Tensor:
    """Boxes moved and scaled at random by `fraction` of their sides, within the image."""
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    moved = boxes + fraction * sides * torch.randn_like(boxes).clamp(-2, 2)
    return clip_boxes_to_image(moved, size)
