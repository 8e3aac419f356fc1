"""Columns are called by words of the virtual observatory's vocabulary."""

from __future__ import annotations

import pytest

from zpix.catalogue.ucds import ucd_of, wavelength_um


@pytest.mark.parametrize(
    ("band", "wavelength"),
    [("F200W", 1.988), ("F814W", 0.806), ("F606W", 0.592), ("F435W", 0.433), ("F430M", 4.281), ("F160W", 1.537),
     ("F850LP", 0.904), ("F770W", 7.7), ("F1500W", 15.0), ("F129", 1.29), ("LSST_I", 0.75), ("HSC-G", 0.48),
     ("OWN", None)],
)  # fmt: skip
def test_names_of_bands_tell_their_wavelength(band, wavelength):
    assert wavelength_um(band) == (None if wavelength is None else pytest.approx(wavelength))


def test_other_columns_have_no_ucd():
    assert ucd_of("left_id") == "" and ucd_of("p_qso") == "stat.probability;src.class"
