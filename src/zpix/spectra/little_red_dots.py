"""Which spectra do little red dots have?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.continua import CONTINUA
from zpix.spectra.emission_lines import LINE_GROUPS
from zpix.spectra.kcorrect import KCORRECT
from zpix.spectra.kcorrect_spectra import KcorrectSpectra
from zpix.spectra.mixed import MixedSpectra


def draw_dot_spectra(rng: np.random.Generator, z: NDArray[np.float64], *, emission_lines: bool) -> MixedSpectra:
    """Draw V-shaped spectra, whose blue side has 5 to 20 % of the light at 5500 Å.

    They are mixes of the same continua as galaxies of the family `kcorrect`.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    z : (N,) float64
        Redshifts.
    emission_lines : bool
        Whether they have emission lines.

    Returns
    -------
    MixedSpectra of length N
        The spectra.
    """
    n = len(z)
    blue, poor = 10 ** rng.uniform(-1.3, -0.7, n), rng.uniform(0.2, 1.0, n)
    share = {"dense_gas": 1 - blue, "metal_poor": blue * poor, "burst": blue * (1 - poor)}
    # [O III] is weak beside broad Balmer lines, metals are few (Matthee et al. 2024)
    strength = {"hydrogen": 1.0, "helium": 0.15, "oxygen3": 1.2, "oxygen2": 0.05, "nitrogen": 0.02}
    lines = np.array([strength.get(group, 0.03) for group in LINE_GROUPS])
    drawn = KcorrectSpectra(
        z=z,
        weights=np.stack([share.get(name, np.zeros(n)) for name in CONTINUA], axis=1),
        a_v=rng.gamma(1.5, 0.2, n),
        smc=np.ones(n),
        ew_ha=500 * np.exp(0.35 * rng.normal(size=n)) * emission_lines,
        lines=np.tile(lines, (n, 1)),
        ew_lya=np.zeros(n),
        igm=np.exp(0.15 * rng.normal(size=n)),
        damping=rng.uniform(0, 1.6, n),
    )
    return MixedSpectra.of(KCORRECT, drawn)
