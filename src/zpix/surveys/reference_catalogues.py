"""Which formats of a survey's own catalogue can be read, and which one is a file in?

A reader that another package adds to `REFERENCE_READERS` is asked before those of zpix. The reader of plain tables,
which takes any file, is asked last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zpix.config import Registry
from zpix.sources import ReferenceSources, SourceTable, read_source_table
from zpix.surveys.jades_catalogue import is_jades_catalogue, read_jades_photometry, read_jades_sources


@dataclass(frozen=True)
class ReferenceReader:
    """A format of a survey's catalogue, and how it is read.

    Attributes
    ----------
    name : str
        Name of the format.
    claims : callable
        `claims(path)` returns whether a file is in this format, by its name or its content.
    read : callable
        `read(path, spectroscopic=False)` returns identifiers, positions, classes and redshifts as `ReferenceSources`;
        with `spectroscopic`, only spectroscopic redshifts. Used by `zpix prepare`.
    photometry : callable
        `photometry(path)` returns a `SourceTable` with `id`, `ra`, `dec`, and `flux_<band>` and `fluxerr_<band>` in
        nJy, NaN where a band has no data. Used by `zpix diagnose`.

    Examples
    --------
    >>> from zpix.sources import ReferenceSources, read_source_table
    >>> def read_sources(path, *, spectroscopic=False):
    ...     return ReferenceSources.from_table(read_source_table(path), spectroscopic=spectroscopic)
    >>> reader = ReferenceReader("deep field", lambda path: path.suffix == ".deep", read_sources, read_source_table)
    >>> reader.claims(Path("catalogue.deep"))
    True
    """

    name: str
    claims: Callable[[Path], bool]
    read: Callable[..., ReferenceSources]
    photometry: Callable[[Path], SourceTable]


def _read_table(path: Path, *, spectroscopic: bool = False) -> ReferenceSources:
    """Sources of a plain table."""
    return ReferenceSources.from_table(read_source_table(path), spectroscopic=spectroscopic)


#: Readers of survey catalogues by name; the last one is asked first.
REFERENCE_READERS: Registry[ReferenceReader] = Registry(
    "reference_catalogues",
    "reference catalogue",
    {
        reader.name: reader
        for reader in (
            ReferenceReader("table", lambda path: True, _read_table, read_source_table),
            ReferenceReader("jades", is_jades_catalogue, read_jades_sources, read_jades_photometry),
        )
    },
)


def read_reference_catalogue(path: str | Path, *, spectroscopic: bool = False) -> ReferenceSources:
    """Read the sources of a survey's own catalogue.

    Parameters
    ----------
    path : str or Path
        File in a format of `REFERENCE_READERS`: the photometric catalogue of JADES, or a FITS, CSV or Parquet table
        with `ra` and `dec`, and `id`, a class (`label`, `class`, `FLAG_ST`) and redshifts (`z`, `z_spec`) if it has
        them.
    spectroscopic : bool, default False
        Whether only redshifts count that the catalogue says are spectroscopic.

    Returns
    -------
    ReferenceSources
        Identifiers, positions, classes and redshifts.

    Raises
    ------
    InputFileError
        If the file is missing or damaged.
    CatalogueError
        If it lacks positions or another column that its format has.
    """
    return _reader_of(Path(path)).read(Path(path), spectroscopic=spectroscopic)


def read_reference_photometry(path: str | Path) -> SourceTable:
    """Read the fluxes of a survey's own catalogue.

    Parameters
    ----------
    path : str or Path
        File in a format of `REFERENCE_READERS`: the photometric catalogue of JADES, or a FITS, CSV or Parquet table.

    Returns
    -------
    SourceTable
        Columns `id`, `ra`, `dec`, and `flux_<band>` and `fluxerr_<band>` in nJy, and what else a plain table has.

    Raises
    ------
    InputFileError
        If the file is missing or damaged.
    CatalogueError
        If it lacks a column that its format has.
    """
    return _reader_of(Path(path)).photometry(Path(path))


def _reader_of(path: Path) -> ReferenceReader:
    """The last reader that claims a file; that of plain tables claims every file."""
    return next(reader for reader in reversed(list(REFERENCE_READERS.values())) if reader.claims(path))
