"""How does the network run without zpix, in ONNX Runtime or from a file of torch.export?

Such programs want arrays of fixed shapes. `FixedDetector` follows the stages of `Detector.detect` for one image of one
size: what is not a source keeps its row with a score of zero instead of being left out. It answers as `Detector.detect`
does, up to rounding; a test holds them together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import clip_boxes_to_image, nms, roi_align

from zpix.detector import detector as two_stages
from zpix.detector import pooling
from zpix.detector import proposals as first_stage
from zpix.detector.backbone import STRIDES
from zpix.detector.box_head import BOX_BINS
from zpix.detector.boxes import centres_of, larger_than_a_pixel, sides_of
from zpix.detector.cutouts import masks_on_cutouts
from zpix.detector.mask_head import MASK_BINS
from zpix.detector.normalisation import channels_of_stacks, split_validity
from zpix.detector.soft_photometry import SourcePixels
from zpix.detector.twin import fast_twin
from zpix.errors import MissingExtraError

#: Forms of an exported network.
Form = Literal["torch", "onnx"]

#: Names of what an exported network gives, S rows, best first; those of score 0 are none. `boxes` (S, 4) are half-open,
#: in pixels; `class_probability` (S, class) is given that the source is real; `masks` (S, 28, 28) span their boxes;
#: `weights`, `means` and `widths` (S, K) are the redshift mixture, before the cut at z = 0 and the calibration of its
#: widths.
OUTPUTS = ("boxes", "score", "class_probability", "masks", "weights", "means", "widths")


class FixedDetector(nn.Module):
    """A trained network for images of one size, all of whose arrays have fixed shapes.

    Parameters
    ----------
    detector : Detector
        The network.
    size_pix : int, pixels
        Side of the images.
    score_threshold : float
        Least probability of being real with which a source is reported.
    nms_iou : float
        Of two boxes that overlap by more than this (IoU), only the better stays.
    proposals_per_megapixel : int
        Limit on the number of proposals that are looked at.
    """

    def __init__(
        self,
        detector: two_stages.Detector,
        *,
        size_pix: int,
        score_threshold: float,
        nms_iou: float,
        proposals_per_megapixel: int,
    ) -> None:
        super().__init__()
        self.detector = fast_twin(detector, torch.device("cpu"))
        self.size = (size_pix, size_pix)
        self.score_threshold, self.nms_iou = score_threshold, nms_iou
        self.count = two_stages._proposal_count(self.size, proposals_per_megapixel)

    def forward(self, flux: Tensor, error: Tensor, dust: Tensor) -> tuple[Tensor, ...]:
        """Find and describe the sources of one image.

        Parameters
        ----------
        flux : Tensor, shape (1, band, y, x), float32, nJy
            Flux per pixel.
        error : Tensor, shape (1, band, y, x), float32, nJy
            Its 1-sigma error; +inf where a pixel is not valid.
        dust : Tensor, shape (1,), float32, mag
            E(B−V) of the Milky Way.

        Returns
        -------
        tuple of Tensor
            As `OUTPUTS` names them; as many rows as there are proposals at most.
        """
        own = self.detector
        features = own.pyramid(channels_of_stacks(flux, error, own._together))
        boxes, is_one = self._proposals(features)
        logits, deltas = own.box_head(_pooled(features, boxes, BOX_BINS, two_stages._BOX_SAMPLES))
        boxes = clip_boxes_to_image(own.box_head.decode(deltas, boxes), self.size)
        shares = torch.softmax(logits.float(), 1)
        boxes, score, shares = self._best(boxes, shares, is_one)
        masks = torch.sigmoid(own.mask_head(_pooled(features, boxes, MASK_BINS, two_stages._MASK_SAMPLES)).float())
        pixels = _source_pixels(flux, error, boxes, masks, own.config.cutout_size_pix)
        mixture = own.redshift_head(
            lambda: _pooled(features, boxes, BOX_BINS, two_stages._BOX_SAMPLES),
            lambda: pixels,
            dust.expand(len(boxes)),
        )
        classes = shares[:, 1:] / (1 - shares[:, 0]).clamp(min=1e-6)[:, None]
        return boxes, score, classes, masks, mixture.log_weights.exp(), mixture.means, mixture.widths

    def _proposals(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Boxes (count, 4) that may hold sources, best first, and which of these rows are any."""
        own = self.detector.proposals
        objectness, deltas, anchors = own(features, self.size)
        rows, levels, start = [], [], 0
        cells = [own_map.shape[2] * own_map.shape[3] for own_map in features]
        for level, number in enumerate(count * objectness.shape[1] // sum(cells) for count in cells):
            top = objectness[0, start : start + number].topk(min(self.count, number))[1]
            rows.append(top + start)
            levels.append(torch.full_like(top, level))
            start += number
        row, level_of_row = torch.cat(rows), torch.cat(levels)
        boxes = clip_boxes_to_image(own.coder.decode_single(deltas[0, row], anchors[row]).reshape(-1, 4), self.size)
        value = objectness[0, row]
        usable = larger_than_a_pixel(boxes) & (torch.sigmoid(value) >= two_stages._LEAST_OBJECTNESS)
        apart = boxes + (2 * max(self.size) * level_of_row)[:, None].to(boxes)  # boxes of two levels never overlap
        usable = _kept(apart, value, usable, first_stage._NMS_IOU)
        _, best = torch.where(usable, value, -torch.inf).topk(min(self.count, len(row)))
        return _harmless(boxes[best], usable[best]), usable[best]

    def _best(self, boxes: Tensor, shares: Tensor, usable: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Sources by falling score: boxes, scores, and shares of the classes."""
        real = 1 - shares[:, 0]
        usable = usable & (real >= self.score_threshold) & larger_than_a_pixel(boxes)
        usable = _kept(boxes, real, usable, self.nms_iou)
        score, best = torch.where(usable, real, 0.0).topk(len(boxes))
        return _harmless(boxes[best], usable[best]), score, shares[best]


def _kept(boxes: Tensor, score: Tensor, usable: Tensor, iou: float) -> Tensor:
    """Which usable boxes non-maximum suppression leaves, (n,) bool; those that are not usable come last in it."""
    rows = nms(boxes, torch.where(usable, score, -torch.inf), iou)
    left: Tensor = torch.zeros_like(usable).index_fill(0, rows, True)
    return left & usable


def _harmless(boxes: Tensor, usable: Tensor) -> Tensor:
    """Boxes whose unused rows are a box in the corner."""
    return torch.where(usable[:, None], boxes, boxes.new_tensor([0.0, 0.0, 8.0, 8.0]))


def _pooled(features: list[Tensor], boxes: Tensor, bins: int, samples: int) -> Tensor:
    """Features (n, channel, bins, bins) of boxes: those of every level, of which each box takes its own."""
    level = pooling.box_levels(boxes)[:, None, None, None]
    rois = torch.cat([torch.zeros_like(boxes[:, :1]), boxes], 1)
    pooled: Tensor = roi_align(features[0], rois, bins, 1 / STRIDES[0], samples, aligned=True)
    for number in range(1, pooling._LEVELS):
        other = roi_align(features[number], rois, bins, 1 / STRIDES[number], samples, aligned=True)
        pooled = torch.where(level == number, other, pooled)
    return pooled


def _source_pixels(flux: Tensor, error: Tensor, boxes: Tensor, masks: Tensor, size: int) -> SourcePixels:
    """As `cutouts.source_pixels` gives them, by indices in place of windows."""
    missing = (0, max(size - flux.shape[3], 0), 0, max(size - flux.shape[2], 0))
    flux, error = functional.pad(flux, missing), functional.pad(error, missing, value=torch.inf)
    last = torch.tensor([flux.shape[3] - size, flux.shape[2] - size])
    corner = torch.minimum(torch.round(centres_of(boxes) - size / 2).long().clamp(min=0), last)
    steps = torch.arange(size)
    x, y = corner[:, :1] + steps, corner[:, 1:] + steps  # (n, size)
    index = y[:, :, None] * flux.shape[3] + x[:, None, :]  # (n, size, size)
    cut_flux, cut_error = (image[0].flatten(1)[:, index].transpose(0, 1) for image in (flux, error))
    clean, variance = split_validity(cut_flux, cut_error)
    return SourcePixels(clean, variance, masks_on_cutouts(masks, boxes, corner, size), sides_of(boxes))


def export_network(path: str | Path, network: FixedDetector, *, form: Form, about: Mapping[str, Any]) -> None:
    """Write a network as a program of its own.

    Parameters
    ----------
    path : str or Path
        File to write.
    network : FixedDetector
        The network.
    form : {"torch", "onnx"}
        For `torch.export.load`, or for ONNX Runtime and others.
    about : mapping of str to JSON values
        What is kept in the file beside the network.

    Raises
    ------
    MissingExtraError
        If onnx or onnxscript is not installed.
    """
    bands = len(network.detector.config.bands)
    shape = (1, bands, *network.size)
    arguments = (torch.zeros(shape), torch.ones(shape), torch.zeros(1))
    network = network.eval()
    with torch.no_grad():
        if form == "torch":
            program = torch.export.export(network, arguments, strict=False)
            torch.export.save(program, str(path), extra_files={"zpix.json": json.dumps(dict(about))})
            return
        try:
            import onnx
            import onnxscript  # noqa: F401 (torch needs it)
        except ImportError:
            raise MissingExtraError("onnxscript", "onnx") from None
        written = torch.onnx.export(
            network, arguments, dynamo=True, input_names=["flux", "error", "dust"], output_names=list(OUTPUTS),
            external_data=False, verbose=False,
        )  # fmt: skip
        assert written is not None
        model = written.model_proto
        onnx.helper.set_model_props(model, {"zpix": json.dumps(dict(about))})
        onnx.save(model, str(path))
