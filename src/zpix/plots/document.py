"""How are text, tables and figures put on one page of HTML that needs no network?"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from zpix.outputs import TextTable, whole_file

_STYLE = """
:root { --text: #1d232b; --quiet: #5d6772; --line: #dde2e8; --back: #fff; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --text: #e6eaef; --quiet: #9aa6b2; --line: #313942; --back: #14181d; } }
body { margin: 0 auto; max-width: 1000px; padding: 16px; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; margin: 8px 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
h3 { font-size: 14px; margin: 18px 0 4px; color: var(--quiet); font-weight: 600; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: 13.5px; }
th, td { text-align: left; padding: 2px 14px 2px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td:last-child { white-space: normal; } th { color: var(--quiet); font-weight: 500; }
img { max-width: 100%; height: auto; background: #fff; border-radius: 4px; margin: 6px 0; }
pre { white-space: pre-wrap; font-size: 13px; }
"""


@dataclass(frozen=True, eq=False)
class DocumentPart:
    """A part of a document.

    Attributes
    ----------
    title : str
        Its heading.
    paragraphs : sequence of str
        Text that comes first.
    tables : sequence of TextTable
        Tables: title, header, rows.
    figures : sequence of (str, Figure)
        Figures with what they show in words.
    """

    title: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[TextTable] = ()
    figures: Sequence[tuple[str, Figure]] = field(default=())


def write_html(path: Path, title: str, sections: Sequence[DocumentPart]) -> None:
    """Write a page of HTML with everything in it; it appears whole or not at all.

    Parameters
    ----------
    path : Path
        File to write.
    title : str
        Title of the page.
    sections : sequence of DocumentPart
        Its parts.
    """
    body = "\n".join(line for section in sections for line in _html(section))
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _html(section: DocumentPart) -> Iterator[str]:
    yield f"<h2>{escape(section.title)}</h2>"
    yield from (f"<p>{escape(text)}</p>" for text in section.paragraphs)
    for title, header, rows in section.tables:
        yield f'<h3>{escape(title)}</h3><div class="table"><table>' if title else '<div class="table"><table>'
        yield f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in header)}</tr>" if any(header) else ""
        yield from (f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        yield "</table></div>"
    for words, figure in section.figures:
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=120)
        data = b64encode(stream.getvalue()).decode("ascii")
        yield f'<img src="data:image/png;base64,{data}" alt="{escape(words)}" title="{escape(words)}">'
