"""How are the redshift PDFs stored for other tools?

As two qp ensembles in HDF5, with the catalogue's ids as ancillary column `id`.

`pdfs.hdf5` is of kind `mixmod` and holds the mixtures themselves. qp's mixture has no cut at z = 0: it keeps the little
probability below zero that zpix removes (`ZMixture` divides by the rest), so the two differ for sources whose mixture
reaches below zero. The parameters are the same; reading them back gives the same ZMixture. Density and CDF of qp are
exact, but its quantiles (`ppf`, `median`, `interval`) are interpolated on 201 redshifts for all sources together, and
are wrong by up to some tenths.

`pdf_grid.hdf5` is of kind `hist` and holds the probability, cut at z = 0, in bins that are 0.004 (1 + z) wide:
quantiles of qp are right to half a bin. Most bins hold nothing, and the file is compressed.

Both are written with h5py in the layout of qp 0.8 and later, and without qp, whose import takes seconds of every run.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.parquet_file import CatalogueFile
from zpix.catalogue.table import Catalogue
from zpix.errors import CatalogueError, InputFileError
from zpix.outputs import whole_file
from zpix.progress import in_order
from zpix.sources import ZMixture

if TYPE_CHECKING:
    import h5py

#: Width of the bins of `pdf_grid.hdf5` in ln(1 + z), and the redshift that they reach.
GRID_LN_STEP, GRID_END = 0.004, 20.0
# Densities below this share of a PDF's highest one are written as 0.
_NOTHING = 1e-6
_ROWS = 256  # sources that are worked on at once
_LEVEL, _THREADS = 1, 4  # of gzip, and that pack


def write_pdfs(path: str | Path, catalogue: Catalogue | CatalogueFile) -> None:
    """Write `pdfs.hdf5`, the redshift mixture and id of every source; it appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : Catalogue or CatalogueFile
        In memory or on disk; may be empty.
    """
    import h5py

    with whole_file(path) as temporary, h5py.File(temporary, "w") as file:
        _write_kind(file, "mixmod")
        ids = file.create_dataset("ancil/id", len(catalogue), np.int64)
        done = 0
        for chunk in catalogue.chunks():
            redshift, rows = chunk.redshift, slice(done, done + len(chunk))
            ids[rows] = chunk["id"]
            for name, values in (("means", redshift.means), ("stds", redshift.widths), ("weights", redshift.weights)):
                shape = len(catalogue), values.shape[1]
                file.require_dataset(f"data/{name}", shape, np.float64)[rows] = values
            done += len(chunk)


def write_pdf_grid(path: str | Path, catalogue: Catalogue | CatalogueFile) -> None:
    """Write `pdf_grid.hdf5`, the redshift PDF in bins and id of every source; it appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : Catalogue or CatalogueFile
        In memory or on disk; may be empty.
    """
    import h5py

    edges = np.expm1(np.arange(0, np.log1p(GRID_END) + GRID_LN_STEP, GRID_LN_STEP))
    shape = len(catalogue), len(edges) - 1
    with whole_file(path) as temporary, h5py.File(temporary, "w") as file:
        _write_kind(file, "hist", {"bins": edges})
        ids = file.create_dataset("ancil/id", shape[:1], np.int64)
        if not shape[0]:
            file.create_dataset("data/pdfs", shape, np.float32)
            return
        rows = min(_ROWS, shape[0])
        packed = {"chunks": (rows, shape[1]), "compression": "gzip", "compression_opts": _LEVEL, "shuffle": True}
        pdfs = file.create_dataset("data/pdfs", shape, np.float32, **packed)
        done = 0
        for chunk in catalogue.chunks():
            ids[done : done + len(chunk)] = chunk["id"]
            done += len(chunk)
        # HDF5 would pack one block after the other; threads do it side by side
        with ThreadPoolExecutor(_THREADS) as pool:
            blocks = in_order(pool, partial(_packed, edges=edges, rows=rows), _blocks(catalogue), ahead=2 * _THREADS)
            for number, block in enumerate(blocks):
                pdfs.id.write_direct_chunk((number * rows, 0), block)


def _blocks(catalogue: Catalogue | CatalogueFile) -> Iterator[ZMixture]:
    """Redshifts of so many sources at once, and at last of those that are left."""
    left: ZMixture | None = None
    for chunk in catalogue.chunks():
        both = chunk.redshift if left is None else ZMixture.concatenate([left, chunk.redshift])
        whole = len(both) - len(both) % _ROWS
        for first in range(0, whole, _ROWS):
            yield both[first : first + _ROWS]
        left = both[whole:]
    if left is not None and len(left):
        yield left


def _packed(redshift: ZMixture, *, edges: NDArray[np.float64], rows: int) -> bytes:
    """Densities as HDF5 keeps a chunk of `rows`: all first bytes of the numbers, then all second ones, deflated."""
    density = redshift.binned(edges)
    density[density < _NOTHING * density.max(1, keepdims=True)] = 0
    chunk = np.zeros((rows, density.shape[1]), "<f4")
    chunk[: len(density)] = density
    return zlib.compress(np.ascontiguousarray(chunk.reshape(-1, 1).view(np.uint8).T).tobytes(), _LEVEL)


def _write_kind(file: h5py.File, kind: str, shared: Mapping[str, NDArray[np.float64]] | None = None) -> None:
    """Write of which kind the PDFs of a file are, and what all of them share."""
    file["meta/pdf_name"] = np.array([kind.encode()])
    file["meta/pdf_version"] = np.array([0])
    for name, values in (shared or {}).items():
        file[f"meta/{name}"] = values[None]


def read_pdfs(path: str | Path) -> tuple[NDArray[np.int64], ZMixture]:
    """Read what `write_pdfs` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    ids : (N,) int64
        Ids of the catalogue.
    redshift : ZMixture of length N
        Redshift PDFs.

    Raises
    ------
    InputFileError
        If the file is missing or is not HDF5.
    CatalogueError
        If it is not a mixture ensemble with ids.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        raise InputFileError(f"PDF file '{path}' does not exist")
    try:
        with h5py.File(path) as file:
            for name in ("ancil/id", "data/weights", "data/means", "data/stds"):
                if name not in file:
                    raise CatalogueError(f"'{path}' has no '{name}': it is not a qp mixture ensemble with ids")
            ids = np.asarray(file["ancil/id"][()], dtype=np.int64)
            parameters = [file[f"data/{name}"][()] for name in ("weights", "means", "stds")]
    except OSError as error:
        raise InputFileError(f"'{path}' is not a whole HDF5 file: {error}") from error
    return ids, ZMixture(*parameters)
