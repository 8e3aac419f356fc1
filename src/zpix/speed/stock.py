"""How is the same network computed with torchvision's own Mask R-CNN?

It is `torchvision.models.detection.MaskRCNN` around the weights of a `Detector`: its proposal network, pooling kernel,
post-processing and full-image masks, in fp32 and in the usual memory order. It differs from torchvision's defaults in
three points: images are not enlarged to 800 pixels, the three classes are joined to background and source (with one
class more it would decode and suppress every box twice), and the redshift head is added. Its answers are those of
`Detector.detect`, which a test checks.
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
from zpix.detector.backbone import STRIDES
from zpix.detector.box_head import BOX_BINS, BoxHead
from zpix.detector.mask_head import MASK_BINS
from zpix.detector.redshift_head import Mixture
from zpix.detector.soft_photometry import SourcePixels
from zpix.detector.wavelength_ranges import seen_together
from zpix.speed.clock import StageClock, answer_instead
from zpix.speed.load import Answers
from zpix.speed.other_detector import OtherDetector

_POOLED_MAPS = ["0", "1", "2", "3"]
# Threshold of masks placed in the whole image.
_MASK_THRESHOLD = 0.5


class StockDetector(OtherDetector):
    """Mask R-CNN of torchvision with a detector's weights and redshift head.

    Parameters
    ----------
    detector : Detector
        Gives weights and redshift head.
    config : InferenceConfig
        Thresholds of the search.
    size : int, pixels
        Side of the images.
    """

    def __init__(self, detector: Detector, config: InferenceConfig, size: int) -> None:
        super().__init__(detector)
        count = two_stages._proposal_count((size, size), config.proposals_per_megapixel)
        channels = 2 * len(seen_together(detector.config))
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

    @torch.inference_mode()
    def forward(self, flux: Tensor, error: Tensor, dust: Tensor) -> tuple[dict[str, Tensor], Mixture]:
        """Search one image: `MaskRCNN.forward` with redshifts.

        Parameters
        ----------
        flux, error : (1, band, y, x) float32, nJy
            The image and its errors.
        dust : (1,) float32, mag
            E(B−V).

        Returns
        -------
        found : dict of str to Tensor
            Boxes, scores and masks (n, 1, y, x) bool of the sources.
        mixture : Mixture
            Their redshifts.
        """
        size = (flux.shape[2], flux.shape[3])
        images, _ = self.network.transform(list(self.channels(flux, error)))
        features = self.network.backbone(images.tensors)
        boxes, _ = self.network.rpn(images, features)
        found, _ = self.network.roi_heads(features, boxes, images.image_sizes)

        boxes, masks = [found[0]["boxes"]], found[0]["masks"][:, 0]

        def pixels() -> SourcePixels:
            """Pixels of the sources, cut out when the redshift head needs them."""
            return self.cutouts(flux, error, boxes[0], masks)

        pooled = self.network.roi_heads.box_roi_pool(features, boxes, images.image_sizes)
        mixture = self.redshift_head(lambda: pooled, pixels, dust.expand(len(masks)))

        (placed,) = self.network.transform.postprocess(found, images.image_sizes, [size])
        placed["masks"] = placed["masks"] > _MASK_THRESHOLD
        return placed, mixture

    def watch(self, clock: StageClock) -> None:
        """Time the stages.

        Parameters
        ----------
        clock : StageClock
            Measures the seconds.
        """
        clock.watch(self, "channels", "normalise")
        clock.watch(self, "cutouts", "cutouts")
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
        """Replace the proposals and the answers of the box head, after they have been computed.

        Parameters
        ----------
        answers : Answers
            Proposals and logits.
        """
        device = next(self.parameters()).device
        boxes, logits = (torch.from_numpy(a).to(device) for a in (answers.proposals, answers.logits))
        answer_instead(self.network.rpn, "forward", ([boxes], {}))
        two = _source_or_not(logits)
        answer_instead(self.network.roi_heads.box_predictor, "forward", (two, boxes.new_zeros((len(boxes), 8))))


class _Backbone(nn.Module):
    """The pyramid with named maps, as torchvision needs it."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.pyramid = detector.pyramid
        self.out_channels = detector.config.pyramid_channels

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Maps of an image by name."""
        return OrderedDict(zip([*_POOLED_MAPS, "pool"], self.pyramid(image), strict=True))


class _Pooling(MultiScaleRoIAlign):  # type: ignore[misc]  # torchvision has no types
    """Pooling of torchvision over levels, with the half-cell shift of `roi_align(aligned=True)`, which it lacks."""

    def forward(self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]) -> Tensor:
        """Pool features of shifted boxes."""
        strides = torch.tensor(STRIDES[: len(_POOLED_MAPS)], dtype=torch.float32, device=boxes[0].device)
        shifted = [own - 0.5 * strides[pooling.box_levels(own)][:, None] for own in boxes]
        pooled: Tensor = super().forward(x, shifted, image_shapes)
        return pooled


def _pooling(bins: int, samples: int) -> MultiScaleRoIAlign:
    """Pooling in which boxes change level at `_FINEST_BELOW_PIX`, half of torchvision's canonical scale."""
    canonical = int(2 * pooling._FINEST_BELOW_PIX)
    return _Pooling(_POOLED_MAPS, bins, samples, canonical_scale=canonical, canonical_level=4)


class _BoxPredictor(nn.Module):
    """The box head's last layers with a logit for background and for a source, and corrections for each of them."""

    def __init__(self, head: BoxHead) -> None:
        super().__init__()
        self.classes, self.deltas = head.classes, head.deltas

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, 2) and corrections (n, 8) of boxes from their features."""
        return _source_or_not(self.classes(hidden)), self.deltas(hidden).repeat(1, 2)


def _source_or_not(logits: Tensor) -> Tensor:
    """Logits (n, 2) with the probabilities of (n, 3) that a proposal is background, or galaxy or star."""
    return torch.stack([logits[:, 0], torch.logsumexp(logits[:, 1:], 1)], 1)


def _mask_predictor(detector: Detector) -> MaskRCNNPredictor:
    """Layers that draw a mask for source and for background, which torchvision draws but does not use."""
    head = detector.mask_head
    predictor = MaskRCNNPredictor(head.upsample.in_channels, head.upsample.out_channels, 2)
    predictor.conv5_mask = head.upsample
    with torch.no_grad():
        predictor.mask_fcn_logits.weight.copy_(head.logit.weight.expand(2, -1, -1, -1))
        assert head.logit.bias is not None
        predictor.mask_fcn_logits.bias.copy_(head.logit.bias.expand(2))
    return predictor
