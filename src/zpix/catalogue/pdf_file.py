"""How are the redshift PDFs stored for other tools?

As a qp ensemble of kind `mixmod` in HDF5, with the catalogue's ids as ancillary column `id`. qp's mixture has
no cut at z = 0: it keeps the little probability below zero that zpix removes (`ZMixture` divides by the
rest), so the two differ for sources whose mixture reaches below zero. The parameters are the same; reading
them back gives the same ZMixture.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.parquet_file import CatalogueFile
from zpix.catalogue.table import Catalogue
from zpix.errors import CatalogueError, InputFileError
from zpix.outputs import whole_file
from zpix.sources import ZMixture


def write_pdfs(path: str | Path, catalogue: Catalogue | CatalogueFile) -> None:
    """Write `pdfs.hdf5`, the redshift mixture and id of every source; it appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : Catalogue or CatalogueFile
        In memory or on disk; may be empty.
    """
    import qp  # takes a second to import

    with whole_file(path) as temporary:
        temporary.touch()  # qp would make missing directories
        file, done = None, 0
        for chunk in catalogue.chunks():
            redshift = chunk.redshift
            data = {"means": redshift.means, "stds": redshift.widths, "weights": redshift.weights}
            ensemble = qp.Ensemble(qp.mixmod, data=data, ancil={"id": chunk["id"].astype(np.int64)})
            if file is None:
                groups, file = ensemble.initializeHdf5Write(str(temporary), len(catalogue))
            ensemble.writeHdf5Chunk(groups, done, done + len(chunk))
            done += len(chunk)
        ensemble.finalizeHdf5Write(file)


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
