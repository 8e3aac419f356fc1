"""Catalogues are built from detections by the schema."""

from __future__ import annotations

import numpy as np


def test_point_estimates_and_intervals_belong_to_the_pdf(make_catalogue):
    catalogue = make_catalogue(20)
    redshift = catalogue.redshift
    np.testing.assert_allclose(catalogue["z_mode"], redshift.mode(), rtol=1e-6)
    np.testing.assert_allclose(redshift.cdf(catalogue["z160"].astype(float)[:, None]), 0.16, atol=1e-4)
    assert (catalogue["z025"] < catalogue["z160"]).all() and (catalogue["z840"] < catalogue["z975"]).all()
    assert catalogue["id"].tolist() == list(range(1, 21))
    assert set(catalogue["class"]) == {"galaxy", "star"}
