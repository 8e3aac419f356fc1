"""How wrong is each answer of the network?

Free functions, one per part; each gives zero, connected to its input, when there is nothing to learn from.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def objectness_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of sampled anchors: `logits` and `labels` (n,)."""
    if len(logits) == 0:
        return 0 * logits.sum()
    return F.binary_cross_entropy_with_logits(logits.float(), labels)


def box_loss(deltas: Tensor, targets: Tensor, count: int) -> Tensor:
    """Smooth L1 of box corrections (n, 4), summed over positives and divided by all `count` samples."""
    if len(deltas) == 0:
        return 0 * deltas.sum()
    return F.smooth_l1_loss(deltas.float(), targets, beta=1 / 9, reduction="sum") / max(count, 1)


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of sampled proposals: `logits` (n, class), `labels` (n,) with 0 for background."""
    if len(logits) == 0:
        return 0 * logits.sum()
    return F.cross_entropy(logits.float(), labels)


def mask_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy of mask logits (n, M, M) against 0/1 targets of the same shape."""
    if len(logits) == 0:
        return 0 * logits.sum()
    return F.binary_cross_entropy_with_logits(logits.float(), targets)


def redshift_loss(log_weights: Tensor, means: Tensor, widths: Tensor, redshift: Tensor) -> Tensor:
    """Mean negative log-likelihood of true redshifts under mixtures truncated at z ≥ 0.

    Parameters
    ----------
    log_weights, means, widths : (n, K) float
    redshift : (n,) float; rows that are not finite have no spectroscopic redshift and do not count
    """
    known = torch.isfinite(redshift)
    if not bool(known.any()):
        return 0 * (log_weights.sum() + means.sum() + widths.sum())
    log_weights, means, widths = log_weights[known], means[known], widths[known]
    deviation = (redshift[known][:, None] - means) / widths
    log_density = log_weights - 0.5 * deviation**2 - widths.log() - 0.5 * math.log(2 * math.pi)
    log_mass = log_weights + torch.special.log_ndtr(means / widths)  # what lies at z ≥ 0
    return (torch.logsumexp(log_mass, 1) - torch.logsumexp(log_density, 1)).mean()
