"""How is a catalogue stored for the virtual observatory?

As a VOTable 1.4 of one table, whose header astropy writes: names, types, units, UCDs and descriptions of the columns,
the frame of the positions, and facts of the run. Its rows are binary (BINARY2) in base64, as TOPCAT writes them, and
are written piece by piece.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.flags import FLAGS
from zpix.catalogue.parquet_file import CatalogueFile
from zpix.catalogue.schema import Column
from zpix.catalogue.table import Catalogue
from zpix.outputs import whole_file

if TYPE_CHECKING:
    from astropy.io.votable.tree import VOTableFile

# VOTable's types of numpy's.
_DATATYPES = {"int16": "short", "int32": "int", "int64": "long", "float32": "float", "float64": "double"}
_POSITIONS = ("ra", "dec", "ra_peak", "dec_peak")
# Bytes of a line of base64: divisible by 3, so that lines can be joined.
_LINE = 57


def write_catalogue_votable(path: str | Path, catalogue: Catalogue | CatalogueFile) -> None:
    """Write `catalogue.vot`; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : Catalogue or CatalogueFile
        In memory or on disk; may be empty.
    """
    header = io.BytesIO()
    _header(catalogue).to_xml(header)
    before, after = header.getvalue().split(b"</TABLE>")
    with whole_file(path) as temporary, temporary.open("wb") as file:
        file.write(before.rstrip() + b'\n   <DATA>\n    <BINARY2>\n     <STREAM encoding="base64">\n')
        rest = b""
        for chunk in catalogue.chunks():
            rows = rest + _rows(chunk).tobytes()
            whole = len(rows) - len(rows) % _LINE
            file.write(base64.encodebytes(rows[:whole]))
            rest = rows[whole:]
        file.write(base64.encodebytes(rest) + b"     </STREAM>\n    </BINARY2>\n   </DATA>\n  </TABLE>" + after)


def _rows(catalogue: Catalogue) -> NDArray[Any]:
    """Rows as BINARY2 stores them: a bit for each column that is null (none is), then the values, big-endian."""
    fields: list[tuple[str, Any] | tuple[str, Any, tuple[int, ...]]] = [("", "u1", ((len(catalogue.schema) + 7) // 8,))]
    for column in catalogue.schema:
        text = column.dtype.startswith("U")
        kind = f"S{column.dtype[1:]}" if text else np.dtype(column.dtype).newbyteorder(">").str
        fields.append((column.name, kind, column.shape))
    rows = np.zeros(len(catalogue), fields)
    for column in catalogue.schema:
        rows[column.name] = catalogue[column.name]
    return rows


def _header(catalogue: Catalogue | CatalogueFile) -> VOTableFile:
    """Everything but the rows."""
    from astropy.io.votable.tree import CooSys, Info, Resource, TableElement, VOTableFile

    file = VOTableFile(version="1.4")
    resource = Resource(name="zpix")
    file.resources.append(resource)
    resource.coordinate_systems.append(CooSys(ID="icrs", system="ICRS"))
    table = TableElement(file, name="catalogue", nrows=str(len(catalogue)))
    table.description = "Sources of a field with photometric redshifts"
    resource.tables.append(table)
    told = {"bands": " ".join(catalogue.bands), "zpix_version": catalogue.meta.get("code_version", "")}
    told |= {name: catalogue.meta[name] for name in ("model", "mosaic") if name in catalogue.meta}
    for name, value in told.items():
        table.infos.append(Info(name=name, value=str(value)))
    for flag in FLAGS:
        info = Info(name=f"flag_{flag.value}", value=flag.name)
        info.content = flag.description
        table.infos.append(info)
    for column in catalogue.schema:
        table.fields.append(_field(file, column))
    return file


def _field(file: VOTableFile, column: Column) -> Any:
    """Declaration of a column."""
    from astropy.io.votable.tree import Field

    text = column.dtype.startswith("U")
    length = column.dtype[1:] if text else str(column.shape[0]) if column.shape else None
    field = Field(
        file, name=column.name, datatype="char" if text else _DATATYPES[column.dtype],
        arraysize=length, unit=column.unit or None, ucd=column.ucd or None,
        ref="icrs" if column.name in _POSITIONS else None,
    )  # fmt: skip
    field.description = column.description
    return field
