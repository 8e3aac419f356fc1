"""Which lines does ionised gas have, given its metallicity and how strongly it is ionised?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: 12 + log(O/H), and there log₁₀ of [O III] 5008 / Hβ, and of [O II] 3728, [N II] 6585, [S II] 6725 and [S III] 9533
#: over Hα. To two digits from the calibrations of Curti et al. (2020), below 7.7 of the order of what Nakajima et al.
#: (2022) find, flattened above 8.7; [S III] is of the order of what Sanders et al. (2020) find.
RATIOS = np.array(
    [
        (7.0, 0.20, -1.16, -2.60, -2.10, -1.60),
        (7.4, 0.50, -0.91, -2.30, -1.80, -1.30),
        (7.7, 0.67, -0.67, -2.10, -1.55, -1.10),
        (8.0, 0.78, -0.40, -1.66, -1.25, -0.95),
        (8.3, 0.62, -0.08, -1.22, -0.84, -0.80),
        (8.5, 0.27, 0.06, -0.84, -0.55, -0.75),
        (8.7, -0.30, -0.04, -0.47, -0.45, -0.80),
        (8.9, -0.60, -0.30, -0.35, -0.55, -0.95),
    ]
)
_BY_IONISATION = (0.4, -0.6, -0.5, -0.5, 0.3)  # how a dex of more ionisation moves them
_HELIUM = -0.85  # He I 10833 over Hα, which hardly depends on either
_SCATTER = 0.08  # dex


def draw_ratios(
    rng: np.random.Generator, metallicity: NDArray[np.float64], ionisation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Draw ratios of lines.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    metallicity : (N,) float64
        12 + log(O/H).
    ionisation : (N,) float64, dex
        Ionisation parameter over what is typical of the metallicity.

    Returns
    -------
    (N, 7) float64
        Strengths of `LINE_GROUPS` before dust.
    """
    oxygen3, oxygen2, nitrogen, sulphur2, sulphur3 = (
        np.interp(metallicity, RATIOS[:, 0], RATIOS[:, column])
        + _BY_IONISATION[column - 1] * ionisation
        + _SCATTER * rng.normal(size=len(metallicity))
        for column in range(1, RATIOS.shape[1])
    )
    helium = _HELIUM + _SCATTER * rng.normal(size=len(metallicity))
    hydrogen = np.zeros(len(metallicity))
    return np.asarray(10 ** np.stack([hydrogen, helium, oxygen3, oxygen2, nitrogen, sulphur2, sulphur3], axis=1))
