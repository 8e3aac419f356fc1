"""What do the features look like inside each box?

ROIAlign (He et al. 2017) over the pyramid. On CUDA it is torchvision's kernel. On a processor that kernel is the
bottleneck of the whole network, so there the same bilinear samples are one weighted gather over a table of all pyramid
cells, `embedding_bag`, whose backward pass is the gather over the transposed index. The two agree to rounding, which a
test checks.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import roi_align

from zpix.detector.backbone import STRIDES

# Boxes below this size are pooled from stride 4; each doubling moves up one level. NIRCam sources of 8 to 40 pixels
# all keep the finest map.
_FINEST_BELOW_PIX = 64.0
_LEVELS = 4  # stride 64 serves the proposals only


class BoxPooler:
    """Pools boxes from the maps of a batch; the table of all their cells is made once.

    Parameters
    ----------
    features : list of Tensor, shape (image, channel, y, x)
        Maps at the pyramid's strides.
    """

    def __init__(self, features: list[Tensor]) -> None:
        maps = features[:_LEVELS]
        self._channels = maps[0].shape[1]
        self._images = maps[0].shape[0]
        self._grids = [(f.shape[2], f.shape[3]) for f in maps]
        self._maps = maps if maps[0].is_cuda else []
        self._table = maps[0].new_zeros((0, self._channels))  # (cell, channel)
        if not self._maps:
            self._table = torch.cat([f.permute(0, 2, 3, 1).reshape(-1, self._channels) for f in maps])

    def __call__(self, boxes: Tensor, image_index: Tensor, *, bins: int, samples: int) -> Tensor:
        """Give the features of each box on a grid that spans it.

        Parameters
        ----------
        boxes : Tensor, shape (n, 4), pixels
            Half-open boxes (x0, y0, x1, y1).
        image_index : Tensor, shape (n,), int64
            Image of each box.
        bins : int
            Bins along each side of the grid.
        samples : int
            Bilinear samples per bin and axis.

        Returns
        -------
        Tensor, shape (n, channel, bins, bins)
            In the dtype of the features.
        """
        if len(boxes) == 0:
            connected = 0 * sum(values.sum() for values in (*self._maps[:1], self._table))
            return self._table.new_zeros((0, self._channels, bins, bins)) + connected
        boxes = boxes.detach().float()
        if self._maps:
            return _pool_by_kernel(self._maps, boxes, image_index, bins, samples)
        index, weight = _gather_index(self._images, self._grids, boxes, image_index, bins, samples)
        pooled: Tensor = _Gather.apply(self._table, index, weight.to(self._table.dtype))
        return pooled.view(len(boxes), bins, bins, self._channels).permute(0, 3, 1, 2)


def box_levels(boxes: Tensor) -> Tensor:
    """Give the pyramid level that each box is pooled from, by the square root of its area.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Half-open boxes (x0, y0, x1, y1).

    Returns
    -------
    Tensor, shape (n,), int64
        0 (stride 4) to 3 (stride 32).
    """
    size = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).clamp(min=1e-6).sqrt()
    return (torch.floor(torch.log2(size / _FINEST_BELOW_PIX)) + 1).clamp(0, _LEVELS - 1).long()


def _pool_by_kernel(features: list[Tensor], boxes: Tensor, image_index: Tensor, bins: int, samples: int) -> Tensor:
    """Pool with torchvision's kernel, level by level."""
    levels = box_levels(boxes)
    rois = torch.cat([image_index[:, None].to(boxes), boxes], dim=1)
    pooled = features[0].new_zeros((len(boxes), features[0].shape[1], bins, bins))
    for level, (map_, stride) in enumerate(zip(features, STRIDES, strict=False)):
        rows = torch.where(levels == level)[0]
        values = roi_align(map_.float(), rois[rows], bins, 1 / stride, samples, aligned=True)
        pooled = pooled.index_copy(0, rows, values.to(pooled.dtype))
    return pooled


def _gather_index(
    images: int, grids: list[tuple[int, int]], boxes: Tensor, image_index: Tensor, bins: int, samples: int
) -> tuple[Tensor, Tensor]:
    """Cells of the table and their weights for every bin of n boxes: two (n bins², 4 samples²) tensors."""
    levels = box_levels(boxes)
    height, width = torch.tensor(grids).unbind(1)  # of each level, in cells
    first_cell = torch.cat([torch.zeros(1, dtype=torch.long), (images * height * width).cumsum(0)[:-1]])
    scaled = boxes / torch.tensor(STRIDES[:_LEVELS], dtype=boxes.dtype)[levels][:, None] - 0.5
    rows, row_weight = _axis_cells(scaled[:, 1], scaled[:, 3], height[levels], bins, samples)  # (n, bins, 2 samples)
    columns, column_weight = _axis_cells(scaled[:, 0], scaled[:, 2], width[levels], bins, samples)
    origin = first_cell[levels] + image_index * height[levels] * width[levels]
    rows = (origin[:, None, None] + rows * width[levels][:, None, None]).int()
    index = rows[:, :, None, :, None] + columns.int()[:, None, :, None, :]  # (n, bins, bins, 2 samples, 2 samples)
    weight = row_weight[:, :, None, :, None] * column_weight[:, None, :, None, :]
    count = len(boxes) * bins * bins
    return index.reshape(count, -1), weight.reshape(count, -1)


def _axis_cells(low: Tensor, high: Tensor, cells: Tensor, bins: int, samples: int) -> tuple[Tensor, Tensor]:
    """Neighbouring cells and linear weights of every sample along one axis, each (n, bins, 2 samples)."""
    steps = (torch.arange(bins * samples) + 0.5) / (bins * samples)
    position = low[:, None] + (high - low)[:, None] * steps  # (n, bins samples)
    last = (cells - 1)[:, None]
    inside = (position >= -1) & (position <= cells[:, None])  # torchvision's rule: zero further out
    position = position.clamp(min=0)
    left = torch.minimum(position.long(), last)
    right = torch.minimum(left + 1, last)
    fraction = torch.where(left >= last, torch.zeros_like(position), position - left)
    weight = torch.stack([1 - fraction, fraction], -1) * inside[..., None] / samples
    shape = (len(low), bins, 2 * samples)
    return torch.stack([left, right], -1).reshape(shape), weight.reshape(shape)


class _Gather(torch.autograd.Function):
    """Rows of a table, weighted and summed; the backward pass is the same operation with the index transposed."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, index: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(index, weight)
        ctx.rows = table.shape[0]
        return functional.embedding_bag(index, table, mode="sum", per_sample_weights=weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        index, weight = ctx.saved_tensors
        flat = index.reshape(-1)
        order = torch.argsort(flat, stable=True)
        source = torch.div(order, index.shape[1], rounding_mode="floor").int()
        count = torch.bincount(flat, minlength=ctx.rows)
        offsets = (count.cumsum(0) - count).int()
        grad = grads[0].contiguous()
        weights = weight.reshape(-1)[order].to(grad.dtype)
        return functional.embedding_bag(source, grad, offsets, mode="sum", per_sample_weights=weights), None, None
