"""What does the text in a column of a table say: numbers, truth values, identifiers, flags?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_TRUE, _FALSE = {"true", "t", "yes", "y"}, {"false", "f", "no", "n"}
_NOTHING = {"", "nan", "n/a", "na", "#n/a", "null", "none", "-", "--", "---", "masked", "<na>", "inf", "-inf"}


def numbers_of_text(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the numbers of a column, which may be written as text.

    Parameters
    ----------
    values : (M,) array
        Numbers, truth values or text.

    Returns
    -------
    (M,) float64
        The numbers; truth values, also as words, are 1 and 0, and words such as `N/A` NaN.

    Raises
    ------
    ValueError
        If a value is other text.
    """
    if values.dtype.kind not in "OSU":
        return np.asarray(values, np.float64)
    return np.array([_number(text) for text in np.char.strip(values.astype(str)).tolist()], np.float64)


def text_of(values: NDArray[Any]) -> NDArray[np.str_]:
    """Return the values of a column as text, whole numbers without a decimal point.

    Parameters
    ----------
    values : (M,) array
        Numbers or text.

    Returns
    -------
    (M,) str
        Such as "4" for 4.0 and for "4.0"; empty where there is no value.
    """
    if values.dtype.kind in "iu":
        return values.astype(str)
    if values.dtype.kind == "f":
        return np.array([_float_text(value) for value in values.tolist()], dtype=str)
    text = np.char.strip(values.astype(str)).tolist()
    return np.array([_without_point(one) for one in text], dtype=str)


def whole_numbers(values: NDArray[Any]) -> NDArray[np.int64] | None:
    """Return the whole numbers of a column.

    Parameters
    ----------
    values : (M,) array
        Numbers or text.

    Returns
    -------
    (M,) int64 or None
        The numbers; None if a value is none.
    """
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.rint(values)) & (np.abs(values) < 2**63)
        return values.astype(np.int64) if whole.all() else None
    if values.dtype.kind not in "OSU":
        return None
    try:
        return np.array([int(_without_point(text)) for text in np.char.strip(values.astype(str)).tolist()], np.int64)
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float:
    """Number that a word is."""
    word = text.lower()
    if word in _NOTHING:
        return np.nan
    if word in _TRUE:
        return 1.0
    return 0.0 if word in _FALSE else float(text)


def _float_text(value: float) -> str:
    """A number as text, whole ones without a point; empty for NaN."""
    if not np.isfinite(value):
        return ""
    return str(int(value)) if value == int(value) else f"{value:g}"


def _without_point(text: str) -> str:
    """Text without the `.0` of a whole number."""
    head, _, tail = text.partition(".")
    return head if tail and not tail.strip("0") and head.lstrip("+-").isdigit() else text
