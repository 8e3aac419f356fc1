import numpy as np
import pytest

from zpix.errors import ConfigError
from zpix.sources.classes import CLASSES, DEFAULT_CLASSES, SourceClass, class_names, has_redshift, label_of, labels_of


def test_galaxies_and_stars_keep_their_labels():
    assert labels_of(DEFAULT_CLASSES).tolist() == [1, 2]
    assert class_names([2, 1, 0]).tolist() == ["star", "galaxy", "background"]
    assert has_redshift([0, 1, 2]).tolist() == [False, True, False]
    assert class_names(np.zeros(0, np.int64)).shape == has_redshift(np.zeros(0, np.int64)).shape == (0,)


def test_a_class_from_outside_comes_after_them(qso):
    assert CLASSES["qso"] is qso and label_of("qso") == 3 and label_of("star") == 2
    assert class_names([3]).tolist() == ["qso"] and has_redshift([3]).all()


def test_unknown_classes_and_names_that_a_catalogue_cannot_hold_are_refused():
    with pytest.raises(ConfigError, match=r"class 'qso' is unknown; known are galaxy, star"):
        labels_of(("galaxy", "qso"))
    for name in ("quasistellar", "little red dot", "background", ""):
        with pytest.raises(ConfigError, match="a name is a word of at most 8 letters"):
            SourceClass(name)
