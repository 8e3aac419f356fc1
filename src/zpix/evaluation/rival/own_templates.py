"""Which templates describe the galaxies of the simulation?

They are the continua that simulated galaxies are mixed from (`zpix.spectra.continua`), with little or much dust and
with weak or strong lines: the best case for template fitting on a simulated sky, where all galaxies are such mixtures.
Thirteen are few enough for different redshifts to have different colours. Sets of 8 or 12 spectra per redshift, found
by non-negative matrix factorisation of the population itself, describe it better but give worse redshifts
(docs/notebook/2026-11-24-settings-of-template-fitting.md).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.evaluation.rival.templates import TemplateSet, write_template_set
from zpix.spectra import rest_grid
from zpix.spectra.continua import CONTINUA
from zpix.spectra.emission_lines import LINE_GROUPS
from zpix.spectra.kcorrect import KCORRECT
from zpix.spectra.kcorrect_spectra import KcorrectSpectra

#: Continuum, attenuation at 5500 Å in mag, rest-frame equivalent width of Hα in Å, and share of SMC dust.
_TEMPLATES = (
    ("metal_poor", 0.0, 1500.0, 0.0),
    ("metal_poor", 0.0, 100.0, 0.0),
    ("burst", 0.0, 800.0, 0.0),
    ("burst", 0.5, 200.0, 0.5),
    ("burst", 1.0, 500.0, 0.0),
    ("intermediate", 0.0, 60.0, 0.0),
    ("intermediate", 0.5, 60.0, 0.0),
    ("intermediate", 1.2, 60.0, 0.0),
    ("dusty_young", 0.5, 80.0, 0.0),
    ("dusty_young", 2.5, 80.0, 0.0),
    ("old", 0.0, 0.0, 0.0),
    ("old", 0.8, 0.0, 0.0),
    ("dusty_old", 2.0, 20.0, 0.0),
)
#: Typical strengths of `LINE_GROUPS` in galaxies of low mass.
_LINES = {
    "hydrogen": 1.0, "helium": 0.12, "oxygen3": 4.0, "oxygen2": 0.4, "nitrogen": 0.15, "sulphur2": 0.15,
    "sulphur3": 0.15,
}  # fmt: skip


def simulation_templates(folder: Path) -> TemplateSet:
    """Write the templates in EAZY's format.

    Parameters
    ----------
    folder : Path
        Directory to write to.

    Returns
    -------
    TemplateSet
        Thirteen templates.
    """
    flux = KCORRECT.rest_spectra(_spectra())
    return write_template_set(folder, rest_grid(), flux[:, None], (0.0,), name="simulation")


def _spectra() -> KcorrectSpectra:
    """The templates as galaxies at redshift 0."""
    n = len(_TEMPLATES)
    names, a_v, ew_ha, smc = zip(*_TEMPLATES, strict=True)
    weights: NDArray[np.float64] = np.zeros((n, len(CONTINUA)))
    weights[np.arange(n), [CONTINUA.index(name) for name in names]] = 1.0
    return KcorrectSpectra(
        z=np.zeros(n),
        weights=weights,
        a_v=np.array(a_v),
        smc=np.array(smc),
        ew_ha=np.array(ew_ha),
        lines=np.tile([_LINES[group] for group in LINE_GROUPS], (n, 1)),
        ew_lya=np.zeros(n),
        igm=np.ones(n),
        damping=np.ones(n),
    )
