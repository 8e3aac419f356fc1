"""How do commands print what they have found, counted and written?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zpix.outputs import TextTable

# Characters of a line of a table that goes to a file or another program.
_WIDTH_OF_FILES = 140


def print_tables(tables: list[TextTable]) -> None:
    """Print tables of text with their titles."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)
    for title, header, rows in tables:
        console.print(title, style="bold")
        table = RichTable(*header, box=box.SIMPLE)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def print_counts(counts: Mapping[str, Any]) -> None:
    """Print counts by name, a line for each part; zeros are left out, except the first and the last of a line."""
    for part, values in counts.items():
        if any(isinstance(value, Mapping) for value in values.values()):
            print_counts(values)
            continue
        items = list(values.items())
        told = [items[0], *(item for item in items[1:-1] if item[1]), *items[1:][-1:]]
        print(f"{part:12}" + "  ".join(f"{value:7d} {name}" for name, value in told))


def list_files(out: Path) -> None:
    """List a file, or the files of a directory, with their sizes."""
    for path in [out] if out.is_file() else sorted(p for p in out.rglob("*") if p.is_file()):
        print(f"  {path}  {path.stat().st_size / 1e6:.1f} MB")
