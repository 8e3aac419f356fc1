"""Which mistakes can a user meet, and what does each mean?

The rule: a mistake that a user can mend raises a subclass of `ZpixError` whose message is one sentence that names the
file or parameter, the value found and what is allowed. The command line prints that sentence and exits with code 2.
`assert` is for our own invariants only.
"""

from __future__ import annotations


class ZpixError(Exception):
    """Base of every mistake that a user can mend."""


class InputFileError(ZpixError):
    """A file is missing, truncated, or not of the format of its ending."""


class DownloadError(ZpixError):
    """A file is not served, is incomplete, or does not have its size or checksum."""


class BandError(ZpixError):
    """A band is unknown, given twice, missing, or without a valid pixel."""


class GridError(ZpixError):
    """Mosaics are not on one pixel grid, or a region does not fit the grid."""


class ArrayError(ZpixError):
    """An array or image given in Python has a shape, a unit or an uncertainty that cannot be used."""


class ConfigError(ZpixError):
    """A setting is unknown or out of its range."""


class ModelError(ZpixError):
    """A checkpoint cannot be used: wrong format, other bands, or other architecture."""


class StoreError(ZpixError):
    """A training store is missing parts, or does not fit the model to be trained."""


class CatalogueError(ZpixError):
    """A catalogue lacks a column or holds values that cannot be used."""


class OutputError(ZpixError):
    """The output place cannot be written to, or already holds another run."""


class TrainingError(ZpixError):
    """Training cannot go on: a loss is not finite, or the saved state is of another network."""


class WorkerError(ZpixError):
    """Processes that share the work keep dying."""


class SchedulerError(ZpixError):
    """The cluster that was to share the work does not answer, or its workers keep dying."""


class SampError(ZpixError):
    """No hub of the virtual observatory is running, or no program there takes a file."""


class MissingExtraError(ZpixError):
    """A part of zpix needs an optional package that is not installed.

    Parameters
    ----------
    package : str
        The package.
    extra : str
        Extra of zpix that brings it, such as "sim".
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this step needs the package '{package}', which is not installed: run pip install 'zpix[{extra}]'"
        )
