"""How is the catalogue stored for tools that work on whole surveys?

As a HATS collection: `sources`, a catalogue of Parquet files, one for each HEALPix pixel of the sky that holds no more
than a million sources, and its margin, the sources within ten arcsec of each pixel's edge, without which sources there
would lack partners in crossmatches. lsdb, hats and many archives read it. Columns are those of `catalogue.parquet`. The
directory says when it was made, so that two runs differ in that.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from zpix.errors import MissingExtraError

_log = logging.getLogger(__name__)
# Sources of one file at most, as hats-import advises.
_MOST_ROWS = 1_000_000
# Further than crossmatches of deep fields reach.
_MARGIN_ARCSEC = 10.0


def write_hats(path: str | Path, catalogue: str | Path, *, scheduler: str | None = None) -> None:
    """Write the directory `path` from `catalogue.parquet`; it appears when it is whole.

    Parameters
    ----------
    path : str or Path
        Directory to make.
    catalogue : str or Path
        File that `CatalogueWriter` wrote; one without sources gives no directory.
    scheduler : str, optional
        Address of a dask scheduler whose workers write the files, in place of this process.

    Raises
    ------
    MissingExtraError
        If hats-import is not installed.
    """
    import pyarrow.parquet as pq

    require_hats()
    from distributed import Client, LocalCluster
    from hats_import.collection.arguments import CollectionArguments
    from hats_import.collection.run_import import run

    path = Path(path)
    if not pq.read_metadata(catalogue).num_rows:
        _log.warning("there are no sources for a HATS catalogue")
        return
    arguments = CollectionArguments(
        output_path=path.parent,
        output_artifact_name="zpix",  # the collection's name, and for now that of its directory
        progress_bar=False,
        resume=False,
        should_write_skymap=False,
        create_thumbnail=False,
    )
    arguments.catalog(  # type: ignore[no-untyped-call]
        output_artifact_name="sources",
        input_file_list=[Path(catalogue)],
        file_reader="parquet",
        ra_column="ra",
        dec_column="dec",
        sort_columns="id",
        pixel_threshold=_MOST_ROWS,
    )
    arguments.add_margin(margin_threshold=_MARGIN_ARCSEC, is_default=True)  # type: ignore[no-untyped-call]
    if scheduler is not None:
        with Client(scheduler) as client:  # type: ignore[no-untyped-call]
            run(arguments, client)  # type: ignore[no-untyped-call]
    else:
        with (
            LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,  # type: ignore[no-untyped-call]
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            run(arguments, client)  # type: ignore[no-untyped-call]
    os.replace(path.parent / "zpix", path)


def require_hats() -> None:
    """Check that hats-import is installed.

    Raises
    ------
    MissingExtraError
        If it is not.
    """
    try:
        import hats_import  # noqa: F401
    except ImportError:
        raise MissingExtraError("hats-import", "scale") from None
