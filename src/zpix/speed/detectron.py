"""How is the same network computed with detectron2, the library of the paper's code?

It is detectron2's own Mask R-CNN with the shape of a `Detector`. Its layers cannot hold the weights of zpix, so it has
random ones; its settings are those of its `Base-RCNN-FPN.yaml` where the shape leaves a choice. The redshift head of
zpix is added. Only what detectron2 documents is used: the settings, `build_model`, and the parts of a
`GeneralizedRCNN`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from zpix.config import InferenceConfig, ModelConfig
from zpix.detector import Detector
from zpix.detector.redshift_head import Mixture
from zpix.detector.soft_photometry import SourcePixels
from zpix.detector.wavelength_ranges import seen_together
from zpix.errors import ConfigError
from zpix.speed.clock import StageClock, answer_instead
from zpix.speed.load import Answers
from zpix.speed.other_detector import OtherDetector

_ASPECT_RATIOS = [[0.5, 1.0, 2.0]]
_DEPTHS = {"resnet18": 18, "resnet50": 50}


def detectron2_name() -> str:
    """Name the installed version.

    Returns
    -------
    str
        Such as "detectron2 0.5".
    """
    import detectron2

    return f"detectron2 {detectron2.__version__}"


class DetectronDetector(OtherDetector):
    """Mask R-CNN of detectron2 in the shape of a detector, with the detector's redshift head.

    Parameters
    ----------
    detector : Detector
        Gives the shape and the redshift head.
    config : InferenceConfig
        Thresholds of the search.
    """

    def __init__(self, detector: Detector, config: InferenceConfig) -> None:
        from detectron2.modeling import build_model

        super().__init__(detector)
        self.network = build_model(_settings(detector.config, config)).eval()

    @torch.inference_mode()
    def forward(self, flux: Tensor, error: Tensor, dust: Tensor) -> tuple[Tensor, Mixture]:
        """Search one image: `GeneralizedRCNN.inference` with redshifts.

        Parameters
        ----------
        flux, error : (1, band, y, x) float32, nJy
            The image and its errors.
        dust : (1,) float32, mag
            E(B−V).

        Returns
        -------
        masks : (n, y, x) bool
            Masks of the sources.
        mixture : Mixture
            Their redshifts.
        """
        network, heads = self.network, self.network.roi_heads
        images = network.preprocess_image([{"image": image} for image in self.channels(flux, error)])
        features = network.backbone(images.tensor)
        proposals, _ = network.proposal_generator(images, features, None)
        (found,), _ = heads(images, features, proposals, None)

        boxes, masks = found.pred_boxes.tensor, found.pred_masks[:, 0]

        def pixels() -> SourcePixels:
            """Pixels of the sources, cut out when the redshift head needs them."""
            return self.cutouts(flux, error, boxes, masks)

        pooled = heads.box_pooler([features[name] for name in heads.box_in_features], [found.pred_boxes])
        mixture = self.redshift_head(lambda: pooled, pixels, dust.expand(len(boxes)))
        return self.place_masks(found), mixture

    def place_masks(self, found: Any) -> Tensor:
        """Place masks in the image.

        Parameters
        ----------
        found : detectron2.structures.Instances
            The n sources.

        Returns
        -------
        (n, y, x) bool
            Their masks.
        """
        from detectron2.modeling.postprocessing import detector_postprocess

        masks: Tensor = detector_postprocess(found, *found.image_size).pred_masks
        return masks

    def watch(self, clock: StageClock) -> None:
        """Time the stages.

        Parameters
        ----------
        clock : StageClock
            Measures the seconds.
        """
        clock.watch(self, "channels", "normalise")
        clock.watch(self, "place_masks", "mask placing")
        clock.watch(self, "cutouts", "cutouts")
        network, heads = self.network, self.network.roi_heads
        clock.watch(network, "preprocess_image", "normalise")
        for layer, stage in (
            (network.backbone, "pyramid"),
            (network.proposal_generator.rpn_head, "proposal head"),
            (network.proposal_generator, "proposal choice"),
            (heads.box_head, "box head"),
            (heads.box_predictor, "box head"),
            (heads.mask_pooler, "mask pooling"),
            (heads.mask_head, "mask head"),
            (self.redshift_head, "redshift head"),
        ):
            clock.watch_layer(layer, stage)
        clock.watch_layer(heads.box_pooler, "box pooling", "redshift pooling")

    def answer_with(self, answers: Answers, size: tuple[int, int]) -> None:
        """Replace the proposals and the answers of the box head, after they have been computed.

        Parameters
        ----------
        answers : Answers
            Proposals and logits.
        size : (int, int), pixels
            Height and width of the image.
        """
        from detectron2.structures import Boxes, Instances

        device = self.network.device
        boxes, logits = (torch.from_numpy(a).to(device) for a in (answers.proposals, answers.logits))
        given = Instances(size, proposal_boxes=Boxes(boxes), objectness_logits=logits[:, 1])
        source_first = torch.stack([torch.logsumexp(logits[:, 1:], 1), logits[:, 0]], 1)  # background is last here
        answer_instead(self.network.proposal_generator, "forward", ([given], {}))
        answer_instead(self.network.roi_heads.box_predictor, "forward", (source_first, torch.zeros_like(boxes)))


def _settings(model: ModelConfig, config: InferenceConfig) -> Any:
    """detectron2's settings for a network of the same shape."""
    from detectron2.config import get_cfg

    if model.backbone not in _DEPTHS:
        raise ConfigError(f"backbone {model.backbone}: detectron2 is measured with {' and '.join(_DEPTHS)} alone")
    channels = 2 * len(seen_together(model))
    levels = ["p2", "p3", "p4", "p5"]
    settings = get_cfg()
    settings.MODEL.DEVICE = "cpu"
    settings.MODEL.WEIGHTS = ""
    settings.MODEL.MASK_ON = True
    settings.MODEL.PIXEL_MEAN, settings.MODEL.PIXEL_STD = [0.0] * channels, [1.0] * channels
    settings.MODEL.BACKBONE.NAME = "build_resnet_fpn_backbone"
    settings.MODEL.RESNETS.DEPTH = _DEPTHS[model.backbone]
    settings.MODEL.RESNETS.RES2_OUT_CHANNELS = 64 if model.backbone == "resnet18" else 256
    settings.MODEL.RESNETS.STRIDE_IN_1X1 = False
    settings.MODEL.RESNETS.OUT_FEATURES = settings.MODEL.FPN.IN_FEATURES = ["res2", "res3", "res4", "res5"]
    settings.MODEL.FPN.OUT_CHANNELS = model.pyramid_channels
    settings.MODEL.ANCHOR_GENERATOR.SIZES = [[size] for size in model.anchor_sizes_pix]
    settings.MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS = _ASPECT_RATIOS
    settings.MODEL.RPN.IN_FEATURES = [*levels, "p6"]
    settings.MODEL.RPN.CONV_DIMS = [model.proposal_channels or model.pyramid_channels]
    settings.MODEL.RPN.PRE_NMS_TOPK_TEST = settings.MODEL.RPN.POST_NMS_TOPK_TEST = 1000
    settings.MODEL.ROI_HEADS.NAME = "StandardROIHeads"
    settings.MODEL.ROI_HEADS.IN_FEATURES = levels
    settings.MODEL.ROI_HEADS.NUM_CLASSES = 1
    settings.MODEL.ROI_HEADS.SCORE_THRESH_TEST = config.score_threshold
    settings.MODEL.ROI_HEADS.NMS_THRESH_TEST = config.nms_iou
    settings.MODEL.ROI_BOX_HEAD.NAME = "FastRCNNConvFCHead"
    settings.MODEL.ROI_BOX_HEAD.NUM_FC = 2
    settings.MODEL.ROI_BOX_HEAD.FC_DIM = model.box_hidden
    settings.MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION = 7
    settings.MODEL.ROI_MASK_HEAD.NAME = "MaskRCNNConvUpsampleHead"
    settings.MODEL.ROI_MASK_HEAD.NUM_CONV = model.mask_layers
    settings.MODEL.ROI_MASK_HEAD.CONV_DIM = model.mask_channels or model.pyramid_channels
    settings.MODEL.ROI_MASK_HEAD.POOLER_RESOLUTION = 14
    settings.TEST.DETECTIONS_PER_IMAGE = 1000
    return settings
