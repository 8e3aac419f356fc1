"""The wavelengths of bands that the network is told are those of their curves."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.image.passbands import HALF_HEIGHT_UM, passband
from zpix.instruments import INSTRUMENTS, pivot_um, transmission

pytest.importorskip("sedpy", reason="curves need the extra 'sim'")


def test_passbands_are_those_of_the_curves():
    drawn = [band for instrument in INSTRUMENTS.values() for band in instrument.channels if band in HALF_HEIGHT_UM]
    assert len(drawn) >= 20
    for band in drawn:
        wavelength, efficiency = transmission(band)
        seen = wavelength[efficiency > 0.5 * efficiency.max()] / 1e4
        assert passband(band) == pytest.approx((seen[0], float(pivot_um((band,))[0]), seen[-1]), abs=6e-4), band
    pivots = np.array([passband(band).pivot_um for band in drawn])
    assert (pivots > 0.3).all() and (pivots < 5.2).all()
