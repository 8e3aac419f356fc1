import numpy as np
import pytest

from zpix.image import PIVOT_UM
from zpix.instruments.nircam import JWST, NIRCAM


def test_channels_part_at_2_4_um():
    for band, channel in NIRCAM.channels.items():
        assert channel.name == ("long" if PIVOT_UM[band] > 2.4 else "short")
    waves = [PIVOT_UM[band] for band in NIRCAM.channels]
    assert waves == sorted(waves)


def test_the_pupil_has_the_area_of_the_mirror():
    pupil = JWST.pupil(256)
    area = pupil.sum() * (JWST.diameter_m / 256) ** 2
    assert area == pytest.approx(JWST.collecting_area_m2, rel=0.05)
    assert pupil.min() >= 0
    assert pupil.max() <= 1


def test_the_pupil_is_that_of_poppy():
    """18 hexagons, the secondary mirror and its struts, as many pixels as `MultiHexagonAperture` and the like give."""
    assert [JWST.pupil(n).sum() for n in (64, 256, 1024)] == [2456, 39580, 632390]
    pupil = JWST.pupil(256)
    np.testing.assert_array_equal(pupil, pupil[:, ::-1])
    assert pupil[128, 128] == pupil[200, 127] == pupil[77, 98] == 0  # secondary mirror, upper strut, left strut
    assert pupil[60, 127] == pupil[128, 20] == 1


def test_errors_are_known_for_the_bands_of_jades():
    assert set(NIRCAM.error_njy) == set(NIRCAM.noise_over_error) < set(NIRCAM.channels)
    assert np.all(np.array(list(NIRCAM.error_njy.values())) > 0)
