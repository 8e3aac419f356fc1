"""Sources to place by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from zpix.scenes import Population
from zpix.spectra import STARS, MixedSpectra, StarSpectra
from zpix.spectra.continua import CONTINUA
from zpix.spectra.emission_lines import LINE_GROUPS
from zpix.spectra.kcorrect import KCORRECT
from zpix.spectra.kcorrect_spectra import KcorrectSpectra

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")


def spectra_of(z: float, *, continuum: str = "burst", ew_ha: float = 0.0, a_v: float = 0.0) -> KcorrectSpectra:
    """One galaxy of a single continuum under mean intergalactic absorption."""
    weights = np.zeros((1, len(CONTINUA)))
    weights[0, CONTINUA.index(continuum)] = 1
    return KcorrectSpectra(
        z=np.array([z]),
        weights=weights,
        a_v=np.array([a_v]),
        smc=np.zeros(1),
        ew_ha=np.array([ew_ha]),
        lines=np.ones((1, len(LINE_GROUPS))),
        ew_lya=np.zeros(1),
        igm=np.ones(1),
        damping=np.ones(1),
    )


@pytest.fixture
def make_source() -> Callable[..., Population]:
    """A function that makes a population of one source."""

    def make(
        x: float,
        y: float,
        *,
        re_arcsec: float = 0.0,
        sersic_n: float = 1.0,
        axis_ratio: float = 1.0,
        pa_deg: float = 0.0,
        mag: float = 25.0,
        z: float = 2.0,
    ) -> Population:
        star = re_arcsec == 0
        one = np.zeros(1)
        point = MixedSpectra.of(STARS, StarSpectra(z=one, teff=one + 4000, colour_scatter=one))
        return Population.unplaced(
            kind="star" if star else "galaxy",
            mag=np.array([mag]),
            z=np.array([0.0 if star else z]),
            spectra=point if star else MixedSpectra.of(KCORRECT, spectra_of(z)),
            x=np.array([x]),
            y=np.array([y]),
            re_arcsec=np.array([re_arcsec]),
            sersic_n=np.array([sersic_n]),
            axis_ratio=np.array([axis_ratio]),
            pa_deg=np.array([pa_deg]),
        )

    return make
