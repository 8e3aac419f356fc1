"""The application that commands are added to, and how it ends."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated, NoReturn

import typer

from zpix.disk_space import reason_of
from zpix.errors import ZpixError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        from importlib.metadata import version as version_of

        print(version_of("zpix"))
        raise typer.Exit


@app.callback()
def _zpix(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Photometric redshifts straight from pixels: detect, segment, classify, and give every source a redshift PDF."""


def main() -> None:
    """Run the command line; a user's mistake is one sentence on standard error and exit code 2."""
    logging.basicConfig(format="zpix: %(message)s", level=logging.WARNING)
    logging.getLogger("zpix.progress").setLevel(logging.INFO)  # how far long work is, where there is no terminal
    for told in ("zpix.search.searched_bands", "zpix.jobs.demo"):  # what to expect of redshifts
        logging.getLogger(told).setLevel(logging.INFO)
    try:
        try:
            app()
        finally:
            _flush()
    except ZpixError as error:
        _stop(str(error))
    except BrokenPipeError:  # of `zpix ... | head`
        sys.exit(1)
    except OSError as error:  # a full disk, a place one may not write to
        if error.strerror is None:
            raise
        _stop(f"{error.filename}: {reason_of(error, error.filename)}" if error.filename else error.strerror)
    except SystemExit as end:
        if end.code == 130:
            _stop("interrupted", code=130)
        raise


def _flush() -> None:
    """Write what was printed while an error can still be reported: Python's own attempt at its end must not fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _stop(sentence: str, *, code: int = 2) -> NoReturn:
    """Print one sentence on standard error and end."""
    print("zpix:", " ".join(sentence.split()), file=sys.stderr)  # libraries' own words may come in several lines
    sys.exit(code)
