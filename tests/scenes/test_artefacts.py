import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS, Region
from zpix.scenes import draw_scene
from zpix.scenes.artefacts import Artefacts

NONE = SimulationConfig(hot_pixels_per_arcmin2=0, snowballs_per_arcmin2=0, striping=0, wisps_per_arcmin2=0)
KINDS = {"hot_pixels_per_arcmin2": 30.0, "snowballs_per_arcmin2": 20.0, "striping": 0.1, "wisps_per_arcmin2": 5.0}


def drawn(region: Region, *, angle: float = 20.0, **changes) -> np.ndarray:
    image = np.zeros((len(JADES_BANDS), *region.shape), np.float32)
    Artefacts(1, JADES_BANDS, angle, NONE.model_copy(update=changes)).add_to(image, region)
    return image


def test_all_can_be_switched_off() -> None:
    assert not drawn(Region(0, 0, 300, 300)).any()


@pytest.mark.parametrize(("kind", "rate"), KINDS.items())
def test_windows_fit_together(kind: str, rate: float) -> None:
    whole, part = drawn(Region(-600, -300, 400, 500), **{kind: rate}), Region(-100, -40, 250, 300)
    assert whole.any()
    np.testing.assert_allclose(
        drawn(part, **{kind: rate}), whole[(slice(None), *part.shifted(600, 300).slices)], atol=1e-5
    )


def test_hot_pixels_are_one_native_pixel_in_one_band() -> None:
    image = drawn(Region(0, 0, 2000, 2000), hot_pixels_per_arcmin2=10.0)
    total = np.abs(image).sum(axis=(1, 2))
    native = np.where(np.arange(9) < 4, 0.0311, 0.0630) / 0.03
    per_band = [(np.abs(band) > 0).sum() for band in image]
    # 10 arcmin⁻² on an arcmin², each spread over up to (side + 1)² pixels
    for band in range(9):
        assert 3 * native[band] ** 2 < per_band[band] < 25 * (native[band] + 1) ** 2
    assert (image > 0).sum() > 2 * (image < 0).sum()
    assert (total > 10 * 5 * 0.3).all()
    assert ((image != 0).sum(axis=0) <= 2).all()


def test_snowballs_are_faint_and_of_their_size() -> None:
    image = drawn(Region(0, 0, 2000, 2000), snowballs_per_arcmin2=5.0)
    assert 0.5 < image.max() < 2.5
    area = (image > 0.05).sum() / (9 * 5)
    assert np.pi * 8**2 < area < np.pi * 27**2


def test_stripes_run_along_rows_and_have_the_rms_that_is_set() -> None:
    image = drawn(Region(0, 0, 1500, 1500), striping=0.05, angle=0.0)
    np.testing.assert_allclose(image.std(axis=(1, 2)), 0.05, rtol=0.4)
    assert np.abs(np.diff(image[0], axis=1)).mean() < 0.05 * np.abs(np.diff(image[0], axis=0)).mean()
    assert (image[0] != image[1]).any()


def test_wisps_are_diffuse_and_in_the_short_channel() -> None:
    image = drawn(Region(0, 0, 2000, 2000), wisps_per_arcmin2=3.0)
    assert image[:4].any() and not image[4:].any()
    assert image.max() < 4 and np.abs(np.diff(image, axis=2)).max() < 0.1


def test_they_are_never_labelled() -> None:
    empty = {"source_density": 0, "star_density": 0, "brown_dwarf_per_arcmin2": 0}
    config = SimulationConfig(cell_size_pix=128, **(KINDS | empty))
    scene = draw_scene(1, shape=(128, 128), config=config)
    clean = draw_scene(1, shape=(128, 128), config=NONE.model_copy(update=empty | {"cell_size_pix": 128}))
    assert len(scene.truth) == 0 and not scene.segmentation.any()
    assert (scene.pixels.flux != clean.pixels.flux).any()
    np.testing.assert_array_equal(scene.pixels.error, clean.pixels.error)
