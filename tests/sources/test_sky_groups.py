import numpy as np

from zpix.sources.sky_groups import groups_on_sky


def test_the_first_stands_for_those_around_it():
    ra = np.array([0.00001, 10.0, 359.99999, 10.0, 10.0])
    dec = np.array([0.0, 0.0, 0.0, 0.2 / 3600, 0.4 / 3600])
    assert [group.tolist() for group in groups_on_sky(ra, dec, radius_arcsec=0.3)] == [[0, 2], [1, 3], [4]]
    assert list(groups_on_sky(ra[:0], dec[:0], radius_arcsec=0.3)) == []
