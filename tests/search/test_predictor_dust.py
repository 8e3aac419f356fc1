"""The shipped network uses the E(B−V) that it is told: the truth undoes what dust did to the pixels."""

import numpy as np
import pytest

from zpix.config import InferenceConfig, SimulationConfig
from zpix.detector import default_model, load_checkpoint
from zpix.image import JADES_BANDS, Pixels
from zpix.matching import match_boxes
from zpix.search import Predictor
from zpix.sources import ZMixture
from zpix.spectra.milky_way import milky_way_transmission

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

EBV = 0.1  # the upper end of the training


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(load_checkpoint(default_model()).for_bands(JADES_BANDS), InferenceConfig(device="cpu"))


def distances(a: ZMixture, b: ZMixture) -> np.ndarray:
    """Mean shift of probability in ln(1 + z) between the PDFs of N sources, (N,)."""
    log = np.linspace(0, np.log(16), 400)
    return np.trapezoid(np.abs(a.cdf(np.expm1(log)) - b.cdf(np.expm1(log))), log, axis=1)


@pytest.mark.slow
def test_the_true_reddening_brings_redshifts_back(predictor):
    from zpix.scenes import draw_scene

    config = SimulationConfig(ebv=0.0, source_density=2.0, star_density=0, brown_dwarf_per_arcmin2=0)
    clear = draw_scene(782, shape=(512, 512), config=config).pixels
    dimmed = milky_way_transmission(JADES_BANDS, EBV)[:, None, None]
    dusty = Pixels(clear.flux * dimmed, clear.error * dimmed, clear.valid)
    unreddened = predictor.predict(clear, dust=0.0)
    ignorant, told = (predictor.predict(dusty, dust=ebv) for ebv in (0.0, EBV))
    np.testing.assert_array_equal(ignorant.box, told.box)
    pairs = match_boxes(unreddened.box, told.box, min_iou=0.7)
    before, after = (
        distances(unreddened.redshift[pairs.left], found.redshift[pairs.right]) for found in (ignorant, told)
    )
    gain = before - after
    assert len(gain) > 100
    assert gain.mean() > 2 * gain.std() / np.sqrt(len(gain)), "telling the truth should help"
    assert after.mean() < 0.85 * before.mean()
