"""Are the files that a command names there? Wrong paths are told before anything large is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zpix.errors import ConfigError, InputFileError, ModelError
from zpix.outputs import refuse_to_replace

#: One path of an option, several, or none.
Paths = Path | str | Iterable[Path | str] | None

# Where a backbone can begin, beside files.
_NO_FILE = {"imagenet"}


def require_inputs(
    *,
    mosaics: Paths = None,
    model: Paths = None,
    config: Path | None = None,
    redshifts: Paths = None,
    dust: str | None = None,
    **others: Paths,
) -> None:
    """Refuse paths of a command that do not exist.

    Parameters
    ----------
    mosaics : Path, str or iterable of these, optional
        Directories and files of mosaics; `BAND=PATH` names a file by its band.
    model : Path, str or iterable of these, optional
        Checkpoints.
    config : Path, optional
        TOML file of settings.
    redshifts : Path, str or iterable of these, optional
        Lists of redshifts: PATH or PATH:COLUMN=BEST,NEXT,...
    dust : str, optional
        Dust map or number; only what is clearly the path of a file is looked for.
    **others : Path, str or iterable of these, optional
        Further files and directories by what they are, such as `catalogue`.

    Raises
    ------
    InputFileError, ModelError, ConfigError
        If a path does not exist, or a directory of mosaics holds none.
    """
    for path in _each(mosaics):
        _require_mosaics(path)
    for path in _each(model):
        if not Path(path).is_file() and str(path) not in _NO_FILE:
            raise ModelError(f"{path}: no such model file")
    if config is not None and not config.is_file():
        raise ConfigError(f"{config}: no such configuration file")
    for source in _each(redshifts):
        if not Path(source).exists() and not Path(str(source).rpartition(":")[0]).is_file():
            path = str(source).rpartition(":")[0] if "=" in str(source) else source
            raise InputFileError(f"the list of redshifts '{path}' does not exist")
    if dust is not None and dust.endswith((".fits", ".fits.gz")) and not Path(dust).exists():
        raise InputFileError(f"the dust map '{dust}' does not exist: dust is sfd, dustmaps, a number or a HEALPix file")
    for what, paths in others.items():
        for path in _each(paths):
            if not Path(path).exists():
                raise InputFileError(f"the {what.replace('_', ' ')} '{path}' does not exist")


def require_free(out: Path | None, *, overwrite: bool) -> None:
    """Refuse an output place that exists, unless it may be replaced.

    Parameters
    ----------
    out : Path or None
        File or directory to make.
    overwrite : bool
        Whether it may exist; what may be in it is looked at later.

    Raises
    ------
    OutputError
        If `out` exists and `overwrite` is not set.
    """
    if out is not None and not overwrite:
        refuse_to_replace(out, products=(), overwrite=False)


def _require_mosaics(given: Path | str) -> None:
    """Refuse a file or directory of mosaics that does not exist, and a directory without a FITS file."""
    path = Path(given)
    if not path.exists() and "=" in str(given):
        path = Path(str(given).partition("=")[2])
    if not path.exists():
        raise InputFileError(f"'{path}' does not exist")
    if path.is_dir() and not any(".fit" in inside.name.lower() for inside in path.iterdir()):
        raise InputFileError(
            f"'{path}' holds no mosaic: expected FITS files such as *_drz.fits, *_i2d.fits or *_sci.fits, each perhaps "
            "with .gz or .fz"
        )


def _each(paths: Paths) -> list[Path | str]:
    """The paths of an option as a list."""
    if paths is None:
        return []
    return [paths] if isinstance(paths, (str, Path)) else list(paths)
