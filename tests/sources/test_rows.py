from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from zpix.sources import Detections, Rows, ZMixture
from zpix.sources.rows import SHARED


@dataclass(frozen=True, eq=False)
class Fluxes(Rows):
    id: NDArray
    flux: NDArray
    redshift: ZMixture


@pytest.fixture
def fluxes() -> Fluxes:
    ones = np.ones((4, 2))
    return Fluxes(np.arange(4), np.arange(12.0).reshape(4, 3), ZMixture(0.5 * ones, np.arange(4)[:, None] * ones, ones))


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([True, False, True, True]), np.array([3, 3, 0]), slice(0, 0)])
def test_rows_are_taken_from_every_field(fluxes, rows):
    some = fluxes[rows]
    assert len(some) == len(some.redshift) == len(fluxes.id[rows])
    np.testing.assert_array_equal(some.flux, fluxes.flux[rows])
    np.testing.assert_array_equal(some.redshift.means, fluxes.redshift.means[rows])


def test_parts_join_to_the_whole(fluxes):
    whole = Fluxes.concatenate([fluxes[:1], fluxes[1:1], fluxes[1:]])
    np.testing.assert_array_equal(whole.id, fluxes.id)
    np.testing.assert_array_equal(whole.redshift.means, fluxes.redshift.means)


def test_a_table_without_rows_keeps_its_columns():
    nothing = Detections.empty(28, 5, 7)
    twice = Detections.concatenate([nothing, nothing[:0]])
    assert twice.mask.shape == (0, 28, 28)
    assert twice.redshift.means.shape == (0, 5)
    assert twice.features.shape == (0, 7)


@dataclass(frozen=True, eq=False)
class Photometry(Rows):
    bands: tuple[str, ...] = field(metadata=SHARED)
    flux: NDArray  # (N, band)


def test_what_the_whole_table_shares_is_kept():
    table = Photometry(("F200W", "F444W"), np.arange(8.0).reshape(4, 2))
    joined = Photometry.concatenate([table[:0], table[table.flux[:, 0] > 3], table[np.array([0])]])
    assert len(table) == 4 and joined.flux[:, 0].tolist() == [4.0, 6.0, 0.0]
    assert table[1:].bands == joined.bands == ("F200W", "F444W")
