"""Conditions choose what they say, and nothing but expressions of columns is read."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.catalogue import FLAGS, Catalogue, catalogue_columns, values_of, where_holds
from zpix.errors import ConfigError


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    rng = np.random.default_rng(0)
    count = 40
    columns = {
        c.name: rng.uniform(0.1, 9, (count, *c.shape)).astype(c.dtype) for c in catalogue_columns(["F444W"], 2)
    }  # fmt: skip
    columns["class"] = np.where(rng.random(count) < 0.3, "star", "galaxy")
    columns["flags"] = rng.integers(0, 1 << len(FLAGS), count)
    columns["zmix_weight"] = np.full((count, 2), 0.5)
    columns["flux_f444w"][::7] = np.nan
    return Catalogue(columns, ("F444W",))


def test_conditions_choose_what_they_say(catalogue):
    z, flags = catalogue["z_phot"], catalogue["flags"]
    galaxy = catalogue["class"] == "galaxy"
    cases = {
        "z_phot > 4": z > 4,
        "2 < z_phot <= 4 and class == 'galaxy'": (z > 2) & (z <= 4) & galaxy,
        "not EDGE or STAR": ((flags & 1) == 0) | ((flags & 128) > 0),
        "(flags & 9) == 0": (flags & 9) == 0,
        "p_above_6 > 0.4 and p_above_0.5 < 0.99": (catalogue.redshift.probability_between(6, np.inf) > 0.4)
        & (catalogue.redshift.probability_between(0.5, np.inf) < 0.99),
        "mag_f444w < 30": catalogue.magnitude("F444W") < 30,
        "(z840 - z160) / (1 + z_phot) < 0.1": (catalogue["z840"] - catalogue["z160"]) / (1 + z) < 0.1,
        "1 == 1": z > 0,
    }
    for condition, wanted in cases.items():
        np.testing.assert_array_equal(where_holds(catalogue, condition), wanted, err_msg=condition)
        assert wanted.any(), condition
    np.testing.assert_array_equal(values_of(catalogue, "-z_phot"), -z)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("redshift > 3", "'redshift' is no column"),
        ("z_phot >", "cannot be read"),
        ("z_phot", "is no condition"),
        ("z_phot and EDGE", "cannot be read"),
        ("class > 3", "does not fit"),
        ("__import__('os').system('true')", "cannot be read"),
        ("z_phot.__class__ == 1", "cannot be read"),
        ("[z for z in z_phot]", "cannot be read"),
        ("zmix_mean > 3", "is no column"),
        ("z_phot ** 9 > 1", "cannot be read"),
    ],
)
def test_other_words_are_refused_in_a_sentence(catalogue, condition, words):
    with pytest.raises(ConfigError, match=words):
        where_holds(catalogue, condition)
