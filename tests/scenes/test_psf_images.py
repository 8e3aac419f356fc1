"""PSFs as images: the user's where there are some, else the simulator's."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from zpix.scenes.psf_images import psf_images

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")


def test_psfs_of_the_user_replace_the_models(tmp_path):
    axis = np.arange(61) - 30
    image = np.exp(-0.5 * (axis[:, None] ** 2 + axis**2) / 4.0**2)
    fits.PrimaryHDU(image, fits.Header({"PIXELSCL": 0.03})).writeto(tmp_path / "psf_f200w.fits")
    own = psf_images(("F200W", "F444W"), 0.03, tmp_path)
    model = psf_images(("F200W", "F444W"), 0.03)
    np.testing.assert_allclose(own["F200W"][20:81, 20:81], image / image.sum(), atol=1e-5)
    np.testing.assert_array_equal(own["F444W"], model["F444W"])
    assert model["F200W"][50, 50] == model["F200W"].max() > 2 * own["F200W"].max()
    assert model["F200W"].sum() == pytest.approx(1, rel=1e-3)
