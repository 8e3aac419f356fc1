"""Which parameters does a galaxy have that is a mix of templates?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.component_family import ComponentSpectra


@dataclass(frozen=True, eq=False)
class TemplateSpectra(ComponentSpectra):
    """Parameters of N mixes of K templates; N = 0 is normal.

    Attributes
    ----------
    z : (N,) float64
        Redshifts.
    a_v : (N,) float64, mag
        Attenuation at 5500 Å by dust in front of the templates, which have dust of their own.
    igm, damping, nucleus, broad_lines : (N,) float64
        See `ComponentSpectra`.
    weights : (N, K) float64
        Share of each template in the light at 5500 Å before that dust; sums are 1.
    boosts : (N, 4) float64
        Factor by which the templates' lines of each of `SPIKE_GROUPS` are multiplied.
    smc : (N,) float64
        0 for dust of Calzetti et al. (2000), 1 for that of the Small Magellanic Cloud, between them a mix.
    """

    weights: NDArray[np.float64]
    boosts: NDArray[np.float64]
    smc: NDArray[np.float64]
