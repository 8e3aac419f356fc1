import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.scenes import Sky
from zpix.scenes.crowding import crowded

PLAIN = SimulationConfig(limit_mag=28.0, star_density=0, brown_dwarf_per_arcmin2=0)


def test_without_ranges_a_field_is_as_its_settings_say() -> None:
    assert crowded(3, PLAIN) is PLAIN


def test_fields_differ_in_density_and_clustering() -> None:
    ranges = PLAIN.model_copy(update={"density_range": (0.5, 2.0), "clustered_range": (0.1, 0.4)})
    fields = [crowded(seed, ranges) for seed in range(400)]
    density = np.log2([field.source_density for field in fields])
    clustered = np.array([field.clustered_fraction for field in fields])
    assert density.min() > -1 and density.max() < 1 and clustered.min() > 0.1 and clustered.max() < 0.4
    assert density.mean() == pytest.approx(0, abs=0.1) and clustered.mean() == pytest.approx(0.25, abs=0.02)
    assert fields[7] == crowded(7, ranges)


def test_a_dense_field_has_more_galaxies() -> None:
    dense = PLAIN.model_copy(update={"density_range": (3.0, 3.0)})
    few, many = (len(Sky(1, config=config).cell_population(0, 0)) for config in (PLAIN, dense))
    assert many > 2 * few
