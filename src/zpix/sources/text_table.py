"""Which columns does a table of text have, with commas, semicolons, tabs or spaces between them?

Tables are read as people have them: in UTF-8 with or without its mark, or Latin-1; with comments in lines that begin
with `#`, the last of which may hold the names of the columns; with a line of units below the names; and with words such
as `N/A`, `null` or `--` for what is not known.
"""

from __future__ import annotations

import csv
import re
from typing import Any

import numpy as np
from astropy.io import ascii as text_tables
from astropy.table import Column, MaskedColumn
from numpy.typing import NDArray

# Words of cells that hold nothing; `nan` is read as a number.
_NOTHING = ("", "N/A", "n/a", "NA", "#N/A", "null", "NULL", "Null", "None", "none", "-", "--", "---", "<NA>")
_DELIMITERS = (",", ";", "\t", "|")
_UNITS = {"deg", "degree", "degrees", "h", "hour", "hours", "hourangle", "mag", "njy", "arcsec", "pix", "pixel", "rad"}


def parse_text_table(content: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read the columns of a table of text.

    Parameters
    ----------
    content : bytes
        The whole file.

    Returns
    -------
    columns : dict of str to (M,) array
        The columns by name: numbers or text; what is not known is NaN, in text empty.
    units : dict of str to str
        Units by the name of the column, where there is a line of units.

    Raises
    ------
    ValueError
        If it is not a table.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = [line for line in _lines(text) if line.strip()]
    start = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    comments, rows = lines[:start], [line for line in lines[start:] if not line.startswith("#")]
    if not rows and not comments:
        raise ValueError("it is empty")
    first = rows[0] if rows else comments[-1].lstrip("# ")
    delimiter = max(_DELIMITERS, key=first.count)
    if delimiter not in first:
        delimiter = " "
    names = _fields(first, delimiter)
    if comments and (not rows or any(map(_is_number, names))):  # the names stand in the last comment
        named = _fields(comments[-1].lstrip("# \t"), delimiter)
        if not rows or len(named) == len(names):
            rows = [comments[-1].lstrip("# \t"), *rows]
            names = named
    units: dict[str, str] = {}
    if len(rows) > 1:
        below = _fields(rows[1], delimiter)
        if len(below) == len(names) and {one.strip("[]()").lower() for one in below} & _UNITS:
            units = {name: unit.strip("[]()") for name, unit in zip(names, below, strict=True) if unit}
            del rows[1]
    if len(names) < 2:
        return {names[0]: np.array([_fields(row, delimiter)[0] for row in rows[1:]], dtype=str)}, units
    return _columns(rows, delimiter), units


def filled(column: Column) -> NDArray[Any]:
    """Return the values of a column of astropy; what is masked is NaN, in text empty.

    Parameters
    ----------
    column : astropy Column or MaskedColumn
        The column.

    Returns
    -------
    (M,) array
        Its values, without a mask.
    """
    if not isinstance(column, MaskedColumn):
        return np.asarray(column)
    if not np.any(column.mask):
        return np.asarray(column.data.data)
    if column.dtype.kind in "OSU":
        return np.asarray(column.astype(str).filled(""))
    return np.asarray(column.astype(np.float64).filled(np.nan))


def _lines(text: str) -> list[str]:
    """Lines of a text; one that ends inside quotes goes on in the next."""
    lines: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        if lines and lines[-1].count('"') % 2:
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return lines


def _columns(rows: list[str], delimiter: str) -> dict[str, NDArray[Any]]:
    """Columns of lines, the first of which holds their names."""
    table = text_tables.read(
        rows,
        format="csv" if delimiter != " " else "basic",
        delimiter=delimiter,
        fill_values=[(word, "0") for word in _NOTHING],
    )
    return {name.strip(): filled(table[name]) for name in table.colnames}


def _fields(line: str, delimiter: str) -> list[str]:
    """Cells of a line, without the spaces around them."""
    if delimiter == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]


def _is_number(text: str) -> bool:
    """Whether text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
