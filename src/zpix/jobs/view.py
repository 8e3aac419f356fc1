"""What does the sky of a finished run look like, with its redshifts?"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, read_catalogue
from zpix.errors import BandError, InputFileError
from zpix.evaluation import match_truth, read_truth
from zpix.image import BandRepair, Mosaic, MosaicPaths, SegmentationMap, band_name, open_mosaic
from zpix.outputs import output_directory, refuse_to_replace
from zpix.plots import colour_channels
from zpix.viewer import PageField, serve_page, write_page

log = logging.getLogger("zpix.progress")

#: What a page consists of.
PRODUCTS = ("index.html", "app", "data")


def view(
    result: str | Path,
    *,
    out: str | Path | None = None,
    mosaics: MosaicPaths | None = None,
    truth: str | Path | None = None,
    bands: Sequence[str] = (),
    stretch: Literal["asinh", "log", "linear"] = "asinh",
    band: str = "F444W",
    serve: bool = False,
    port: int = 8000,
    overwrite: bool = False,
) -> Path:
    """Make a page of a finished run that opens in a browser from disk: the sky, the sources and their redshifts.

    Parameters
    ----------
    result : str or Path
        Directory of `run`.
    out : str or Path, optional
        Directory to make; `view` in `result` by default.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        The mosaics that were searched; by default those that `run.json` names.
    truth : str or Path, optional
        Truth table of `simulate`, or a list of redshifts, as for `evaluate`: known redshifts are shown beside those of
        the run.
    bands : sequence of str, optional
        Colour pictures, each named by three bands for red, green and blue, such as "F444W,F277W,F150W"; by default one
        of all bands, in thirds.
    stretch : {"asinh", "log", "linear"}, default: "asinh"
        How brightness grows with flux in the pictures.
    band : str, default: "F444W"
        Band of the magnitudes at first; the page can change it.
    serve : bool, default: False
        Whether the page is served on this machine's loopback interface until interrupted. A page that exists already
        is then served as it is, unless `overwrite` is set.
    port : int, default: 8000
        Port to serve on; 0 for any free one.
    overwrite : bool, default: False
        Whether an earlier page is replaced.

    Returns
    -------
    Path
        `index.html`.

    Raises
    ------
    ZpixError
        If the result or the mosaics cannot be read or do not fit each other, or the output place cannot be used.

    Examples
    --------
    >>> zpix.view("result")  # doctest: +SKIP
    PosixPath('result/view/index.html')
    """
    result = result_directory(result)
    place = result / "view" if out is None else Path(out)
    if not (serve and not overwrite and (place / "index.html").is_file()):
        _write(result, place, mosaics, truth, bands, stretch, band, overwrite)
    if serve:
        serve_page(place, port=port, tell=lambda url: log.info("%s until interrupted (Ctrl-C)", url))
    return place / "index.html"


def _write(
    result: Path,
    place: Path,
    mosaics: MosaicPaths | None,
    truth: str | Path | None,
    bands: Sequence[str],
    stretch: Literal["asinh", "log", "linear"],
    band: str,
    overwrite: bool,
) -> None:
    """Make the page."""
    refuse_to_replace(place, products=PRODUCTS, overwrite=overwrite)
    catalogue = read_catalogue(result)
    first = band_shown(catalogue, band)
    known = None if truth is None else redshifts_known_of(catalogue, truth, band=first)
    with (
        searched_mosaic(result, mosaics) as mosaic,
        SegmentationMap(result / "segmentation.fits", shape=mosaic.shape) as segmentation,
        output_directory(place, products=PRODUCTS, overwrite=overwrite) as partial,
    ):
        composites = [_composite(names, mosaic.bands) for names in bands]
        everything = ("all bands", colour_channels(mosaic.bands))
        write_page(
            partial,
            PageField(
                field_name(result) or "zpix",
                catalogue,
                mosaic,
                segmentation,
                composites or [everything],
                stretch,
                first,
                known,
            ),
        )


def result_directory(path: str | Path) -> Path:
    """Return the directory of a finished run, and refuse what is none.

    Parameters
    ----------
    path : str or Path
        The directory, or its catalogue.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputFileError
        If it lacks the catalogue or the segmentation map.
    """
    place = Path(path).parent if Path(path).is_file() else Path(path)
    for name in ("catalogue.fits", "segmentation.fits"):
        if not (place / name).is_file():
            raise InputFileError(f"'{path}' is no result of zpix run: it has no {name}")
    return place


def field_name(result: Path) -> str:
    """Return a name for a finished run: that of its directory, or of the one above if that is called `result`.

    Parameters
    ----------
    result : Path
        Directory of `run`.

    Returns
    -------
    str
        The name; empty at the root of the disk.
    """
    place = result.absolute()
    return place.name if place.name != "result" else place.parent.name


def run_record(result: Path) -> dict[str, Any]:
    """Read what a run has told of itself.

    Parameters
    ----------
    result : Path
        Directory of `run`.

    Returns
    -------
    dict of str to object
        The content of `run.json`; empty if there is none.
    """
    record = result / "run.json"
    return dict(json.loads(record.read_text("utf-8"))) if record.is_file() else {}


def searched_mosaic(result: Path, mosaics: MosaicPaths | None = None) -> Mosaic:
    """Open the mosaics of a finished run, with the repairs that were made to their pixels.

    Parameters
    ----------
    result : Path
        Directory of `run`.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        Where they are; by default where `run.json` says that they were.

    Returns
    -------
    Mosaic
        The mosaics; close them after use, or use `with`.

    Raises
    ------
    InputFileError
        If no `mosaics` is given and `run.json` names none, their files are gone, or the run has resampled them.
    """
    facts = run_record(result)
    if mosaics is None:
        if "resampled" in facts:
            raise InputFileError(
                f"the run of '{result}' has resampled its mosaics and kept no copy: make one with "
                f"{facts['resampled']['as_by']}, and name it with --mosaics"
            )
        named = [str(file["path"]) for file in facts.get("mosaics", [])]
        if not named:
            raise InputFileError(f"'{result / 'run.json'}' names no mosaics: name them with --mosaics")
        gone = [path for path in named if not Path(path).exists()]
        if gone:
            raise InputFileError(f"the mosaic '{gone[0]}' is not where the run has found it: name it with --mosaics")
        mosaics = dict(zip(facts["bands"], named, strict=True)) if len(named) == len(facts["bands"]) else named
    mosaic = open_mosaic(mosaics)
    return mosaic.repaired([BandRepair(**repair) for repair in facts.get("repairs", [])])


def band_shown(catalogue: Catalogue, band: str) -> str:
    """Return a band of a catalogue: the one that is asked for, or else the last.

    Parameters
    ----------
    catalogue : Catalogue
        The sources.
    band : str
        The band that is asked for.

    Returns
    -------
    str
        Its name.
    """
    wanted = band_name(band)
    return wanted if wanted in catalogue.bands else catalogue.bands[-1]


def redshifts_known_of(catalogue: Catalogue, truth: str | Path, *, band: str) -> NDArray[np.float64]:
    """Give the redshifts of a list to the sources that they belong to.

    Parameters
    ----------
    catalogue : Catalogue of length N
        The sources.
    truth : str or Path
        As for `evaluate`.
    band : str
        Band of magnitudes.

    Returns
    -------
    (N,) float64
        Known redshifts; NaN where there is none.
    """
    known = read_truth(truth, band=band, near=(catalogue["ra"], catalogue["dec"]))
    matching = match_truth(catalogue, known)
    z = np.full(len(catalogue), np.nan)
    z[matching.left] = known.z[matching.right]
    return z


def _composite(named: str, bands: Sequence[str]) -> tuple[str, list[list[int]]]:
    """Name and bands of a colour picture that a user asks for."""
    names = [band_name(name) for name in named.split(",")]
    if len(names) != 3:
        raise BandError(f"'{named}' is no colour picture: name three bands, for red, green and blue: F444W,F277W,F150W")
    absent = [name for name in names if name not in bands]
    if absent:
        raise BandError(f"the mosaics have no band '{absent[0]}': they have {', '.join(bands)}")
    return " ".join(names), [[list(bands).index(name)] for name in names]
