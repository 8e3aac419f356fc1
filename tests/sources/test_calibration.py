import numpy as np
import pytest

from zpix.sources import WidthCalibration, ZMixture


def sources(n: int, wrong_by, *, seed: int = 0) -> tuple[ZMixture, np.ndarray, np.ndarray]:
    """Redshifts with errors of 0.1 and PDFs whose width is wrong by a factor that depends on log S/N."""
    rng = np.random.default_rng(seed)
    log_snr = rng.uniform(0.5, 3.0, n)
    mean = rng.uniform(2, 6, n)
    width = 0.1 * wrong_by(log_snr)
    return ZMixture(np.ones((n, 1)), mean[:, None], width[:, None]), 10**log_snr, mean + 0.1 * rng.normal(size=n)


def inside_68(mixture: ZMixture, z: np.ndarray) -> float:
    return float(np.mean(np.abs(mixture.cdf(z[:, None])[:, 0] - 0.5) < 0.34))


def test_too_wide_bright_and_too_narrow_faint_pdfs_are_corrected():
    def wrong_by(log_snr):
        return np.exp(np.interp(log_snr, [0.75, 2.75], [-0.5, 0.6]))

    mixture, snr, z = sources(8000, wrong_by)
    calibration = WidthCalibration.fit(mixture, snr, z)
    assert calibration.log_factor == pytest.approx([0.5, 0.225, -0.05, -0.325, -0.6, -0.6], abs=0.12)
    unseen, unseen_snr, unseen_z = sources(4000, wrong_by, seed=1)
    for bright in (unseen_snr < 20, unseen_snr > 100):
        before, after = unseen[bright], calibration.apply(unseen, unseen_snr)[bright]
        assert abs(inside_68(before, unseen_z[bright]) - 0.68) > 0.1
        assert inside_68(after, unseen_z[bright]) == pytest.approx(0.68, abs=0.04)


def test_correct_widths_stay_and_few_sources_change_nothing():
    mixture, snr, z = sources(8000, np.ones_like)
    assert np.abs(WidthCalibration.fit(mixture, snr, z).log_factor).max() < 0.08
    few, few_snr, few_z = sources(40, lambda log_snr: np.full_like(log_snr, 3.0))
    assert WidthCalibration.fit(few, few_snr, few_z) == WidthCalibration()


def test_factors_are_interpolated_and_constant_beyond():
    mixture = ZMixture(np.ones((5, 1)), np.full((5, 1), 2.0), np.full((5, 1), 0.1))
    calibration = WidthCalibration((1.0, 2.0), (0.0, np.log(2.0)))
    widths = calibration.apply(mixture, [0.0, 10.0, 10**1.5, 100.0, 1e6]).widths[:, 0]
    np.testing.assert_allclose(widths, 0.1 * np.array([1, 1, np.sqrt(2), 2, 2]))


def test_a_checkpoint_without_one_changes_nothing():
    assert WidthCalibration.from_saved(None) == WidthCalibration()
    kept = {"log_snr": [1.0, 2.0], "log_factor": [0.1, 0.2]}
    assert WidthCalibration.from_saved(kept) == WidthCalibration((1.0, 2.0), (0.1, 0.2))
