"""Catalogues are built from detections by the schema."""

from __future__ import annotations

import numpy as np

from zpix.catalogue import Light


def test_point_estimates_and_intervals_belong_to_the_pdf(make_catalogue):
    catalogue = make_catalogue(20)
    redshift = catalogue.redshift
    np.testing.assert_allclose(catalogue["z_mode"], redshift.mode(), rtol=1e-6)
    np.testing.assert_allclose(redshift.cdf(catalogue["z160"].astype(float)[:, None]), 0.16, atol=1e-4)
    assert (catalogue["z025"] < catalogue["z160"]).all() and (catalogue["z840"] < catalogue["z975"]).all()
    assert catalogue["id"].tolist() == list(range(1, 21))
    assert set(catalogue["class"]) == {"galaxy", "star"}


def test_positions_and_sizes_are_those_of_the_light(make_catalogue, make_detections):
    n = 4
    light = Light.unknown(3, n)
    light.centre_xy[:] = [12.25, 7.5]
    light.half_light_pix[:] = 5
    light.axes_pix[:] = [3, 2]
    light.total[:] = [1, 2, 3]
    known = make_catalogue(n, light=light, peak_sky=(np.full(n, 53.0), np.full(n, -27.0)), pixel_scale_arcsec=0.03)
    assert (known["x"] == 12.25).all() and (known["y"] == 7.5).all() and (known["ra_peak"] == 53).all()
    np.testing.assert_allclose(known["half_light_radius"], 0.15)
    assert (known["a"] == 3).all() and (known["b"] == 2).all() and (known["total_f277w"] == 2).all()
    assert known.bands == ("F090W", "F277W", "F444W")
    plain = make_catalogue(n)
    assert np.isnan(plain["a"]).all() and np.isnan(plain["total_f277w"]).all()
    assert np.isnan(make_catalogue(n, light=light)["half_light_radius"]).all(), "without a pixel scale"
