"""How do files and directories appear whole or not at all, and how does long work go on after an interruption?"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zpix.disk_space import reason_of, told_if_full
from zpix.errors import OutputError

#: What a user can do where unfinished work may be replaced.
OVERWRITE = "repeat its command to go on with it, use --overwrite to begin anew, or choose another place"
#: A table of results as text: title, header, rows.
TextTable = tuple[str, list[str], list[list[str]]]

# Characters of two values that a message shows, and names that it lists.
_LONGEST_VALUES = 80
_MOST_NAMES = 4


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary name to write to, which becomes `path` once the block ends without an error.

    The temporary name is beside `path` and has its suffix. After an error it is removed, and an older file at `path` is
    untouched.

    Parameters
    ----------
    path : str or Path
        File to write.

    Yields
    ------
    Path
        The temporary name.

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
        raise _not_written(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: str | Path, values: Any) -> None:
    """Write values as an indented JSON file, which appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    values : object
        Dicts, lists, text and numbers.

    Raises
    ------
    OutputError
        If the system refuses to write.
    """
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def output_directory(path: str | Path, *, products: Collection[str], overwrite: bool) -> Iterator[Path]:
    """Give a directory to write into, which becomes `path` once the block ends without an error.

    Parameters
    ----------
    path : str or Path
        Directory to make.
    products : collection of str
        Names of what may be in a directory that is replaced, so that nothing else is ever deleted.
    overwrite : bool
        Whether an older directory at `path` is replaced.

    Yields
    ------
    Path
        The directory to write into.

    Raises
    ------
    OutputError
        If `path` exists and `overwrite` is not set, or holds something else, or its parent cannot be written to.
    """
    target = Path(os.path.abspath(path))
    refuse_to_replace(path, products=products, overwrite=overwrite)
    partial = target.with_name(f".{target.name}.partial")
    made_for_this = [parent for parent in target.parents if not parent.exists()]
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        _remove(partial, made_for_this)
        raise _not_written(path, error) from None
    try:
        with told_if_full(path):
            yield partial
            _swap(partial, target)
    except BaseException:
        _remove(partial, made_for_this)
        raise


@dataclass(frozen=True)
class Unfinished:
    """Work whose finished parts outlive an interruption.

    Attributes
    ----------
    parts : Path
        Directory of the finished parts, each a whole file.
    products : Path
        Directory to write the products into; it is empty when work goes on.
    """

    parts: Path
    products: Path


@contextmanager
def resumable_directory(
    path: str | Path, settings: Mapping[str, Any], *, products: Collection[str], overwrite: bool
) -> Iterator[Unfinished]:
    """Like `output_directory`, for work in parts: whatever ends the block, finished parts stay for the next call.

    They are in the hidden directory `.NAME.partial` beside `path`, with the settings that they depend on.

    Parameters
    ----------
    path : str or Path
        Directory to make.
    settings : mapping of str to object
        Everything that the parts depend on, fit for JSON.
    products : collection of str
        Names of what may be in a directory that is replaced, so that nothing else is ever deleted.
    overwrite : bool
        Whether an older directory at `path` is replaced, and unfinished work with other settings is begun anew.

    Yields
    ------
    Unfinished
        Where parts and products go.

    Raises
    ------
    OutputError
        As in `output_directory`, or if parts of other settings are there and `overwrite` is not set.
    """
    refuse_to_replace(path, products=products, overwrite=overwrite)
    target = Path(os.path.abspath(path))
    partial = target.with_name(f".{target.name}.partial")
    work = Unfinished(partial / "parts", partial / "products")
    made_for_this = [parent for parent in target.parents if not parent.exists()]
    record = partial / "settings.json"
    try:
        begun = json.loads(record.read_text(encoding="utf-8")) if record.exists() else None
        if not overwrite:
            refuse_other_settings(
                begun, settings, f"{path}: an unfinished run with other settings is in '{partial}'", remedy=OVERWRITE
            )
        is_same = begun is not None and not other_settings(begun, settings)
        shutil.rmtree(work.products if is_same else partial, ignore_errors=True)
        work.parts.mkdir(parents=True, exist_ok=True)
        work.products.mkdir()
        with whole_file(record) as temporary:
            temporary.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    except OSError as error:
        _remove(partial, made_for_this)
        raise _not_written(path, error) from None
    try:
        with told_if_full(path):
            yield work
            _swap(work.products, target)
    except BaseException:
        shutil.rmtree(work.products, ignore_errors=True)
        if not any(work.parts.iterdir()):
            _remove(partial, made_for_this)
        raise
    shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(path: str | Path, *, overwrite: bool) -> None:
    """Refuse a file or directory that exists, unless it may be replaced.

    Parameters
    ----------
    path : str or Path
        File or directory to make.
    overwrite : bool
        Whether an older one is replaced.

    Raises
    ------
    OutputError
        If `path` exists and `overwrite` is not set.
    """
    if Path(path).exists() and not overwrite:
        raise OutputError(f"{path}: already exists; use --overwrite to replace it, or choose another place")


def refuse_to_replace(path: str | Path, *, products: Collection[str], overwrite: bool) -> None:
    """Refuse an output place that exists, unless it may be replaced.

    Parameters
    ----------
    path : str or Path
        Directory to make.
    products : collection of str
        Names of what may be in a directory that is replaced.
    overwrite : bool
        Whether an older directory is replaced.

    Raises
    ------
    OutputError
        If `path` exists and `overwrite` is not set, or it is a file or holds something else than products.
    """
    refuse_existing(path, overwrite=overwrite)
    target = Path(os.path.abspath(path))
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{path}: is a file, not a directory to replace; choose another place")
    others = sorted(item.name for item in target.iterdir() if item.name not in products)
    if others:
        raise OutputError(
            f"{path}: holds '{others[0]}', which zpix has not put there, and is not replaced; choose another place"
        )


def refuse_other_settings(
    begun: Mapping[str, Any] | None,
    settings: Mapping[str, Any],
    found: str,
    *,
    remedy: str = "choose another place",
) -> None:
    """Refuse to go on with work that was begun with other settings.

    Parameters
    ----------
    begun : mapping of str to object, or None
        Settings that were kept with the unfinished work, as read from JSON; None if there is none.
    settings : mapping of str to object
        Settings of the work that is to go on, fit for JSON.
    found : str
        Beginning of the message: what is where, such as "out: an unfinished run with other settings is there".
    remedy : str, default: "choose another place"
        End of the message: what the user can do.

    Raises
    ------
    OutputError
        If the settings differ; the message names the first that does, with both values if they are short.
    """
    differing = {} if begun is None else other_settings(begun, settings)
    if not differing:
        return
    (name, (theirs, ours)), *more = differing.items()
    values = f" is {theirs} there and {ours} here" if len(theirs + ours) <= _LONGEST_VALUES else " differs"
    others = f", and {', '.join(other for other, _ in more[:_MOST_NAMES])} differ" if more else ""
    raise OutputError(f"{found}: {name}{values}{others}; {remedy}")


def other_settings(begun: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Find the settings in which two pieces of work differ.

    Parameters
    ----------
    begun, settings : mapping of str to object
        Settings, fit for JSON; mappings inside them are compared setting by setting.

    Returns
    -------
    dict of str to tuple of str
        The differing settings by name, such as "inference.tile_size", and the values of both as text.

    Examples
    --------
    >>> other_settings({"seed": 1, "sky": {"depth": 1.0}}, {"seed": 1, "sky": {"depth": 2.0}})
    {'sky.depth': ('1.0', '2.0')}
    """
    theirs, ours = (json.loads(json.dumps(values)) for values in (begun, settings))
    differing: dict[str, tuple[str, str]] = {}
    for name in {**theirs, **ours}:
        a, b = theirs.get(name), ours.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            differing |= {f"{name}.{inner}": values for inner, values in other_settings(a, b).items()}
        elif a != b:
            differing[name] = (_shown(a), _shown(b))
    return differing


def _not_written(path: str | Path, error: OSError) -> OutputError:
    """Say why something cannot be written."""
    return OutputError(f"{path}: cannot be written: {reason_of(error, path)}")


def _shown(value: Any) -> str:
    """Return a setting as text for a message."""
    return "not set" if value is None else json.dumps(value)


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
