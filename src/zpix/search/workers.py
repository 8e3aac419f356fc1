"""Which process works on which block: one of this machine, or a worker of a dask cluster?

A job is a function of one item (a block) that can be pickled; its results come as they are ready. Nothing here knows
what the job is. Whatever ends the loop over the results ends the workers too.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

import psutil
import torch
from threadpoolctl import ThreadpoolController

from zpix.config import InferenceConfig
from zpix.detector.device import choose_device
from zpix.errors import MissingExtraError, SchedulerError, WorkerError

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

# Fields with fewer tiles are done before other processes have started.
_FEWEST_TILES = 64
# What one process needs: the libraries, the network, and the tiles at work.
_BYTES_PER_PROCESS = 2 << 30
# What each tile needs that is computed and measured beside others.
_BYTES_PER_TILE = 1 << 30
# A block whose process has died is given to another one, this many times.
_MOST_RETRIES = 2
# How long a scheduler may take to answer.
_CONNECT_S = 10


def choose_workers(config: InferenceConfig, *, tiles: int, blocks: int) -> int:
    """Choose how many processes search a field on this machine, unless the settings say it.

    Parameters
    ----------
    config : InferenceConfig
        Gives the device, and perhaps the number of workers.
    tiles, blocks : int
        Numbers of tiles and of blocks to search.

    Returns
    -------
    int
        One for a graphics card or a small field; otherwise one per core that PyTorch would use, as far as the memory
        allows.
    """
    device = choose_device(config.device)
    if config.workers:
        return max(1, min(config.workers, blocks))
    if device.type != "cpu" or tiles < _FEWEST_TILES:
        return 1
    available = psutil.virtual_memory().available  # not what is free: files that were read fill that
    return max(1, min(torch.get_num_threads(), blocks, int(available // _BYTES_PER_PROCESS)))


def choose_threads(config: InferenceConfig, *, tiles: int) -> int:
    """Choose with how many threads every tile is computed.

    Sums depend on the number of threads to the last digit, so it depends on the field, not on the number of processes.

    Parameters
    ----------
    config : InferenceConfig
        Gives the device.
    tiles : int
        Number of tiles of the field.

    Returns
    -------
    int
        One on a processor, if there are tiles for all of its cores or for several processes; otherwise as many as
        PyTorch would use.
    """
    threads = torch.get_num_threads()
    return 1 if choose_device(config.device).type == "cpu" and tiles >= min(threads, _FEWEST_TILES) else threads


def choose_at_once(config: InferenceConfig, *, tiles: int) -> int:
    """Choose how many tiles one process that searches a whole field computes side by side.

    Two tiles on two cores take 0.7 of the time that they take one after the other on both.

    Parameters
    ----------
    config : InferenceConfig
        Gives the device, and perhaps the number of workers, which are as many cores as may be used.
    tiles : int
        Number of tiles of the field.

    Returns
    -------
    int
        One on a graphics card, which is given several tiles together, or where a tile is computed with all threads.
    """
    if choose_device(config.device).type != "cpu" or choose_threads(config, tiles=tiles) > 1:
        return 1
    cores, available = torch.get_num_threads(), psutil.virtual_memory().available
    return max(1, min(config.workers or cores, cores, int(available // _BYTES_PER_TILE)))


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Let PyTorch use a number of threads inside the context, and numpy one.

    Sources are measured by products of small matrices, for which further threads only wait, a third of a core each.

    Parameters
    ----------
    threads : int
        Their number; the one before is restored at the end.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with ThreadpoolController().select(internal_api="openblas").limit(limits=1):
            yield
    finally:
        torch.set_num_threads(before)


def in_processes(job: Callable[[Item], Result], items: Sequence[Item], *, workers: int) -> Iterator[Result]:
    """Do a job on every item in fresh processes; an item whose process dies is given to another one.

    Parameters
    ----------
    job : callable
        Called with each item; it can be pickled.
    items : sequence
        Each has an `index`, for messages.
    workers : int
        Number of processes.

    Yields
    ------
    object
        Results, in the order in which they are ready.

    Raises
    ------
    WorkerError
        If an item has ended three processes.
    """
    waiting, tries = deque(items), Counter[int]()
    crew: dict[Connection, _Worker] = {}
    try:
        while waiting or crew:
            while waiting and len(crew) < workers:
                worker = _Worker.start(job)
                worker.give(waiting.popleft())
                crew[worker.connection] = worker
            for connection in cast(list[Connection], wait(list(crew))):
                worker = crew[connection]
                try:
                    outcome = connection.recv()
                except (EOFError, ConnectionResetError):
                    del crew[worker.connection]
                    _try_again(worker, waiting, tries)
                    continue
                if isinstance(outcome, BaseException):
                    raise outcome
                if waiting:
                    worker.give(waiting.popleft())
                else:
                    del crew[worker.connection]
                    worker.dismiss()
                yield outcome
    finally:
        for worker in crew.values():
            worker.process.terminate()
        for worker in crew.values():
            worker.process.join()


def on_cluster(job: Callable[[Item], Result], items: Sequence[Item], *, scheduler: str) -> Iterator[Result]:
    """Do a job on every item by the workers of a `dask.distributed` cluster.

    The item of a worker that died is given to another one, by default three times.

    Parameters
    ----------
    job : callable
        Called with each item; it can be pickled.
    items : sequence
        What to work on.
    scheduler : str
        Address of the cluster's scheduler.

    Yields
    ------
    object
        Results, in the order in which they are ready.

    Raises
    ------
    MissingExtraError
        If dask.distributed is not installed.
    SchedulerError
        If there is no scheduler at the address, or an item has ended too many workers.
    """
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise MissingExtraError("distributed", "scale") from None
    try:
        client = Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise SchedulerError(f"scheduler '{scheduler}': no dask scheduler answers there ({error})") from None
    with client:
        futures = client.map(job, items, pure=False)
        try:
            for future in as_completed(futures, loop=client.loop):
                yield future.result()
                future.release()
        except KilledWorker as error:
            raise SchedulerError(
                f"a block ended the process of {error.allowed_failures + 1} workers of '{scheduler}', perhaps for "
                "lack of memory; finished blocks are kept, and the same command goes on after them"
            ) from None
        finally:
            client.cancel(futures)


def load_ahead(job: Callable[..., Any]) -> None:
    """Begin to load what processes for a job will need, where they share it, while this process does something else.

    Parameters
    ----------
    job : callable
        What `in_processes` will be given, or the function of it.
    """
    if sys.platform.startswith("linux"):
        _context(job)
        with _deaf_to_interrupts():
            forkserver.ensure_running()


def _context(job: Callable[..., Any]) -> Any:
    """How processes are started: on Linux all from one that has loaded what the job needs, 0.4 GB that they share."""
    if not sys.platform.startswith("linux"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([getattr(job, "func", job).__module__])  # of a partial, that of its function
    return context


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started in this context ignore Ctrl-C from their start; this process handles it."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # before the signal is blocked: to start it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass
class _Worker:
    """A process that does a job on one item after the other."""

    process: Any
    connection: Connection
    item: Any = None

    @staticmethod
    def start(job: Callable[[Any], Any]) -> _Worker:
        context = _context(job)
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, job), daemon=True)
        with _deaf_to_interrupts():
            process.start()
        theirs.close()  # the process holds the only other end: when it dies, ours is at its end
        return _Worker(process, ours)

    def give(self, item: Any) -> None:
        self.item = item
        with suppress(BrokenPipeError):  # a process that has died is noticed when its answer is read
            self.connection.send(item)

    def dismiss(self) -> None:
        self.connection.close()
        self.process.join()


def _try_again(worker: _Worker, waiting: deque[Any], tries: Counter[int]) -> None:
    """Put back the item of a worker that has died."""
    worker.process.join()
    code = worker.process.exitcode
    index = worker.item.index
    tries[index] += 1
    how = f"signal {-code}" if code < 0 else f"code {code}"
    why = "for lack of memory" if code < 0 else "as its script calls zpix.run without if __name__ == '__main__'"
    if tries[index] > _MOST_RETRIES:
        raise WorkerError(
            f"block {index} ended {tries[index]} worker processes (the last with {how}), perhaps {why}: "
            "finished blocks are kept, and the same command with fewer --workers goes on after them"
        )
    log.warning("a worker process ended with %s: its block is given to another one", how)
    waiting.appendleft(worker.item)


def _serve(connection: Connection, job: Callable[[Any], Any]) -> None:
    """Do the job on whatever comes in, until the parent closes the connection or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            item = connection.recv()
            try:
                outcome: Any = job(item)
            except Exception as error:
                outcome = _sendable(error)
            connection.send(outcome)


def _sendable(error: Exception) -> Exception:
    """The error, or one that says the same if it cannot be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
