"""How does a file or a directory appear whole or not at all?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zpix.errors import OutputError


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to, renamed to `path` once the block ends without an error.

    The temporary name keeps the suffix. After an error it is removed and what stood at `path` before is untouched.

    Raises
    ------
    OutputError
        If the system refuses to write.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def output_directory(path: str | Path, *, products: Collection[str], overwrite: bool) -> Iterator[Path]:
    """A directory to write into, named `path` once the block ends without an error.

    Parameters
    ----------
    products : names of what may be in a directory that `overwrite` replaces, so that nothing else is ever deleted

    Raises
    ------
    OutputError
        If `path` exists and `overwrite` is not set, or holds something else, or its parent cannot be written to.
    """
    target = Path(os.path.abspath(path))
    if target.exists():
        _refuse_to_replace(target, path, products, overwrite)
    partial = target.with_name(f".{target.name}.partial")
    made_for_this = [parent for parent in target.parents if not parent.exists()]
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        _remove(partial, made_for_this)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        yield partial
        _swap(partial, target)
    except BaseException:
        _remove(partial, made_for_this)
        raise


def _refuse_to_replace(target: Path, path: str | Path, products: Collection[str], overwrite: bool) -> None:
    if not overwrite:
        raise OutputError(f"{path}: already exists; use --overwrite to replace it, or choose another place")
    if not target.is_dir():
        raise OutputError(f"{path}: is a file, not a directory to replace; choose another place")
    others = sorted(item.name for item in target.iterdir() if item.name not in products)
    if others:
        raise OutputError(
            f"{path}: holds '{others[0]}', which is not of a run, and is not replaced; choose another place"
        )


def _swap(partial: Path, target: Path) -> None:
    """Give the finished directory its name; what had it before goes only then."""
    if not target.exists():
        os.replace(partial, target)
        return
    before = target.with_name(f".{target.name}.replaced")
    os.replace(target, before)
    try:
        os.replace(partial, target)
    except BaseException:
        os.replace(before, target)
        raise
    if before.is_symlink():
        before.unlink()
    else:
        shutil.rmtree(before, ignore_errors=True)


def _remove(partial: Path, parents: list[Path]) -> None:
    """Remove the unfinished directory, and parents that were made for it and hold nothing else."""
    shutil.rmtree(partial, ignore_errors=True)
    with suppress(OSError):
        for parent in parents:
            parent.rmdir()
