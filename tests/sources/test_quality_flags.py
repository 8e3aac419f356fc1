import numpy as np

from zpix.sources.quality_flags import is_familiar, quality_ranks


def test_letters_numbers_and_words_have_one_order():
    flags = np.array(["A", "4", "secure", "B", "3", "C", "2", "tentative", "9.5b", ""])
    assert quality_ranks(flags).tolist() == [0, 0, 0, 1, 1, -1, -1, -1, -1, -1]
    assert quality_ranks(flags, ("9.5b", "C")).tolist() == [-1, -1, -1, -1, -1, 1, -1, -1, 0, -1]


def test_unknown_schemes_are_noticed():
    assert is_familiar(np.array(["C", "x"])) and is_familiar(np.array(["1"])) and is_familiar(np.array([""]))
    assert not is_familiar(np.array(["213", "14", ""]))
