"""Which goals does the mock have, and does it meet them? Goals with their numbers, and Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Text of a table where a measurement could not be made.
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Goal:
    """One line of the summary.

    Attributes
    ----------
    point : int
        Section of the page, 1 to 6.
    what, goal, found : str
        Property, goal and result in words and numbers.
    met : bool or None
        Whether the goal is met; None if it could not be measured.
    """

    point: int
    what: str
    goal: str
    found: str
    met: bool | None


def within(mock: float, real: float, fraction: float, *, error: float = 0.0) -> bool:
    """Tell whether `mock` is within `fraction` of `real`, allowing two standard errors of their difference.

    >>> within(1.1, 1.0, 0.15), within(1.2, 1.0, 0.15), within(1.2, 1.0, 0.15, error=0.03)
    (True, False, True)
    """
    return bool(abs(mock - real) <= fraction * abs(real) + 2 * error)


def within_factor(mock: float, real: float, factor: float, *, error: float = 0.0) -> bool:
    """Tell whether two positive numbers differ by no more than a factor, allowing two standard errors of `mock`.

    >>> within_factor(2.0, 3.0, 1.6), within_factor(1.0, 2.0, 1.5)
    (True, False)
    """
    return bool(real / factor - 2 * error <= mock <= real * factor + 2 * error)


def percent(fraction: float) -> str:
    """Format a fraction as the page does.

    >>> percent(0.15)
    '15 %'
    """
    return f"{100 * fraction:.0f} %"


def word(met: bool | None) -> str:
    """Return the text of a table's last column."""
    return NOT_MEASURED if met is None else "met" if met else "**not met**"


def every(statements: Iterable[bool | None]) -> bool | None:
    """Tell whether all statements are true; None if nothing was measured."""
    known = [statement for statement in statements if statement is not None]
    return all(known) if known else None


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a Markdown table.

    >>> print(markdown(["a", "b"], [["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [header, ["---"] * len(header), *rows]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    text[1] = "|" + "---|" * len(header)
    return "\n".join(text)


def goal_table(goals: Iterable[Goal]) -> str:
    """Format the summary at the top of the page."""
    rows = [[str(goal.point), goal.what, goal.goal, goal.found, word(goal.met)] for goal in goals]
    return markdown(["point", "what", "goal", "found", ""], rows)
