from collections.abc import Callable

import numpy as np

from zpix.image import JADES_BANDS
from zpix.scenes import Population
from zpix.scenes.stamp_sizes import drawn_in_parts, stamp_sizes

Make = Callable[..., Population]
ON_PIXELS = {"bands": JADES_BANDS, "pixel_scale_arcsec": 0.03}


def test_bright_sources_get_large_stamps(make_source: Make) -> None:
    sigma = np.full(9, 0.02)
    sizes = [
        stamp_sizes(make_source(0, 0, re_arcsec=0.1), np.full((1, 9), flux, np.float32), sigma, **ON_PIXELS)[0]
        for flux in (1, 100, 1e4, 1e6)
    ]
    assert np.all(np.diff(sizes) > 0)


def test_no_sources_have_no_sizes(make_source: Make) -> None:
    nobody, fluxes = make_source(0, 0)[:0], np.zeros((0, 9), np.float32)
    assert stamp_sizes(nobody, fluxes, np.ones(9), **ON_PIXELS).shape == (0,)
    assert drawn_in_parts(nobody, fluxes, np.ones(9), **ON_PIXELS).shape == (0,)
