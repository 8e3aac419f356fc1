"""How are several implementations timed on one machine without disturbing each other?

Each has its own processes, so that none is affected by what another does to its memory allocator or its threads. They
take turns, and the others wait.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

# Read by OpenMP, and by the libraries under numpy, when a process starts.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Cost:
    """Time of some work in seconds.

    Attributes
    ----------
    passed : float
        Wall time.
    computed : float
        Processor time; if it is less than the wall time on one thread, something else used the machine.
    """

    passed: float
    computed: float

    def __add__(self, other: Cost) -> Cost:
        """Return the sum of two costs."""
        return Cost(self.passed + other.passed, self.computed + other.computed)

    def __truediv__(self, count: float) -> Cost:
        """Return the cost of one of `count` pieces."""
        return Cost(self.passed / count, self.computed / count)


def cost_of(work: Callable[[], object], *, at_least_s: float = 0.0, times: int = 1) -> Cost:
    """Measure the mean cost of repeated work.

    Parameters
    ----------
    work : callable
        Called without arguments.
    at_least_s : float, seconds, default: 0.0
        Least time to repeat it for.
    times : int, default: 1
        Least number of repetitions.

    Returns
    -------
    Cost
        Of one repetition.
    """
    passed, computed, count = time.perf_counter(), time.process_time(), 0
    while count < times or time.perf_counter() - passed < at_least_s:
        work()
        count += 1
    return Cost(time.perf_counter() - passed, time.process_time() - computed) / count


class Crew(Generic[Result]):
    """Processes that build the same work once, `build(*job, member)`, and do it together when it is their turn.

    Parameters
    ----------
    build : callable
        Function of a module; what it returns is called at every turn.
    job : tuple
        Its arguments before the number of the process.
    processes : int, default: 1
        Number of processes.
    threads : int, default: 1
        Threads of each.
    """

    def __init__(
        self, build: Callable[..., Callable[..., Result]], job: tuple[Any, ...], *, processes: int = 1, threads: int = 1
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        with _threads(threads):
            for member in range(processes):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, build, (*job, member), threads), daemon=True)
                process.start()
                theirs.close()
                self._pipes.append(ours)
                self._processes.append(process)

    def ready(self) -> None:
        """Wait until every process has built its work."""
        for pipe in self._pipes:
            self._receive(pipe)

    def turn(self, *arguments: Any) -> list[Result]:
        """Do the work once in every process at the same time.

        Parameters
        ----------
        *arguments
            Arguments of the work.

        Returns
        -------
        list
            What each process returned.
        """
        for pipe in self._pipes:
            pipe.send(arguments)
        return [self._receive(pipe) for pipe in self._pipes]

    def ask(self, member: int, *arguments: Any) -> Result:
        """Do the work once in one process while the others wait.

        Parameters
        ----------
        member : int
            Number of the process.
        *arguments
            Arguments of the work.

        Returns
        -------
        object
            What the process returned.
        """
        self._pipes[member].send(arguments)
        answer: Result = self._receive(self._pipes[member])
        return answer

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.terminate()
                process.join()

    def __enter__(self) -> Crew[Result]:
        """Return the crew, whose processes end with the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        self.close()

    @staticmethod
    def _receive(pipe: Connection) -> Any:
        """What a process sends, or the error that it met."""
        try:
            went_well, answer = pipe.recv()
        except EOFError:
            raise RuntimeError("a process of the benchmark ended before its work was done") from None
        if not went_well:
            raise RuntimeError(f"a process of the benchmark failed:\n{answer}")
        return answer


def _serve(pipe: Connection, build: Callable[..., Callable[..., Any]], job: tuple[Any, ...], threads: int) -> None:
    """Build the work in this process, and do it whenever arguments come."""
    import torch

    try:
        torch.set_num_threads(threads)
        work = build(*job)
        pipe.send((True, None))
        while True:
            arguments = pipe.recv()
            pipe.send((True, work(*arguments)))
    except (EOFError, OSError, KeyboardInterrupt):  # the crew has been closed
        return
    except Exception:
        pipe.send((False, traceback.format_exc()))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let processes that are started in the block use so many threads."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
