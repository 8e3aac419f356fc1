from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from zpix.scenes.band_psf import BandPsf
from zpix.scenes.psf import Stretch
from zpix.scenes.user_psf import UserPsf

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
SCALE = 0.03


def moments(transfer: np.ndarray) -> tuple[float, float, float]:
    """Gaussian σ² along y, x and both, from the curvature of a transfer function at small frequencies."""
    size = len(transfer)
    step = 1 / (size * SCALE)
    yy = -np.log(np.abs(transfer[1, 0])) / (2 * np.pi**2 * step**2)
    xx = -np.log(np.abs(transfer[0, 1])) / (2 * np.pi**2 * step**2)
    both = -np.log(np.abs(transfer[1, 1])) / (2 * np.pi**2 * step**2)  # yy + xx + 2 xy
    return float(yy), float(xx), float((both - yy - xx) / 2)


def seen(psf: BandPsf, size: int = 64) -> np.ndarray:
    return psf.transfer_function(size, oversampling=1, pixel_scale_arcsec=SCALE)


@pytest.fixture
def gaussian(tmp_path: Path) -> UserPsf:
    """A round Gaussian of σ = 0.06 arcsec, off the centre of its image."""
    y, x = np.indices((81, 81))
    fits.writeto(tmp_path / "g.fits", np.exp(-0.5 * ((x - 42) ** 2 + (y - 39) ** 2) / 4**2))
    return UserPsf(str(tmp_path / "g.fits"), 0.015)


def test_light_is_kept_and_width_scales() -> None:
    plain, wide = seen(BandPsf("F444W", 20.0)), seen(BandPsf("F444W", 20.0, stretch=Stretch(1.15)))
    assert plain[0, 0] == pytest.approx(1) == wide[0, 0]
    # twice the width at half the frequency: every second pixel of the spectrum
    double = seen(BandPsf("F444W", 20.0, stretch=Stretch(2.0)))
    np.testing.assert_allclose(double[:16, :16], plain[:32:2, :32:2], atol=1e-5)
    assert (wide[:8, :8] <= plain[:8, :8] + 1e-6).all()


def test_limits_follow_the_narrow_axis() -> None:
    psf = BandPsf("F444W", 0.0)
    assert BandPsf("F444W", 0.0, stretch=Stretch(0.8)).limit == pytest.approx(psf.limit / 0.8)
    assert BandPsf("F444W", 0.0, stretch=Stretch(1.0, 0.1)).limit > psf.limit


@pytest.mark.parametrize("angle", [0.0, 90.0, 45.0])
def test_ellipticity_is_along_its_angle(gaussian: UserPsf, angle: float) -> None:
    yy, xx, xy = moments(seen(BandPsf("F444W", 0.0, gaussian, Stretch(1.1, 0.1, angle)), 256))
    long, short = (0.06 * 1.1 * (1.1 / 0.9) ** 0.5) ** 2, (0.06 * 1.1 * (0.9 / 1.1) ** 0.5) ** 2
    along, across = np.cos(np.deg2rad(angle)) ** 2, np.sin(np.deg2rad(angle)) ** 2
    np.testing.assert_allclose((yy, xx), (long * along + short * across, long * across + short * along), rtol=0.02)
    # position angles are east of north: east is towards smaller x
    assert xy == pytest.approx(-(long - short) * np.sqrt(along * across), abs=0.02 * long)


def test_an_unstretched_user_psf_read_off_its_table_is_the_same(gaussian: UserPsf) -> None:
    plain, read_off = seen(BandPsf("F444W", 0.0, gaussian)), seen(BandPsf("F444W", 0.0, gaussian, Stretch()))
    np.testing.assert_allclose(read_off, plain, atol=1e-5)
