"""How does an output directory appear whole or not at all?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zpix.errors import OutputError


@contextmanager
def output_directory(path: str | Path, *, overwrite: bool) -> Iterator[Path]:
    """A directory to write into, named `path` once the block ends without an error.

    Raises
    ------
    OutputError
        If `path` exists and `overwrite` is not set, or its parent cannot be written to.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise OutputError(f"{target}: already exists; use --overwrite to replace it, or choose another place")
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror}") from None
    try:
        yield partial
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif target.exists():
            target.unlink()
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
