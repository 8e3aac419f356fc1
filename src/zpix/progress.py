"""How far is a long piece of work, and how are its jobs shared out in order?"""

from __future__ import annotations

import itertools
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def progress_bar(
    description: str, total: int, *, done: int = 0, unit: Literal["items", "bytes"] = "items"
) -> Iterator[ProgressBar]:
    """Show a bar with the time left on standard error, if that is a terminal; of several processes one shows it.

    Parameters
    ----------
    description : str
        What is done, at the beginning of the line.
    total : int
        Number of items, or bytes.
    done : int, default: 0
        Number that is done already.
    unit : {"items", "bytes"}, default: "items"
        What is counted.

    Yields
    ------
    ProgressBar
        Handle to count with.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if unit == "bytes" else MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[note]}"),
    )
    console = Console(file=sys.stderr)
    shown = sys.stderr.isatty() and os.environ.get("RANK", "0") == "0"  # RANK is set by torchrun
    with Progress(*columns, console=console, disable=not shown) as progress:
        task = progress.add_task(description, total=total, completed=done, note="")
        yield ProgressBar(lambda **changes: progress.update(task, **changes))


class ProgressBar:
    """Handle given by `progress_bar`.

    Parameters
    ----------
    update : callable
        Changes the bar; takes `advance`, `completed`, `total` and `note`.
    """

    def __init__(self, update: Callable[..., None]) -> None:
        self._update = update

    def advance(self, step: int = 1, *, note: str | None = None) -> None:
        """Count items as done.

        Parameters
        ----------
        step : int, default: 1
            Number of items.
        note : str, optional
            Text at the end of the line.
        """
        self._update(advance=step, **({} if note is None else {"note": note}))

    def set(self, done: int, total: int) -> None:
        """Set how many items are done.

        Parameters
        ----------
        done, total : int
            Number of finished and of all items.
        """
        self._update(completed=done, total=total)


def track(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    """Iterate over items with a progress bar.

    Parameters
    ----------
    items : iterable
        The items.
    description : str
        What is done, at the beginning of the line.
    total : int
        Number of items.

    Yields
    ------
    object
        The items, unchanged.
    """
    with progress_bar(description, total) as bar:
        for item in items:
            yield item
            bar.advance()


def in_order(
    pool: Executor, function: Callable[[Item], Result], jobs: Iterable[Item], *, ahead: int
) -> Iterator[Result]:
    """Iterate over the results of jobs in their order, while a pool works on the next ones.

    Parameters
    ----------
    pool : Executor
        Threads or processes that do the jobs.
    function : callable
        Called with each job.
    jobs : iterable
        Taken as they are needed.
    ahead : int
        Number of jobs in flight at most, so that memory stays flat.

    Yields
    ------
    object
        Results of `function`.
    """
    left = iter(jobs)
    waiting: deque[Future[Result]] = deque(pool.submit(function, job) for job in itertools.islice(left, ahead))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(pool.submit(function, job) for job in itertools.islice(left, 1))
