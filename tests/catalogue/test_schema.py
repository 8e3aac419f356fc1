"""Columns are declared once, with units and descriptions that every file can hold."""

from __future__ import annotations

import astropy.units as u
import numpy as np

from zpix.catalogue import catalogue_columns
from zpix.image import JADES_BANDS


def test_declarations_are_complete_and_unique():
    columns = catalogue_columns(JADES_BANDS, 5)
    names = [column.name for column in columns]
    assert len(set(names)) == len(names)
    for column in columns:
        assert column.description and column.description.isascii()
        np.dtype(column.dtype)
        u.Unit(column.unit or "1")
    assert {"flux_f444w", "fluxerr_f090w", "z_phot", "zmix_weight", "flags"} <= set(names)
