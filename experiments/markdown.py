"""How are results written as Markdown tables, and numbers as text?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a table.

    >>> print(table(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    return "\n".join("| " + " | ".join(line) + " |" for line in (header, ["---"] * len(header), *rows))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table and an empty line."""
    print(table(header, rows), end="\n\n", flush=True)


def with_error(score: Mapping[str, float | None], digits: int = 3) -> str:
    """Format a score with its error; a dash without a value.

    >>> with_error({"value": 0.0183, "error": 0.0009})
    '0.018 ± 0.001'
    """
    if score["value"] is None:
        return "-"
    return f"{score['value']:.{digits}f} ± {score['error']:.{digits}f}"
