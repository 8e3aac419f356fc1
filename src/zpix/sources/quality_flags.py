"""Which redshifts are secure, by the flags of quality that lists give them?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Quality flags of secure redshifts, the best first: letters as in JADES, numbers as in most surveys.
SECURE = ("A", "4", "B", "3")
#: Words that say the same as the best flag.
SECURE_WORDS = ("SECURE", "CERTAIN", "CONFIRMED", "ROBUST", "RELIABLE")
#: Further flags in use, in the same schemes.
_NOT_SECURE = {
    *"CDEFN", "0", "1", "2", "9", "-1", "-99", "TENTATIVE", "INSECURE", "UNCERTAIN", "UNRELIABLE", "POSSIBLE",
    "PROBABLE", "POOR", "BAD", "LOW", "NO", "NONE", "",
}  # fmt: skip


def quality_ranks(flags: NDArray[np.str_], secure: Sequence[str] = ()) -> NDArray[np.int64]:
    """Rank redshifts by their flags.

    Parameters
    ----------
    flags : (M,) str
        Quality flags.
    secure : sequence of str, default: ()
        Flags that are secure, the best first; by default A and 4, or a word such as "secure", then B and 3.

    Returns
    -------
    (M,) int64
        0 for the best; -1 where not secure.

    Examples
    --------
    >>> quality_ranks(np.array(["A", "3", "C", "secure"])).tolist()
    [0, 1, -1, 0]
    """
    if secure:
        named = {flag: place for place, flag in enumerate(secure)}
        return np.array([named.get(flag, -1) for flag in flags.tolist()], np.int64)
    # A and 4 are alike, and so are B and 3
    ranks = {flag: place // 2 for place, flag in enumerate(SECURE)} | dict.fromkeys(SECURE_WORDS, 0)
    return np.array([ranks.get(flag.upper(), -1) for flag in flags.tolist()], np.int64)


def is_familiar(flags: NDArray[np.str_]) -> bool:
    """Return whether flags are of a scheme that says which are secure.

    Parameters
    ----------
    flags : (M,) str
        Quality flags.

    Returns
    -------
    bool
        Whether one of them, beside empty ones, is a letter, number or word of these schemes.
    """
    given = {flag.upper() for flag in flags.tolist()} - {""}
    return not given or bool(given & (_NOT_SECURE | set(SECURE) | set(SECURE_WORDS)))
