"""How does an image become sources? The two stages of the network, from pixels to redshift mixtures.

`losses` and `detect` follow the same stages: pyramid, proposals, boxes and classes, masks, redshifts.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.ops import clip_boxes_to_image

from zpix.config import ModelConfig
from zpix.detector.annotated_images import Scenes
from zpix.detector.backbone import Pyramid
from zpix.detector.box_head import BOX_BINS, BoxHead
from zpix.detector.boxes import (
    Rectangle,
    few_at_once,
    image_index,
    jittered,
    larger_than_a_pixel,
    reaching_into,
    reported,
)
from zpix.detector.cutouts import source_pixels
from zpix.detector.found import ForcedBoxes, Found, by_image, found_of, put_masks
from zpix.detector.losses import mask_loss, redshift_loss
from zpix.detector.mask_head import MASK_BINS, MaskHead, mask_targets
from zpix.detector.normalisation import image_channels
from zpix.detector.pooling import BoxPooler
from zpix.detector.proposals import ProposalNetwork, best_proposals
from zpix.detector.redshift_head import Mixture, RedshiftHead
from zpix.detector.redshift_heads import REDSHIFT_HEADS
from zpix.detector.soft_photometry import SourcePixels
from zpix.detector.wavelength_ranges import seen_together

# Samples per bin: one equals the adaptive rule for boxes up to 28 (boxes) and 56 (masks) pixels; two serve boxes twice
# as large.
_BOX_SAMPLES, _MASK_SAMPLES = 2, 1
# Boxes that a processor pools and describes at once: those of a crowded tile would take more memory than its pyramid.
_BOXES_AT_ONCE, _MASKS_AT_ONCE = 1024, 128
_TRAINING_PROPOSALS_PER_MEGAPIXEL = 4000
# Between 0.2 and 0.5 a validation field's catalogue hardly changes.
_LEAST_OBJECTNESS = 0.3
# True sources of an image whose masks are learnt in one step: learning on all hundred of a crowded tile would cost as
# much as the rest of the network. Redshift labels are scarce but cheap to train on, so all are used.
_MASKS_LEARNT = 48


class Detector(nn.Module):
    """The network. It sees no sky coordinates and no file; its configuration names its bands.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.

    Raises
    ------
    ConfigError
        If there is no backbone or redshift head of the name in `config`.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.pyramid = Pyramid(config)
        self.proposals = ProposalNetwork(config)
        self.box_head = BoxHead(config)
        self.mask_head = MaskHead(config)
        self.redshift_head: RedshiftHead = REDSHIFT_HEADS[config.redshift_head](config)
        self._together = seen_together(config)

    @property
    def dtype(self) -> torch.dtype:
        """Arithmetic of the convolutions.

        Returns
        -------
        torch.dtype
            Of the parameters of the pyramid.
        """
        return next(self.pyramid.parameters()).dtype

    def fp32_parts(self) -> list[nn.Module]:
        """List the layers that compute in fp32 whatever the rest does.

        Returns
        -------
        list of Module
            Layers of the box head and the redshift head.
        """
        return [*self.box_head.fp32_parts(), *self.redshift_head.fp32_parts()]

    def losses(self, scenes: Scenes, *, box_jitter: float, of_redshifts: bool = True) -> dict[str, Tensor]:
        """Give the loss of every part on a batch, to be summed by the caller.

        The mask and redshift heads learn from the boxes that the detector itself gives to the true sources, and, for
        those that it does not find, from the true box moved and scaled at random.

        Parameters
        ----------
        scenes : Scenes
            The batch.
        box_jitter : float
            Standard deviation of the edges of moved boxes, in units of the boxes' sides.
        of_redshifts : bool, default True
            Whether the redshift head is asked, too.

        Returns
        -------
        dict of str to Tensor, shape ()
            `rpn_objectness`, `rpn_box`, `class`, `box`, `mask` and, if asked for, `redshift`.
        """
        features = self.pyramid(self.images(scenes.flux, scenes.error))
        size = (scenes.flux.shape[2], scenes.flux.shape[3])

        objectness, deltas, anchors = self.proposals(features, size)
        losses = self.proposals.losses(objectness, deltas, anchors, features, scenes.boxes)
        count = _proposal_count(size, _TRAINING_PROPOSALS_PER_MEGAPIXEL)
        proposals = self.proposals.select(objectness, deltas, anchors, features, size, count)

        pooler = BoxPooler(features)
        with_truth = [torch.cat(pair) for pair in zip(proposals, scenes.boxes, strict=True)]
        sampled, labels, targets = self.box_head.sample(with_truth, scenes.boxes, scenes.labels)
        logits, box_deltas = self.classify(pooler, torch.cat(sampled), image_index(sampled))
        losses |= self.box_head.losses(logits, box_deltas, labels, targets)

        boxes, image = self._boxes_to_learn_from(pooler, proposals, scenes.boxes, box_jitter, size)
        losses["mask"], learnt, logits = self._learn_masks(pooler, boxes, image, scenes)
        if not of_redshifts:
            return losses

        masks = self._all_masks(pooler, boxes, image, learnt, logits)
        mixture = self._redshifts(pooler, scenes.flux, scenes.error, boxes, image, masks, scenes.dust[image])
        losses["redshift"] = redshift_loss(
            mixture.log_weights, mixture.means, mixture.widths, torch.cat(scenes.redshifts)
        )
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
        """Find and describe the sources of each image of a batch.

        Parameters
        ----------
        flux : Tensor, shape (image, band, y, x), float32, nJy
            Flux per pixel.
        error : Tensor, shape (image, band, y, x), float32, nJy
            Its 1-sigma error; +inf where a pixel is not valid.
        dust : Tensor, shape (image,), float32, mag
            E(B−V) of the Milky Way.
        score_threshold : float
            Least probability of being real with which a source is reported.
        nms_iou : float
            Of two boxes that overlap by more than this (IoU), only the better stays.
        proposals_per_megapixel : int
            Limit on the number of proposals that are looked at.
        within : sequence of tuple or None, optional
            Half-open part (x0, y0, x1, y1) of each image; sources centred elsewhere are left out before their masks
            and redshifts are computed. None for a whole image.
        forced : sequence of ForcedBoxes, optional
            Boxes of each image that are described whether found or not; clipped to the image, they follow the sources
            that were found, in their order.

        Returns
        -------
        list of Found
            One for each image.
        """
        size, regions = (flux.shape[2], flux.shape[3]), within or [None] * len(flux)
        features = self.pyramid(self.images(flux, error))
        proposals = self._propose(features, size, proposals_per_megapixel, regions)
        pooler = BoxPooler(features)
        del features  # what follows needs boxes alone

        boxes, shares = self._sources(pooler, proposals, size, regions, score_threshold, nms_iou)
        if forced is not None:
            boxes, shares = self._with_forced(pooler, boxes, shares, forced, size)
        image = image_index(boxes)
        masks = torch.sigmoid(self._mask_logits(pooler, torch.cat(boxes), image).float())
        if forced is not None:
            put_masks(masks, boxes, forced)
        mixture = self._redshifts(pooler, flux, error, torch.cat(boxes), image, masks, dust[image])
        return found_of(boxes, torch.cat(shares), masks, mixture)

    @torch.inference_mode()
    def outline(
        self, flux: Tensor, error: Tensor, truth_boxes: list[Tensor], *, proposals_per_megapixel: int, box_jitter: float
    ) -> tuple[Tensor, Tensor]:
        """Give true sources the boxes and masks that a search would give them.

        Parameters
        ----------
        flux, error : Tensor, shape (image, band, y, x), float32, nJy
            As `detect` takes them.
        truth_boxes : list of Tensor, shape (n, 4), pixels
            Boxes of the true sources of each image.
        proposals_per_megapixel : int
            Limit on the number of proposals that are looked at.
        box_jitter : float
            Of the boxes of sources that are not found, as in `losses`.

        Returns
        -------
        boxes : Tensor, shape (n, 4), pixels
            Of the sources of all images, in order.
        masks : Tensor, shape (n, 28, 28)
            Probability that a cell of a grid that spans the box belongs to the source.
        """
        size = (flux.shape[2], flux.shape[3])
        features = self.pyramid(self.images(flux, error))
        proposals = self._propose(features, size, proposals_per_megapixel, [None] * len(flux))
        pooler = BoxPooler(features)
        boxes, image = self._boxes_to_learn_from(pooler, proposals, truth_boxes, box_jitter, size)
        return boxes, torch.sigmoid(self._mask_logits(pooler, boxes, image).float())

    def images(self, flux: Tensor, error: Tensor) -> Tensor:
        """Make the input of the pyramid.

        Parameters
        ----------
        flux : Tensor, shape (image, band, y, x), float32, nJy
            Flux per pixel.
        error : Tensor, shape (image, band, y, x), float32, nJy
            Its 1-sigma error; +inf where a pixel is not valid.

        Returns
        -------
        Tensor, shape (image, channel, y, x)
            See `image_channels`.
        """
        return image_channels(flux, error, self.dtype, self._together)

    def classify(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """Classify boxes and correct them.

        Parameters
        ----------
        pooler : BoxPooler
            Features of the batch.
        boxes : Tensor, shape (n, 4), pixels
            Boxes of all images.
        image : Tensor, shape (n,), int64
            Index of the image of each box.

        Returns
        -------
        logits : Tensor, shape (n, 1 + class)
            Of the background and of each class.
        deltas : Tensor, shape (n, 4)
            Corrections, for `BoxHead.decode`.
        """
        parts = [self.box_head(self._box_features(pooler, *few)) for few in few_at_once(boxes, image, _BOXES_AT_ONCE)]
        logits, deltas = zip(*parts, strict=True)
        return torch.cat(logits), torch.cat(deltas)

    def _propose(
        self, features: list[Tensor], size: tuple[int, int], per_megapixel: int, regions: Sequence[Rectangle | None]
    ) -> list[Tensor]:
        """Proposals (n, 4) of each image that can matter in its region."""
        objectness, deltas, anchors = self.proposals(features, size)
        proposals = self.proposals.select(
            objectness, deltas, anchors, features, size, _proposal_count(size, per_megapixel),
            least_objectness=_LEAST_OBJECTNESS,
        )  # fmt: skip
        pairs = zip(proposals, regions, strict=True)
        return [own if region is None else own[reaching_into(own, region)] for own, region in pairs]

    def _sources(
        self,
        pooler: BoxPooler,
        proposals: list[Tensor],
        size: tuple[int, int],
        regions: Sequence[Rectangle | None],
        score_threshold: float,
        nms_iou: float,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Boxes (n, 4) of the sources in the region of each image, and shares (n, background and classes)."""
        logits, deltas = self.classify(pooler, torch.cat(proposals), image_index(proposals))
        corrected = clip_boxes_to_image(self.box_head.decode(deltas, torch.cat(proposals)), size)
        boxes, shares = [], []
        columns = (by_image(corrected, proposals), by_image(_shares(logits), proposals), regions)
        for every, own, region in zip(*columns, strict=True):
            rows = reported(every, own, region, score_threshold, nms_iou)
            boxes.append(every[rows])
            shares.append(own[rows])
        return boxes, shares

    def _with_forced(
        self,
        pooler: BoxPooler,
        boxes: list[Tensor],
        shares: list[Tensor],
        forced: Sequence[ForcedBoxes],
        size: tuple[int, int],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Append the forced boxes of each image, clipped to it, and their shares."""
        more = [clip_boxes_to_image(own.boxes, size) for own in forced]
        logits, _ = self.classify(pooler, torch.cat(more), image_index(more))
        return (
            [torch.cat(pair) for pair in zip(boxes, more, strict=True)],
            [torch.cat(pair) for pair in zip(shares, by_image(_shares(logits), more), strict=True)],
        )

    @torch.no_grad()
    def _boxes_to_learn_from(
        self,
        pooler: BoxPooler,
        proposals: list[Tensor],
        truth_boxes: list[Tensor],
        box_jitter: float,
        size: tuple[int, int],
    ) -> tuple[Tensor, Tensor]:
        """A box (n, 4) for each true source of all images, and its image (n,).

        It is the detector's own box, or else the true one moved at random. Such boxes are worse for faint sources than
        for bright ones, as in a search. On equally jittered boxes the head would learn widths that are too small for
        faint sources and too large for bright ones.
        """
        starts, rough = [], []
        for own, truth in zip(proposals, truth_boxes, strict=True):
            found, best = best_proposals(own, truth)
            moved = jittered(truth, box_jitter, size)
            starts.append(torch.where(found[:, None], own[best], moved) if len(own) else moved)
            rough.append(found)
        start, refine, image = torch.cat(starts), torch.cat(rough), image_index(truth_boxes)
        _, deltas = self.classify(pooler, start, image)
        refined = clip_boxes_to_image(self.box_head.decode(deltas, start), size)
        refine &= larger_than_a_pixel(refined)
        return torch.where(refine[:, None], refined, start), image

    def _learn_masks(
        self, pooler: BoxPooler, boxes: Tensor, image: Tensor, scenes: Scenes
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The mask loss of some sources of each image, which (n,) bool they are, and their logits."""
        segment_id = torch.cat([torch.arange(len(b), device=b.device) + 1 for b in scenes.boxes])
        learnt = torch.cat([torch.randperm(len(b), device=b.device) < _MASKS_LEARNT for b in scenes.boxes])
        logits = self._mask_logits(pooler, boxes[learnt], image[learnt])
        targets = mask_targets(scenes.segmentation, boxes[learnt], image[learnt], segment_id[learnt])
        return mask_loss(logits, targets), learnt, logits

    @torch.no_grad()
    def _all_masks(
        self, pooler: BoxPooler, boxes: Tensor, image: Tensor, known: Tensor, logits_of_known: Tensor
    ) -> Tensor:
        """The masks (n, 28, 28) of all sources, of which the logits of some are known."""
        logits = logits_of_known.new_empty((len(boxes), *logits_of_known.shape[1:]))
        logits[known] = logits_of_known
        logits[~known] = self._mask_logits(pooler, boxes[~known], image[~known])
        return torch.sigmoid(logits.float())

    def _mask_logits(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        """(n, 28, 28) of boxes (n, 4)."""
        return torch.cat(
            [self.mask_head(self._mask_features(pooler, *few)) for few in few_at_once(boxes, image, _MASKS_AT_ONCE)]
        )

    def _box_features(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        return pooler(boxes, image, bins=BOX_BINS, samples=_BOX_SAMPLES)

    def _mask_features(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        return pooler(boxes, image, bins=MASK_BINS, samples=_MASK_SAMPLES)

    def _redshift_features(self, pooler: BoxPooler, boxes: Tensor, image: Tensor) -> Tensor:
        return pooler(boxes, image, bins=BOX_BINS, samples=_BOX_SAMPLES)

    def _redshifts(
        self, pooler: BoxPooler, flux: Tensor, error: Tensor, boxes: Tensor, image: Tensor, masks: Tensor, dust: Tensor
    ) -> Mixture:
        """Redshift mixtures of boxes (n, 4) with their masks (n, 28, 28) and dust (n,)."""

        def pixels() -> SourcePixels:
            return source_pixels(flux, error, boxes, image, masks, size=self.config.cutout_size_pix)

        mixture: Mixture = self.redshift_head(lambda: self._redshift_features(pooler, boxes, image), pixels, dust)
        return mixture


def _shares(logits: Tensor) -> Tensor:
    """Shares of the background and of each class in the probability, (n, 1 + class)."""
    return torch.softmax(logits.float(), 1)


def _proposal_count(size: tuple[int, int], per_megapixel: int) -> int:
    """Limit on the number of proposals of an image, (height, width)."""
    return max(64, round(per_megapixel * size[0] * size[1] / 2**20))
