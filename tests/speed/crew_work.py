"""Work for processes that take turns, in a file that loads nothing: each process is new."""

from __future__ import annotations

import os
from collections.abc import Callable


def adding(number: int, member: int) -> Callable[[int], tuple[int, str]]:
    """Work that adds what it was built with, its place in the crew, and what it is asked with."""
    return lambda more: (number + member + more, os.environ["OMP_NUM_THREADS"])


def failing(member: int) -> Callable[[], None]:
    """Work that cannot be done."""
    raise ValueError("no such network")
