"""How does one compute the same with torchvision as it comes?

torchvision's own Mask R-CNN (`torchvision.models.detection.MaskRCNN`) around the weights of a `Detector`: its proposal
network, its pooling kernel, its post-processing, its full-image masks; fp32, and memory in the usual order. It differs
from what it is as it comes in this only: images are not enlarged to 800 pixels, the three classes are seen as
background and source (with one class more it would decode and suppress every box twice), and the redshift head joins.
The answers are those of `Detector.detect`; a test holds the two together.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.mask_rcnn import MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from zpix.config import InferenceConfig
from zpix.detector import Detector, pooling, proposals
from zpix.detector import detector as two_stages
from zpix.detector.box_head import BOX_BINS, BoxHead
from zpix.detector.mask_head import MASK_BINS
from zpix.detector.normalisation import image_channels
from zpix.detector.redshift_head import Mixture
from zpix.detector.soft_photometry import SourcePixels
from zpix.speed.clock import StageClock, answer_instead
from zpix.speed.load import Answers

_POOLED_MAPS = ["0", "1", "2", "3"]
# What a torchvision program does with masks that lie in the whole image.
_MASK_THRESHOLD = 0.5


class StockDetector(nn.Module):
    """A detector's weights in torchvision's Mask R-CNN, for images of `size` pixels a side, with a redshift head."""

    def __init__(self, detector: Detector, config: InferenceConfig, size: int) -> None:
        super().__init__()
        count = two_stages._proposal_count((size, size), config.proposals_per_megapixel)
        channels = 2 * len(detector.config.bands)
        self.network = MaskRCNN(
            _Backbone(detector),
            min_size=size,
            max_size=size,
            image_mean=[0.0] * channels,
            image_std=[1.0] * channels,
            rpn_anchor_generator=detector.proposals.anchors,
            rpn_head=detector.proposals.head,
            rpn_pre_nms_top_n_test=count,
            rpn_post_nms_top_n_test=count,
            rpn_nms_thresh=proposals._NMS_IOU,
            rpn_score_thresh=two_stages._LEAST_OBJECTNESS,
            box_roi_pool=_pooling(BOX_BINS, two_stages._BOX_SAMPLES),
            box_head=detector.box_head.layers,
            box_predictor=_BoxPredictor(detector.box_head),
            box_score_thresh=config.score_threshold,
            box_nms_thresh=config.nms_iou,
            box_detections_per_img=count,
            mask_roi_pool=_pooling(MASK_BINS, two_stages._MASK_SAMPLES),
            mask_head=detector.mask_head.convolutions,
            mask_predictor=_mask_predictor(detector),
        ).eval()
        self.redshift_head = detector.redshift_head
        self.cutout_size_pix = detector.config.cutout_size_pix

    @torch.inference_mode()
    def forward(self, flux: Tensor, error: Tensor, dust: Tensor) -> tuple[dict[str, Tensor], Mixture]:
        """Boxes, scores and masks (n, 1, y, x) bool of the sources of one image, (1, band, y, x), and their redshifts.

        `MaskRCNN.forward` with the redshifts put in.
        """
        size = (flux.shape[2], flux.shape[3])
        images, _ = self.network.transform(list(self.channels(flux, error)))
        features = self.network.backbone(images.tensors)
        boxes, _ = self.network.rpn(images, features)
        found, _ = self.network.roi_heads(features, boxes, images.image_sizes)

        boxes, masks = [found[0]["boxes"]], found[0]["masks"][:, 0]
        image = torch.zeros(len(boxes[0]), dtype=torch.long, device=flux.device)

        def pixels() -> SourcePixels:
            return two_stages.source_pixels(flux, error, boxes[0], image, masks, size=self.cutout_size_pix)

        pooled = self.network.roi_heads.box_roi_pool(features, boxes, images.image_sizes)
        mixture = self.redshift_head(pooled, pixels, dust.expand(len(masks)))

        (placed,) = self.network.transform.postprocess(found, images.image_sizes, [size])
        placed["masks"] = placed["masks"] > _MASK_THRESHOLD
        return placed, mixture

    def channels(self, flux: Tensor, error: Tensor) -> Tensor:
        """Input of the network, (1, 2 band, y, x), in the usual memory order."""
        return image_channels(flux, error).contiguous()

    def watch(self, clock: StageClock) -> None:
        """Have the stages timed."""
        clock.watch(self, "channels", "normalise")
        clock.watch(two_stages, "source_pixels", "cutouts")
        network, heads = self.network, self.network.roi_heads
        for layer, stage in (
            (network.transform, "normalise"),
            (network.backbone, "pyramid"),
            (network.rpn.head, "proposal head"),
            (network.rpn, "proposal choice"),
            (heads.box_head, "box head"),
            (heads.box_predictor, "box head"),
            (heads.mask_roi_pool, "mask pooling"),
            (heads.mask_head, "mask head"),
            (heads.mask_predictor, "mask head"),
            (self.redshift_head, "redshift head"),
        ):
            clock.watch_layer(layer, stage)
        clock.watch_layer(heads.box_roi_pool, "box pooling", "redshift pooling")
        clock.watch(network.transform, "postprocess", "mask placing")

    def answer_with(self, answers: Answers) -> None:
        """Replace the proposals and what the box head says of them, once they are computed."""
        device = next(self.parameters()).device
        boxes, logits = (torch.from_numpy(a).to(device) for a in (answers.proposals, answers.logits))
        answer_instead(self.network.rpn, "forward", ([boxes], {}))
        two = _source_or_not(logits)
        answer_instead(self.network.roi_heads.box_predictor, "forward", (two, boxes.new_zeros((len(boxes), 8))))


class _Backbone(nn.Module):
    """The pyramid as torchvision wants it: maps with names."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.pyramid = detector.pyramid
        self.out_channels = detector.config.pyramid_channels

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return OrderedDict(zip([*_POOLED_MAPS, "pool"], self.pyramid(image), strict=True))


class _Pooling(MultiScaleRoIAlign):
    """torchvision's pooling over levels, which lacks the half-cell shift of `roi_align(aligned=True)`: boxes get it."""

    def forward(self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]) -> Tensor:
        strides = torch.tensor(pooling.STRIDES[: len(_POOLED_MAPS)], dtype=torch.float32, device=boxes[0].device)
        shifted = [own - 0.5 * strides[pooling.box_levels(own)][:, None] for own in boxes]
        return super().forward(x, shifted, image_shapes)


def _pooling(bins: int, samples: int) -> MultiScaleRoIAlign:
    """Our boxes go up one level at `_FINEST_BELOW_PIX`, in torchvision's terms to level 3, half of the canonical 4."""
    canonical = int(2 * pooling._FINEST_BELOW_PIX)
    return _Pooling(_POOLED_MAPS, bins, samples, canonical_scale=canonical, canonical_level=4)


class _BoxPredictor(nn.Module):
    """The box head's last layers with a logit for background and for a source, and corrections for each of them."""

    def __init__(self, head: BoxHead) -> None:
        super().__init__()
        self.classes, self.deltas = head.classes, head.deltas

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        return _source_or_not(self.classes(hidden)), self.deltas(hidden).repeat(1, 2)


def _source_or_not(logits: Tensor) -> Tensor:
    """Logits (n, 2) with the probabilities of (n, 3) that a proposal is background, or galaxy or star."""
    return torch.stack([logits[:, 0], torch.logsumexp(logits[:, 1:], 1)], 1)


def _mask_predictor(detector: Detector) -> MaskRCNNPredictor:
    """torchvision draws a mask for background, too, and leaves it."""
    head = detector.mask_head
    predictor = MaskRCNNPredictor(detector.config.pyramid_channels, detector.config.pyramid_channels, 2)
    predictor.conv5_mask = head.upsample
    with torch.no_grad():
        predictor.mask_fcn_logits.weight.copy_(head.logit.weight.expand(2, -1, -1, -1))
        assert head.logit.bias is not None
        predictor.mask_fcn_logits.bias.copy_(head.logit.bias.expand(2))
    return predictor
