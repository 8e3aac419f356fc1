import sys
from pathlib import Path

import numpy as np
import pytest

from tests.instruments.toy_camera import TOY
from zpix.config import SimulationConfig
from zpix.errors import BandError, ConfigError
from zpix.image import JADES_BANDS
from zpix.instruments import INSTRUMENTS, channels_of, instrument_of, instruments_of, observed_grid
from zpix.instruments.nircam import NIRCAM
from zpix.scenes import draw_scene

BANDS = ("TOY-V", "F444W", "TOY-I", "F150W")
SMALL = SimulationConfig(cell_size_pix=128, limit_mag=27.0, psf_angle_deg=20.0, ebv=0.0, chip_gaps=False)


@pytest.fixture
def toy(open_registry):
    """The toy camera, added by a script for one process."""
    open_registry(INSTRUMENTS)
    INSTRUMENTS.add("toy", TOY)
    return TOY


def test_a_band_is_that_of_its_instrument(toy):
    assert instrument_of("F444W") is NIRCAM
    assert instrument_of("TOY-V") is toy
    with pytest.raises(BandError, match=r"'F999W'.*nircam: F070W.*toy: TOY-V, TOY-I"):
        instrument_of("F999W")
    with pytest.raises(ConfigError, match="'toy' exists already"):
        INSTRUMENTS.add("toy", NIRCAM)


def test_bands_are_grouped_by_instrument_and_channel(toy):
    assert [(one.name, rows.tolist()) for one, rows in instruments_of(BANDS)] == [("toy", [0, 2]), ("nircam", [1, 3])]
    groups = [(channel.name, rows.tolist()) for _, channel, rows in channels_of(BANDS)]
    assert groups == [("only", [0, 2]), ("long", [1]), ("short", [3])]
    assert channels_of(()) == []


def test_wavelengths_reach_over_all_instruments(toy):
    both, one = observed_grid(BANDS), observed_grid(("F444W",))
    assert both[0] == pytest.approx(4500)
    assert one[0] == pytest.approx(6000)
    assert both[-1] == pytest.approx(54000, rel=2e-3)


def test_a_scene_mixes_bands_of_instruments(toy):
    scene = draw_scene(3, shape=(192, 160), bands=BANDS, config=SMALL)
    assert scene.pixels.flux.shape == (4, 192, 160)
    assert np.isfinite(scene.pixels.flux).all()
    assert scene.truth["detectable"].any()
    assert (scene.truth["flux_toy-v"][scene.truth["label"] == 1] > 0).any()
    background = np.median(np.where(scene.pixels.valid, scene.pixels.error, np.nan), axis=(1, 2))
    np.testing.assert_allclose(background[[0, 2]], [0.2, 0.3], rtol=0.2)


def test_a_package_adds_an_instrument(install):
    source = Path(sys.modules[TOY.curve.__module__].__file__).read_text("utf-8")
    install(INSTRUMENTS, module="toy_package", source=source, entry="toy = toy_package:TOY")
    assert instrument_of("TOY-I").name == "toy"
    assert set(JADES_BANDS) < set(NIRCAM.channels)
