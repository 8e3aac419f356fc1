"""Which labels are those of other sources?

A wrong label can be any redshift from 0 to 15, evenly in ln(1 + z). How many there are follows from how many lie where
their PDF has nearly nothing (expectation and maximisation).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.sources import ZMixture

Floats = NDArray[np.float64]

_LN_RANGE = math.log(16.0)  # of 1 + z
_ROUNDS = 20
_LARGEST_SHARE = 0.4


def log_anywhere(redshift: Tensor) -> Tensor:
    """Give the logarithm of the density of wrong labels.

    Parameters
    ----------
    redshift : Tensor, shape (n,)
        Labels.

    Returns
    -------
    Tensor, shape (n,)
        Of the density per unit redshift.
    """
    return -torch.log1p(redshift.clamp(min=0)) - math.log(_LN_RANGE)


def log_loss(pdf: ZMixture, redshift: NDArray[np.floating], *, wrong: float) -> Floats:
    """Give −ln p of labels some of which are those of other sources.

    Parameters
    ----------
    pdf : ZMixture
        Of N sources.
    redshift : (N,) float
        The labels.
    wrong : float
        Share of wrong labels.

    Returns
    -------
    (N,) float64
        Of the density per unit redshift.
    """
    z = np.asarray(redshift, np.float64)
    right = pdf.pdf(z[:, None])[:, 0] if len(z) else np.zeros(0)
    return np.asarray(-np.log(np.maximum((1 - wrong) * right + wrong / ((1 + z) * _LN_RANGE), 1e-300)))


def wrong_probability(pdf: ZMixture, redshift: NDArray[np.floating], *, wrong: float) -> tuple[Floats, float]:
    """Say how probable it is that each label is another source's, and how many are in all.

    Parameters
    ----------
    pdf : ZMixture
        Of N sources, by a head that has not seen the labels.
    redshift : (N,) float
        The labels.
    wrong : float
        Share of wrong labels to begin with; 0 for none at all.

    Returns
    -------
    probability : (N,) float64
        That a label is wrong.
    share : float
        Mean of these, at most 0.4.
    """
    z = np.asarray(redshift, np.float64)
    right = pdf.pdf(z[:, None])[:, 0] if len(z) else np.zeros(0)
    other = 1 / ((1 + z) * _LN_RANGE)
    share, probability = wrong, np.zeros(len(z))
    if not wrong or not len(z):
        return probability, 0.0
    for _ in range(_ROUNDS):
        probability = share * other / np.maximum((1 - share) * right + share * other, 1e-300)
        share = float(np.clip(probability.mean(), 1e-3, _LARGEST_SHARE))
    return probability, share
