"""Where does a training keep its settings and its state?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zpix.config import Section, write_config
from zpix.errors import OutputError, ZpixError
from zpix.training.loop import STATE_FILE


@contextmanager
def training_directory(out: str | Path, **sections: Section) -> Iterator[Path]:
    """Make the directory of a training and write its settings into it, as `config.toml`.

    Parameters
    ----------
    out : str or Path
        The directory. If an error of zpix ends the context before there is any training in it, and it is new, it is
        removed.
    **sections : Section
        Settings by the name of their table. Those of a training that goes on are written at its end.

    Yields
    ------
    Path
        The directory.

    Raises
    ------
    OutputError
        If it cannot be written to.
    """
    place = Path(out)
    is_new = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not (place / STATE_FILE).exists():
            write_config(place / "config.toml", **sections)
    except OSError as error:
        raise OutputError(f"{place}: cannot be written: {error.strerror}") from None
    try:
        yield place
        write_config(place / "config.toml", **sections)  # a training that was extended has more epochs
    except ZpixError:
        if is_new and not (place / STATE_FILE).exists():
            shutil.rmtree(place, ignore_errors=True)
        raise
