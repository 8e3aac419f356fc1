"""How wrong is each answer of the network?

Free functions, one per part; each gives zero, connected to its input, when there is nothing to learn from.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def objectness_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of sampled anchors.

    Parameters
    ----------
    logits : Tensor, shape (n,)
        Objectness.
    labels : Tensor, shape (n,)
        1 for a source, 0 for background.

    Returns
    -------
    Tensor, shape ()
        Mean over the anchors.
    """
    if len(logits) == 0:
        return 0 * logits.sum()
    return functional.binary_cross_entropy_with_logits(logits.float(), labels)


def box_loss(deltas: Tensor, targets: Tensor, count: int) -> Tensor:
    """Smooth L1 of box corrections.

    Parameters
    ----------
    deltas : Tensor, shape (n, 4)
        Corrections of the positive samples.
    targets : Tensor, shape (n, 4)
        What they should be.
    count : int
        Number of all samples, by which the sum over the positive ones is divided.

    Returns
    -------
    Tensor, shape ()
        The loss.
    """
    if len(deltas) == 0:
        return 0 * deltas.sum()
    return functional.smooth_l1_loss(deltas.float(), targets, beta=1 / 9, reduction="sum") / max(count, 1)


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of sampled proposals.

    Parameters
    ----------
    logits : Tensor, shape (n, 1 + class)
        Of the background and of each class.
    labels : Tensor, shape (n,), int64
        True classes; 0 is background.

    Returns
    -------
    Tensor, shape ()
        Mean over the proposals.
    """
    if len(logits) == 0:
        return 0 * logits.sum()
    return functional.cross_entropy(logits.float(), labels)


def mask_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy of masks.

    Parameters
    ----------
    logits : Tensor, shape (n, M, M)
        Masks.
    targets : Tensor, shape (n, M, M)
        1 where a cell is on the source, 0 elsewhere.

    Returns
    -------
    Tensor, shape ()
        Mean over all cells.
    """
    if len(logits) == 0:
        return 0 * logits.sum()
    return functional.binary_cross_entropy_with_logits(logits.float(), targets)


def redshift_loss(log_weights: Tensor, means: Tensor, widths: Tensor, redshift: Tensor) -> Tensor:
    """Mean negative log-likelihood of true redshifts under mixtures truncated at z ≥ 0.

    Parameters
    ----------
    log_weights : Tensor, shape (n, K)
        Logarithms of the weights.
    means : Tensor, shape (n, K)
        Means of the Gaussians, in redshift.
    widths : Tensor, shape (n, K)
        Standard deviations of the Gaussians, in redshift.
    redshift : Tensor, shape (n,)
        True redshifts; rows that are not finite have none and do not count.

    Returns
    -------
    Tensor, shape ()
        In nats.
    """
    known = torch.isfinite(redshift)
    if not bool(known.any()):
        return 0 * (log_weights.sum() + means.sum() + widths.sum())
    return -redshift_log_likelihood(log_weights[known], means[known], widths[known], redshift[known]).mean()


def redshift_log_likelihood(log_weights: Tensor, means: Tensor, widths: Tensor, redshift: Tensor) -> Tensor:
    """Log-likelihood of a redshift under each mixture truncated at z ≥ 0.

    Parameters
    ----------
    log_weights, means, widths : Tensor, shape (n, K)
        As in `redshift_loss`.
    redshift : Tensor, shape (n,)
        Redshifts, all finite.

    Returns
    -------
    Tensor, shape (n,)
        In nats.
    """
    deviation = (redshift[:, None] - means) / widths
    log_density = log_weights - 0.5 * deviation**2 - widths.log() - 0.5 * math.log(2 * math.pi)
    log_mass = log_weights + torch.special.log_ndtr(means / widths)  # what lies at z ≥ 0
    return torch.logsumexp(log_density, 1) - torch.logsumexp(log_mass, 1)
