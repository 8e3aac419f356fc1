"""Are the errors of fluxes the scatter that repeated measurements have, in noise that neighbouring pixels share?"""

from __future__ import annotations

import numpy as np
import pytest

from tests.image.examined_fields import BANDS, SCALE_ARCSEC, blob_image
from zpix.catalogue import measure_light, measure_masks
from zpix.catalogue.stamps import place_masks
from zpix.image import NoiseCurve, Region, examine_mosaic
from zpix.search.array_image import ArrayImage
from zpix.sources import Detections, ZMixture

_STEP, _SIDE = 60, 22  # from source to source, and of their boxes, pixels


def galaxies(shape: tuple[int, int]) -> tuple[Detections, np.ndarray]:
    """Equal sources on a grid with round masks, and their light in units of the error."""
    middle = np.stack(np.meshgrid(*(np.arange(30, side - 30, _STEP) for side in shape[::-1])), -1).reshape(-1, 2)
    count = len(middle)
    cell = np.hypot(*(np.mgrid[:28, :28] - 13.5)) < 13
    box = np.concatenate([middle - _SIDE / 2 + 0.5, middle + _SIDE / 2 + 0.5], axis=1).astype(np.float32)
    y, x = np.mgrid[: shape[0], : shape[1]]
    light = np.zeros(shape)
    for column, row in middle:
        light += 2 * np.exp(-0.5 * ((x - column) ** 2 + (y - row) ** 2) / 4.0**2)
    one = np.ones((count, 1))
    return Detections(
        box=box, score=np.ones(count, np.float32), label=np.ones(count, np.int64),
        class_probability=np.tile(np.array([1, 0], np.float32), (count, 1)),
        mask=np.broadcast_to(cell.astype(np.float32), (count, 28, 28)),
        redshift=ZMixture(one, one, one), features=np.zeros((count, 0), np.float32),
    ), light  # fmt: skip


@pytest.mark.parametrize(("smoothed_pix", "wrong"), [(0.0, 1.0), (0.8, 0.3), (2.0, 5.0)])  # matched to another PSF: 2
def test_repeated_fluxes_scatter_by_their_errors(smoothed_pix, wrong):
    empty = blob_image((512, 512), sources=0, smoothed_pix=smoothed_pix)
    detections, light = galaxies((512, 512))
    pixels = empty.pixels
    error = pixels.error * np.float32(wrong)
    pixels = type(pixels)(pixels.flux + (pixels.error * light).astype(np.float32), error, pixels.valid)
    image = ArrayImage(BANDS, pixels, None, SCALE_ARCSEC)
    noise = NoiseCurve.of(examine_mosaic(image, pixel_scale_arcsec=SCALE_ARCSEC), BANDS)
    seen = image.read(Region.whole(image.shape))
    masks = measure_masks(detections, seen).in_noise(noise)
    totals = measure_light(place_masks(detections), seen).in_noise(noise)
    for flux, own in ((masks.flux, masks.flux_error), (totals.total, totals.total_error)):
        scatter = ((flux - np.median(flux, axis=0)) / own).std(axis=0)
        assert np.sqrt(np.mean(scatter**2)) == pytest.approx(1, abs=0.15)
