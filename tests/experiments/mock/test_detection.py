"""Sources of known fluxes in noise."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.mock import detection
from tests.experiments.mock.scenery import cutout_of, gaussian


def test_sources_are_found_and_measured():
    rng = np.random.default_rng(2)
    flux = rng.normal(0, 0.1, (3, 120, 160))
    flux[:, 40:81, 60:101] += 100 * gaussian(2.0, 41)
    found = detection.photometry(cutout_of(flux), rng=rng)
    assert len(found) == 1 and (found.x[0], found.y[0]) == pytest.approx((80, 60), abs=1)
    assert found.flux[0] == pytest.approx(100 * (1 - np.exp(-0.5 * 2.5**2)), rel=0.05)
    assert found.error[0] == pytest.approx(0.1 * np.sqrt(np.pi) * 5, rel=0.3)
    assert not detection.empty_sky(cutout_of(flux))[60, 80]
    shallow = cutout_of(flux)
    shallow.error[:, :, 50:110] = 3.0  # where the source is the errors are larger
    assert (detection.photometry(shallow, rng=rng).error > 1.5 * found.error).all()
    nobody = detection.photometry(cutout_of(rng.normal(0, 0.1, (3, 120, 160))), rng=rng)
    assert len(nobody) <= 1
