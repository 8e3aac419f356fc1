"""Real JADES pixels around JADES-GS-z14-0."""

from pathlib import Path

import numpy as np
import pytest

from zpix.image import JADES_BANDS, Region, ebv_at, open_mosaic

CUTOUT = Path(__file__).parents[2] / ".." / "shared" / "data" / "jades-gsz14"

pytestmark = pytest.mark.skipif(not CUTOUT.is_dir(), reason="the real cutout ../shared/data/jades-gsz14 is not here")


def test_opens_with_nine_bands_and_its_position():
    with open_mosaic(CUTOUT) as mosaic:
        assert mosaic.bands == JADES_BANDS and mosaic.shape == (110, 195)
        assert mosaic.pixel_scale_arcsec == pytest.approx(0.03)
        ra, dec = mosaic.sky(97, 48)
        assert (float(ra), float(dec)) == pytest.approx((53.08294, -27.85563), abs=1e-6)
        assert 0.004 < ebv_at(ra, dec)[0] < 0.015


def test_the_galaxy_drops_out_below_lyman_alpha():
    with open_mosaic(CUTOUT) as mosaic:
        pixels = mosaic.read(Region(94, 45, 101, 52))
    assert pixels.valid.all()
    flux = dict(zip(JADES_BANDS, pixels.flux.sum((1, 2)), strict=True))
    # Carniani et al. 2024 give about 46 nJy in F277W in total; this aperture holds part of it.
    assert 10 < flux["F277W"] < 60
    assert max(abs(flux[band]) for band in ("F090W", "F115W", "F150W")) < 0.2 * flux["F277W"]
    assert np.median(pixels.error) < 1  # nJy per pixel
