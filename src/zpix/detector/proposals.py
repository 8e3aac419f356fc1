"""Where might sources be?

The Region Proposal Network (Ren et al. 2015): an objectness and a box correction for every anchor of the pyramid.
torchvision's anchors, matcher, sampler and box coder; only the best anchors are decoded.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import Conv2dNormActivation, batched_nms, box_iou, clip_boxes_to_image

from zpix.config import ModelConfig
from zpix.detector.backbone import STRIDES
from zpix.detector.boxes import centres_of, larger_than_a_pixel, sides_of
from zpix.detector.losses import box_loss, objectness_loss

_ASPECT_RATIOS = (0.5, 1.0, 2.0)
_NMS_IOU = 0.6  # at the usual 0.7 a source has twice as many proposals, and the catalogue a few more duplicates
# Small boxes rarely reach the usual 0.7 with any anchor of a stride-4 grid; 0.5 keeps several per source.
_FOREGROUND_IOU, _BACKGROUND_IOU = 0.5, 0.3
_FOUND_IOU = 0.5  # of a proposal with the true box that it stands for, as the box head counts
# An anchor whose centre is further than this from a box's overlaps it by less than the background limit.
_REACH_CELLS = 4
_SAMPLED_ANCHORS = 512  # of one image; 256 for the few objects of a photograph, a tile here has ninety sources


class ProposalNetwork(nn.Module):
    """Anchors to proposals.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes = config.anchor_sizes_pix
        self.anchors = AnchorGenerator(tuple((s,) for s in sizes), (_ASPECT_RATIOS,) * len(sizes))
        width = config.proposal_channels or config.pyramid_channels
        self.head = RPNHead(width, len(_ASPECT_RATIOS))
        if width != config.pyramid_channels:
            narrowing = Conv2dNormActivation(config.pyramid_channels, width, kernel_size=3, norm_layer=None)
            self.head.conv = nn.Sequential(narrowing)
        self.coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        self.sampler = BalancedPositiveNegativeSampler(_SAMPLED_ANCHORS, 0.5)

    def forward(self, features: list[Tensor], size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Say of every anchor whether it lies on a source, and correct it.

        Parameters
        ----------
        features : list of Tensor, shape (image, channel, y, x)
            Maps at the pyramid's strides.
        size : tuple of int, pixels
            Height and width of the images.

        Returns
        -------
        objectness : Tensor, shape (image, anchor)
            Logits.
        deltas : Tensor, shape (image, anchor, 4)
            Corrections.
        anchors : Tensor, shape (anchor, 4), pixels
            Boxes, the same for all images.
        """
        objectness, deltas = self.head(features)
        images = objectness[0].shape[0]
        # (image, anchor, y, x) to (image, y, x, anchor): the order of the anchor generator
        flat = [o.permute(0, 2, 3, 1).reshape(images, -1) for o in objectness]
        flat_deltas = [
            d.view(images, -1, 4, *d.shape[2:]).permute(0, 3, 4, 1, 2).reshape(images, -1, 4) for d in deltas
        ]
        sizes = ImageList(features[0].new_zeros((images, 1, *size)), [size] * images)
        anchors = self.anchors(sizes, [f[:, :1].float() for f in features])[0]  # it asks for their shape and type
        return torch.cat(flat, 1).float(), torch.cat(flat_deltas, 1).float(), anchors

    @torch.no_grad()
    def select(
        self,
        objectness: Tensor,
        deltas: Tensor,
        anchors: Tensor,
        features: list[Tensor],
        size: tuple[int, int],
        count: int,
        *,
        least_objectness: float = 0.0,
    ) -> list[Tensor]:
        """Select the best boxes of each image, after non-maximum suppression within each level.

        Parameters
        ----------
        objectness : Tensor, shape (image, anchor)
            Logits.
        deltas : Tensor, shape (image, anchor, 4)
            Corrections.
        anchors : Tensor, shape (anchor, 4), pixels
            Boxes.
        features : list of Tensor, shape (image, channel, y, x)
            Maps at the pyramid's strides.
        size : tuple of int, pixels
            Height and width of the images.
        count : int
            Limit on the number of boxes. It depends on what else is in the image.
        least_objectness : float, default 0
            Probability below which boxes are left out. It depends on the place alone, so that a field gives the same
            sources however it is cut.

        Returns
        -------
        list of Tensor, shape (n, 4), pixels
            Proposals of each image, best first.
        """
        per_level = [f.shape[2] * f.shape[3] * len(_ASPECT_RATIOS) for f in features]
        chosen = []
        for image in range(len(objectness)):
            rows, levels, start = [], [], 0
            for level, number in enumerate(per_level):
                best, top = objectness[image, start : start + number].topk(min(count, number))
                top = top[torch.sigmoid(best) >= least_objectness]
                rows.append(top + start)
                levels.append(torch.full_like(top, level))
                start += number
            row, level_of_row = torch.cat(rows), torch.cat(levels)
            boxes = self.coder.decode_single(deltas[image, row], anchors[row]).reshape(-1, 4)
            boxes = clip_boxes_to_image(boxes, size)
            whole = larger_than_a_pixel(boxes)
            boxes, score, level_of_row = boxes[whole], objectness[image, row][whole], level_of_row[whole]
            keep = batched_nms(boxes, score, level_of_row, _NMS_IOU)[:count]
            chosen.append(boxes[keep])
        return chosen

    def losses(
        self,
        objectness: Tensor,
        deltas: Tensor,
        anchors: Tensor,
        features: list[Tensor],
        truth_boxes: list[Tensor],
    ) -> dict[str, Tensor]:
        """Give the losses against the true boxes.

        Parameters
        ----------
        objectness : Tensor, shape (image, anchor)
            Logits.
        deltas : Tensor, shape (image, anchor, 4)
            Corrections.
        anchors : Tensor, shape (anchor, 4), pixels
            Boxes.
        features : list of Tensor, shape (image, channel, y, x)
            Maps at the pyramid's strides.
        truth_boxes : list of Tensor, shape (n, 4), pixels
            Boxes of the true sources of each image.

        Returns
        -------
        dict of str to Tensor, shape ()
            `rpn_objectness` and `rpn_box`.
        """
        grids = [(f.shape[2], f.shape[3]) for f in features]
        matches = [match_anchors(boxes, anchors, grids, per_cell=len(_ASPECT_RATIOS)) for boxes in truth_boxes]
        labels, targets = [], []
        for boxes, match in zip(truth_boxes, matches, strict=True):
            label = (match >= 0).float()
            label[match == Matcher.BETWEEN_THRESHOLDS] = -1.0  # neither; never sampled
            labels.append(label)
            near = boxes[match.clamp(min=0)] if len(boxes) else anchors
            targets.append(self.coder.encode_single(near, anchors))
        positive, negative = self.sampler(labels)
        positive_rows = torch.where(torch.cat(positive))[0]
        sampled = torch.cat([positive_rows, torch.where(torch.cat(negative))[0]])
        return {
            "rpn_objectness": objectness_loss(objectness.reshape(-1)[sampled], torch.cat(labels)[sampled]),
            "rpn_box": box_loss(deltas.reshape(-1, 4)[positive_rows], torch.cat(targets)[positive_rows], len(sampled)),
        }


def best_proposals(proposals: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Find the best proposal of each true box.

    A proposal belongs to the true box that it overlaps most, if their IoU is a half or more.

    Parameters
    ----------
    proposals : Tensor, shape (m, 4), pixels
        Best first, as `ProposalNetwork.select` gives them.
    truth : Tensor, shape (n, 4), pixels
        True boxes.

    Returns
    -------
    has_one : Tensor, shape (n,), bool
        Whether any proposal belongs to the true box.
    best : Tensor, shape (n,), int64
        Row of the best proposal, where there is one.
    """
    if len(proposals) == 0 or len(truth) == 0:
        none = torch.zeros(len(truth), dtype=torch.long, device=truth.device)
        return none.bool(), none
    overlap = box_iou(truth, proposals)
    belongs = (overlap >= _FOUND_IOU) & (overlap == overlap.max(0, keepdim=True).values)
    return belongs.any(1), belongs.int().argmax(1)


def match_anchors(boxes: Tensor, anchors: Tensor, grids: list[tuple[int, int]], *, per_cell: int) -> Tensor:
    """Find the true box that each anchor stands for.

    The same answer as torchvision's `Matcher` on the IoU of all boxes with all anchors, for a hundredth of the work: an
    anchor is one to two strides across and stretched by up to a factor of two, so only the anchors of the cells around
    a box's centre can overlap it enough to matter. Among equal overlaps the later box wins.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        True boxes.
    anchors : Tensor, shape (anchor, 4), pixels
        Level by level, then row by row, then those of each cell.
    grids : list of tuple of int
        Height and width of each level, in cells.
    per_cell : int
        Anchors of each cell.

    Returns
    -------
    Tensor, shape (anchor,), int64
        Row of the true box, or torchvision's codes for none and in between.
    """
    best = anchors.new_full((len(anchors),), -1.0)
    match = torch.full((len(anchors),), Matcher.BELOW_LOW_THRESHOLD, dtype=torch.long, device=anchors.device)
    if len(boxes) == 0:
        return match
    index = torch.cat(_nearby_anchors(boxes, grids, per_cell), dim=1)  # (n, m), −1 beyond the image
    overlap = _paired_iou(boxes[:, None], anchors[index.clamp(min=0)])
    overlap = torch.where(index >= 0, overlap, -1.0)
    flat_index, flat_overlap = index.clamp(min=0).reshape(-1), overlap.reshape(-1)
    best = best.scatter_reduce(0, flat_index, flat_overlap, "amax")
    owner = torch.arange(len(boxes), device=boxes.device).repeat_interleave(index.shape[1])
    holds = (flat_overlap == best[flat_index]) & (flat_overlap > 0)
    nearest = torch.full_like(match, -1).scatter_reduce(0, flat_index[holds], owner[holds], "amax")
    match = torch.where(best >= _FOREGROUND_IOU, nearest, match)
    match = torch.where((best >= _BACKGROUND_IOU) & (best < _FOREGROUND_IOU), Matcher.BETWEEN_THRESHOLDS, match)
    # Every box keeps its best anchors, however little they overlap it.
    kept = index[(overlap == overlap.max(1, keepdim=True).values) & (overlap > 0)]
    match[kept] = nearest[kept]
    return match


def _nearby_anchors(boxes: Tensor, grids: list[tuple[int, int]], per_cell: int) -> list[Tensor]:
    """Rows of the anchors in the cells around each box's centre, (n, cells × per_cell) for each level; −1 outside."""
    centre = centres_of(boxes)
    offsets = torch.arange(-_REACH_CELLS, _REACH_CELLS + 1, device=boxes.device)
    shapes = torch.arange(per_cell, device=boxes.device)
    rows, start = [], 0
    for stride, (height, width) in zip(STRIDES, grids, strict=True):
        cell = torch.floor(centre / stride).long()
        x, y = cell[:, 0:1] + offsets, cell[:, 1:2] + offsets  # (n, 2 reach + 1)
        inside = ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None, :]
        cells = torch.where(inside, y[:, :, None] * width + x[:, None, :], -1).flatten(1)
        rows.append(torch.where(cells[..., None] >= 0, start + cells[..., None] * per_cell + shapes, -1).flatten(1))
        start += height * width * per_cell
    return rows


def _paired_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU of boxes that broadcast against each other, (..., 4) each."""
    common = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    areas = sides_of(a).prod(-1) + sides_of(b).prod(-1)
    return common / (areas - common)
