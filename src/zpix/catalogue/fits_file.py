"""How is a catalogue stored as FITS?

One binary table, `CATALOGUE`. Descriptions of columns stand in the TCOMMn keywords and UCDs in TUCDn (TOPCAT and STILTS
show both), units in TUNITn, the meaning of the flag bits in the cards FLAGnn and COMMENT, and the facts of the run
as JSON in ZPIXMETA.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from astropy.io import fits

from zpix.catalogue.flags import FLAGS
from zpix.catalogue.parquet_file import CatalogueFile
from zpix.catalogue.schema import Column
from zpix.catalogue.table import Catalogue, catalogue_bands
from zpix.errors import CatalogueError
from zpix.outputs import whole_file
from zpix.sources.fits_table import read_fits_table

#: FITS letter of each numpy type that the schema uses.
_FITS_LETTER = {"int16": "I", "int32": "J", "int64": "K", "float32": "E", "float64": "D"}


def write_catalogue_fits(path: str | Path, catalogue: Catalogue | CatalogueFile) -> None:
    """Write `catalogue.fits`; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : Catalogue or CatalogueFile
        In memory or on disk; may be empty.
    """
    schema = catalogue.schema
    columns = [fits.Column(name=c.name, format=_fits_format(c), unit=c.unit or None) for c in schema]
    table = fits.BinTableHDU.from_columns(columns, name="CATALOGUE", nrows=0)
    for number, column in enumerate(schema, start=1):
        table.header.insert("EXTNAME", (f"TCOMM{number}", column.description))
        if column.ucd:
            table.header.insert("EXTNAME", (f"TUCD{number}", column.ucd))
    table.header["NAXIS2"] = len(catalogue)
    table.header["BANDS"] = ",".join(catalogue.bands)
    for flag in FLAGS:
        table.header[f"FLAG{flag.bit:02d}"] = (flag.name, f"bit of column flags, value {flag.value}")
    for flag in FLAGS:
        table.header["COMMENT"] = f"flags bit {flag.bit} (value {flag.value}) {flag.name}: {flag.description}"
    table.header["ZPIXMETA"] = json.dumps(dict(catalogue.meta))
    with whole_file(path) as temporary:
        fits.PrimaryHDU().writeto(temporary, overwrite=True)
        with fits.StreamingHDU(str(temporary), table.header) as stream:
            for chunk in catalogue.chunks():
                rows = np.zeros(len(chunk), [_fits_field(column) for column in schema])
                for column in schema:
                    rows[column.name] = chunk[column.name]
                if len(rows):  # astropy takes no part of nothing
                    stream.write(rows.view(np.uint8))


def read_catalogue_fits(path: str | Path) -> Catalogue:
    """Read what `write_catalogue_fits` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Catalogue
        In memory.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If it has no catalogue table or lacks a column.
    """
    columns, header = read_fits_table(path, extension="CATALOGUE")
    if "zmix_weight" not in columns:
        raise CatalogueError(f"'{path}' has no column 'zmix_weight'")
    if columns["zmix_weight"].ndim == 1:  # FITS drops the axis of one-element vectors
        columns |= {n: v[:, None] for n, v in columns.items() if n.startswith("zmix_")}
    try:
        return Catalogue(columns, catalogue_bands(list(columns)), json.loads(header.get("ZPIXMETA", "{}")))
    except CatalogueError as error:
        raise CatalogueError(f"'{path}': {error}") from error


def _fits_field(column: Column) -> tuple[str, str, tuple[int, ...]]:
    """Field of a numpy record that is laid out as FITS stores it."""
    text = column.dtype.startswith("U")
    return column.name, f"S{column.dtype[1:]}" if text else np.dtype(column.dtype).newbyteorder(">").str, column.shape


def _fits_format(column: Column) -> str:
    if column.dtype.startswith("U"):
        return f"{column.dtype[1:]}A"
    repeat = str(column.shape[0]) if column.shape else ""
    return repeat + _FITS_LETTER[column.dtype]
