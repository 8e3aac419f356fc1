"""How far is a long piece of work, and how are its jobs shared out in order?"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Literal, TypeVar

log = logging.getLogger(__name__)

# Where there is no terminal, seconds between two lines that say how far the work is, at the least.
_BETWEEN_LINES_S = 30.0

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def progress_bar(
    description: str, total: int, *, done: int = 0, unit: Literal["items", "bytes"] = "items"
) -> Iterator[ProgressBar]:
    """Show a bar with the time left on standard error, if that is a terminal; of several processes one shows it.

    Where there is no terminal, lines with the time left are logged (level INFO, which the command line shows): one each
    time a step is done, but not more often than every half a minute, and whatever `ProgressBar.line` is given.

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
    shown = _is_first() and sys.stderr.isatty()
    lines = _Lines(description, total, done, unit) if _is_first() and not shown else None
    with Progress(*columns, console=console, disable=not shown) as progress:
        task = progress.add_task(description, total=total, completed=done, note="")
        yield ProgressBar(lambda **changes: progress.update(task, **changes), lines)


@contextmanager
def waiting(description: str) -> Iterator[None]:
    """Show on standard error, if that is a terminal, that work goes on whose length is not known.

    Parameters
    ----------
    description : str
        What is done, such as "examining the mosaics".
    """
    if not _is_first() or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(file=sys.stderr).status(description):
        yield


class ProgressBar:
    """Handle given by `progress_bar`.

    Parameters
    ----------
    update : callable
        Changes the bar; takes `advance`, `completed`, `total` and `note`.
    lines : _Lines, optional
        Says how far the work is where there is no bar.
    """

    def __init__(self, update: Callable[..., None], lines: _Lines | None = None) -> None:
        self._update, self._lines = update, lines

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
        if self._lines is not None:
            self._lines.done += step
            self._lines.tell_now_and_then(note or "")

    def set(self, done: int, total: int) -> None:
        """Set how many items are done.

        Parameters
        ----------
        done, total : int
            Number of finished and of all items.
        """
        self._update(completed=done, total=total)
        if self._lines is not None:
            self._lines.done, self._lines.total = done, total
            self._lines.tell_now_and_then("")

    def line(self, text: str) -> None:
        """Log a line with the time left, where there is no bar.

        Parameters
        ----------
        text : str
            What has been done, such as "epoch 2 of 5".
        """
        if self._lines is not None:
            self._lines.tell(text)


class _Lines:
    """Lines that say how far a piece of work is, with the time left."""

    def __init__(self, description: str, total: int, done: int, unit: str) -> None:
        self.description, self.total, self.done, self._unit = description, total, done, unit
        self._done_before, self._start = done, time.monotonic()
        self._told = self._start

    def tell_now_and_then(self, note: str) -> None:
        """Say how far the work is, if the last line is old enough."""
        if time.monotonic() - self._told >= _BETWEEN_LINES_S:
            scale, unit = (1e6, " MB") if self._unit == "bytes" else (1, "")
            counted = f"{self.done / scale:.0f} of {self.total / scale:.0f}{unit}"
            self.tell(f"{counted}, {note}" if note else counted)

    def tell(self, text: str) -> None:
        """Log a line and the time left."""
        self._told = time.monotonic()
        finished, left = self.done - self._done_before, self.total - self.done
        seconds = (self._told - self._start) * left / finished if finished > 0 else None
        log.info("%s: %s%s", self.description, text, "" if not seconds else f", {duration(seconds)} left")


def _is_first() -> bool:
    """Say whether this is the only process, or the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"


def duration(seconds: float) -> str:
    """Say a time in the two units that matter.

    Parameters
    ----------
    seconds : float
        The time, 0 or more.

    Returns
    -------
    str
        Such as "40 s", "12 min" or "3 h 20 min".

    Examples
    --------
    >>> duration(12000)
    '3 h 20 min'
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


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
