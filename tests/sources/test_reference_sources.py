from pathlib import Path

import numpy as np
import pytest

from zpix.errors import CatalogueError
from zpix.sources import ReferenceSources, SourceTable, nearest_sources


def sources(**columns) -> ReferenceSources:
    table = SourceTable(Path("list.csv"), {name: np.array(values) for name, values in columns.items()})
    return ReferenceSources.from_table(table)


def test_positions_go_to_the_nearest_source_within_the_radius():
    listed = sources(
        id=[5, 6, 7, 8, 9, 10],
        ra=[10, 10.00005, 20, 30, np.nan, -99],
        dec=[0, 0, 0, 0, np.nan, -99],
        label=[1, 1, 2, 1, 1, 1],
    )
    ra = np.array([10.00001, 10.00004, 20, 30.0002])
    rows, distance = nearest_sources(listed, ra, np.zeros(4), radius_arcsec=0.3)
    assert rows.tolist() == [0, 1, 2, -1]
    np.testing.assert_allclose(distance, [0.036, 0.036, 0, 0.72], atol=1e-3)
    assert nearest_sources(listed, ra[:0], ra[:0], radius_arcsec=0.3)[0].tolist() == []
    assert nearest_sources(listed[:0], ra, np.zeros(4), radius_arcsec=0.3)[0].tolist() == [-1] * 4


def test_quality_flags_decide_which_redshifts_count():
    letters = sources(
        id=[1, 2, 3, 4], ra_targ=[1.0] * 4, dec_targ=[0.0] * 4, z_spec=[1.5, 2.5, 4, -1], z_spec_flag=[*"ABCA"]
    )
    np.testing.assert_array_equal(letters.redshift, [1.5, 2.5, np.nan, np.nan])
    numbers = sources(id=[1, 2, 3], ra=[1.0] * 3, dec=[0.0] * 3, zspec=[1.5, 2.5, 4], zflag=[4.0, 3.0, 2.0])
    np.testing.assert_array_equal(numbers.redshift, [1.5, 2.5, np.nan])


def test_a_table_without_positions_is_named():
    with pytest.raises(CatalogueError, match=r"list\.csv.*right ascension"):
        sources(id=[1], flux=[2.0])
