"""How is a document of text, tables and figures laid out on pages of A4?"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.image
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import TextToPath

from zpix.outputs import TextTable, whole_file
from zpix.plots.document import DocumentPart
from zpix.plots.style import GREY, INK

if TYPE_CHECKING:
    from matplotlib.backends.backend_pdf import PdfPages

_A4_INCH = (8.27, 11.69)
_MARGIN_INCH = 0.7
_WIDE_INCH = _A4_INCH[0] - 2 * _MARGIN_INCH
_POINTS, _SMALLEST_POINTS = 8.5, 6.0
_LEADING = 1.5  # distance of lines, in heights of the letters
_BETWEEN_INCH = 0.18  # columns of a table
_NARROWEST_INCH = 1.2  # a last column whose cells are broken into lines
_FIGURE_DPI = 200
_LEAST_SCALE = 0.6  # by which a figure is made smaller to fit on a page that has begun
_LINE = "#dde2e8"


def write_pdf(path: Path, title: str, sections: Sequence[DocumentPart]) -> None:
    """Write a document as a PDF of A4 pages.

    Parameters
    ----------
    path : Path
        File to write; it appears whole or not at all.
    title : str
        Title of the document.
    sections : sequence of DocumentPart
        Its parts.
    """
    from matplotlib.backends.backend_pdf import PdfPages  # loads fontTools, which takes a second

    with whole_file(path) as temporary, PdfPages(temporary, metadata={"Title": title}) as document:
        pages = _Pages(document, title)
        pages.line(title, points=15, bold=True)
        for section in sections:
            pages.heading(section.title, room_inch=_room(section))
            for paragraph in section.paragraphs:
                pages.paragraph(paragraph)
            for table in section.tables:
                pages.table(table)
            for _, figure in section.figures:
                pages.figure(figure)
        pages.finish()


class _Pages:
    """Pages that are filled from the top down, each written when it is full."""

    def __init__(self, document: PdfPages, title: str) -> None:
        self._document, self._title, self._number = document, title, 0
        self._turn()

    def _turn(self) -> None:
        """Begin a page."""
        self._page = Figure(figsize=_A4_INCH, facecolor="white")
        self._top = _MARGIN_INCH
        self._number += 1
        self._write(str(self._number), _A4_INCH[0] / 2, _A4_INCH[1] - 0.35, points=7.5, colour=GREY, ha="center")
        if self._number > 1:
            self._write(self._title, _MARGIN_INCH, 0.4, points=7.5, colour=GREY)

    def finish(self) -> None:
        """Write the page."""
        self._document.savefig(self._page)  # type: ignore[no-untyped-call]

    def need(self, inch: float) -> None:
        """Go to the next page unless there is so much room on this one."""
        if self._top > _MARGIN_INCH and self._top + inch > _A4_INCH[1] - _MARGIN_INCH:
            self.finish()
            self._turn()

    def _write(
        self, text: str, x: float, y: float, *, points: float, colour: str = INK, bold: bool = False, ha: str = "left"
    ) -> None:
        """Put text at a place in inches from the left and the top."""
        self._page.text(
            x / _A4_INCH[0], 1 - y / _A4_INCH[1], text, fontsize=points, color=colour, va="top", ha=ha,
            fontweight="bold" if bold else "normal", parse_math=False,
        )  # fmt: skip

    def line(
        self, text: str, *, points: float = _POINTS, bold: bool = False, colour: str = INK, above_inch: float = 0
    ) -> None:
        """Write a line of text."""
        high = points * _LEADING / 72
        self.need(high + above_inch)
        self._top += above_inch if self._top > _MARGIN_INCH else 0
        self._write(text, _MARGIN_INCH, self._top, points=points, bold=bold, colour=colour)
        self._top += high

    def heading(self, text: str, *, room_inch: float) -> None:
        """Write a heading, on a page where what follows it has room."""
        self.need(0.5 + room_inch)
        self.line(text, points=11.5, bold=True, above_inch=0.22)
        self._top += 0.04

    def paragraph(self, text: str) -> None:
        """Write a paragraph."""
        for line in broken(text, _WIDE_INCH, _POINTS):
            self.line(line)

    def table(self, table: TextTable) -> None:
        """Write a table; its header comes again on every page."""
        title, header, rows = table
        widths, points = _column_widths(table)
        if title:
            self.need(0.9)
            self.line(title, points=9, colour=GREY, above_inch=0.12)
        if any(header):
            self._row(header, widths, points, colour=GREY)
        for row in rows:
            if self._row_inch(row, widths, points) + self._top > _A4_INCH[1] - _MARGIN_INCH:
                self.finish()
                self._turn()
                if any(header):
                    self._row(header, widths, points, colour=GREY)
            self._row(row, widths, points)

    @staticmethod
    def _row_inch(cells: Sequence[str], widths: Sequence[float], points: float) -> float:
        """Height of a row."""
        return len(broken(cells[-1], widths[-1], points)) * points * _LEADING / 72 + 0.03

    def _row(self, cells: Sequence[str], widths: Sequence[float], points: float, *, colour: str = INK) -> None:
        """Write a row, and a line below it."""
        x = _MARGIN_INCH
        for cell, width in zip(cells, widths, strict=True):
            lines = broken(cell, width, points) if width == widths[-1] else [cell]
            for number, line in enumerate(lines):
                y = self._top + number * points * _LEADING / 72
                self._write(line, x, y, points=points, colour=colour)
            x += width + _BETWEEN_INCH
        self._top += self._row_inch(cells, widths, points)
        y = 1 - (self._top - 0.02) / _A4_INCH[1]
        ends = (_MARGIN_INCH / _A4_INCH[0], min(x - _BETWEEN_INCH, _A4_INCH[0] - _MARGIN_INCH) / _A4_INCH[0])
        self._page.add_artist(Line2D(ends, (y, y), color=_LINE, linewidth=0.5))

    def figure(self, figure: Figure) -> None:
        """Put a figure on the page, as wide as that at the most; smaller if it then fits below what is there."""
        wide, high = _figure_inch(figure)
        left_inch = _A4_INCH[1] - _MARGIN_INCH - self._top - 0.1
        if _LEAST_SCALE * high < left_inch < high:
            wide, high = wide * left_inch / high, left_inch
        self.need(high + 0.1)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=_FIGURE_DPI)
        stream.seek(0)
        left, bottom = _MARGIN_INCH / _A4_INCH[0], 1 - (self._top + 0.1 + high) / _A4_INCH[1]
        axes = self._page.add_axes((left, bottom, wide / _A4_INCH[0], high / _A4_INCH[1]))
        axes.imshow(matplotlib.image.imread(stream), interpolation="none", aspect="auto")
        axes.set_axis_off()
        self._top += high + 0.1


def _room(section: DocumentPart) -> float:
    """How much of a section has to stand below its heading, in inches."""
    if section.paragraphs or section.tables:
        return 0.6
    return _LEAST_SCALE * _figure_inch(section.figures[0][1])[1] + 0.1 if section.figures else 0


def _figure_inch(figure: Figure) -> tuple[float, float]:
    """Width and height of a figure on a page."""
    wide, high = (float(side) for side in figure.get_size_inches())
    scale = min(_WIDE_INCH / wide, (_A4_INCH[1] - 2 * _MARGIN_INCH - 0.6) / high, 1)
    return scale * wide, scale * high


def _column_widths(table: TextTable) -> tuple[list[float], float]:
    """Widths of the columns in inches, and the size of letters in points with which they fit on the page."""
    _, header, rows = table
    columns = list(zip(*([header, *rows] if any(header) else rows), strict=True))
    points = _POINTS
    while True:
        widths = [max(width_inch(cell, points) for cell in column) for column in columns]
        left = _WIDE_INCH - sum(widths[:-1]) - _BETWEEN_INCH * (len(widths) - 1)
        if widths[-1] <= left or left >= _NARROWEST_INCH or points <= _SMALLEST_POINTS:
            return [*widths[:-1], min(widths[-1], max(left, _NARROWEST_INCH / 2))], points
        points -= 0.5


def broken(text: str, wide_inch: float, points: float) -> list[str]:
    """Break text into lines at its spaces.

    Parameters
    ----------
    text : str
        The text.
    wide_inch : float
        Width of a line. A longer word has a line of its own.
    points : float
        Size of the letters.

    Returns
    -------
    list of str
        At least one line.
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width_inch(longer, points) > wide_inch + 1e-6:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@lru_cache(maxsize=4096)
def width_inch(text: str, points: float) -> float:
    """Return the width of a text.

    Parameters
    ----------
    text : str
        The text.
    points : float
        Size of the letters.

    Returns
    -------
    float
        Its width in inches.
    """
    if not text:
        return 0.0
    width, _, _ = TextToPath().get_text_width_height_descent(text, FontProperties(size=points), ismath=False)
    return float(width) / 72
