"""What does a catalogue show in a terminal and in a notebook?"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from zpix.catalogue.flags import flag_names
from zpix.catalogue.schema import INTERVALS

if TYPE_CHECKING:
    from zpix.catalogue.table import Catalogue

# A longer catalogue shows half of these rows from each of its ends.
_MOST_ROWS = 10
_BAND = "F444W"
_GAP = "…"


def as_text(catalogue: Catalogue) -> str:
    """Return the main columns of some rows as text.

    Parameters
    ----------
    catalogue : Catalogue
        May be empty.

    Returns
    -------
    str
        A header, ten rows at most, and a line that says how many sources and columns there are.
    """
    lines = list(zip(*_cells(catalogue), strict=True))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join([*map(str.rjust, line[:-1], widths), line[-1]]).rstrip() for line in lines]
    return "\n".join([*rows, _summary(catalogue)])


def as_html(catalogue: Catalogue) -> str:
    """Return the same as `as_text` as an HTML table.

    Parameters
    ----------
    catalogue : Catalogue
        May be empty.

    Returns
    -------
    str
        HTML in which every value is escaped.
    """
    header, *rows = zip(*_cells(catalogue), strict=True)
    body = "\n".join(f"<tr>{_tags('td', row)}</tr>" for row in rows)
    return (
        f"<table>\n<thead><tr>{_tags('th', header)}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
        f"<p>{escape(_summary(catalogue))}</p>"
    )


def _tags(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)


def _summary(catalogue: Catalogue) -> str:
    sources = "1 source" if len(catalogue) == 1 else f"{len(catalogue)} sources"
    return f"{sources}, {len(catalogue.schema)} columns; bands {' '.join(catalogue.bands)}"


def _cells(catalogue: Catalogue) -> list[list[str]]:
    """Columns of texts, each with its header first; without sky positions those in pixels stand in their place."""
    half = _MOST_ROWS // 2
    rows, cut = np.arange(len(catalogue)), len(catalogue) > _MOST_ROWS
    shown = catalogue[np.concatenate([rows[:half], rows[-half:]]) if cut else rows]
    on_sky = not len(shown) or bool(np.isfinite(catalogue["ra"]).any())
    places = (("ra", ".5f"), ("dec", ".5f")) if on_sky else (("x", ".1f"), ("y", ".1f"))
    low, high = INTERVALS[0.68]
    columns = [
        ["id", *_texts(shown["id"], "d")],
        *([name, *_texts(shown[name], form)] for name, form in places),
        ["class", *map(str, shown["class"])],
        ["z_phot", *_texts(shown["z_phot"], ".2f")],
        ["68 %", *(f"{a:.2f}-{b:.2f}" for a, b in zip(shown[low], shown[high], strict=True))],
        *([[f"mag {_BAND}", *_texts(shown.magnitude(_BAND), ".2f")]] if _BAND in shown.bands else []),
        ["flags", *(" ".join(flag_names(int(value))) for value in shown["flags"])],
    ]  # fmt: skip
    if cut:
        for column in columns:
            column.insert(1 + half, _GAP)
    return columns


def _texts(values: Any, form: str) -> Iterable[str]:
    return (format(value, form) for value in values.tolist())
