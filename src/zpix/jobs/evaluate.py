"""How good is a catalogue whose truth is known?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zpix.catalogue import read_catalogue
from zpix.evaluation import Report, read_truth, score_catalogue, write_report
from zpix.image import MosaicPaths, open_mosaic
from zpix.outputs import output_directory, refuse_to_replace
from zpix.plots import matches_figure, picture_of_middle, save_evaluation_figures, save_figure

#: What an evaluation writes.
PRODUCTS = (
    "report.json", "redshifts.png", "redshifts_bright.png", "pit.png", "pit_bright.png", "accuracy.png",
    "completeness.png", "matches.png", "report.html", "report.pdf",
)  # fmt: skip
#: Missed sources fainter than this are not drawn: few of them can be seen.
_FAINTEST_MISSED = 28.0


def evaluate(
    catalogue: str | Path,
    truth: str | Path,
    *,
    out: str | Path,
    band: str = "F444W",
    mosaics: MosaicPaths | None = None,
    overwrite: bool = False,
) -> Report:
    """Score a catalogue against the truth, matched one-to-one by overlap and position.

    The directory receives `report.json` and figures: photometric against true redshift, PIT, completeness and purity.

    Parameters
    ----------
    catalogue : str or Path
        `catalogue.fits` or `catalogue.parquet` of `run`, or its directory.
    truth : str or Path
        `truth.fits` of `simulate`; or a list of redshifts, `PATH` or `PATH:COLUMN=BEST,NEXT,...` to name the column of
        qualities and those that are secure, which is compiled as `prepare` does it. The report says which column was
        taken for the quality, how many redshifts were left out, and how many have no partner in the catalogue.
    out : str or Path
        Directory to make.
    band : str, default: "F444W"
        Band of the magnitudes.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        The mosaics of the catalogue: adds `matches.png`, what was found and what was missed over a colour composite of
        their middle.
    overwrite : bool, default: False
        Whether an earlier evaluation at `out` is replaced.

    Returns
    -------
    Report
        The scores; `tables()` gives them as text.

    Raises
    ------
    ZpixError
        If a table cannot be read, lacks a column, or they are of different places, the mosaics cannot be read, or the
        output place cannot be used; nothing is then left at `out`.

    Examples
    --------
    >>> report = zpix.evaluate("result", "field/truth.fits", out="evaluation")  # doctest: +SKIP
    >>> report.redshifts["all"].sigma_nmad  # doctest: +SKIP
    """
    refuse_to_replace(out, products=PRODUCTS, overwrite=overwrite)
    found = read_catalogue(catalogue)
    known = read_truth(truth, band=band, near=(found["ra"], found["dec"]))
    report = score_catalogue(found, known, band=band)
    picture = None
    if mosaics is not None:
        with open_mosaic(mosaics) as mosaic:
            picture, region = picture_of_middle(mosaic)
            xy = np.stack(mosaic.pixel(known.ra, known.dec), axis=1)
    with output_directory(out, products=PRODUCTS, overwrite=overwrite) as place:
        write_report(place / "report.json", report, inputs=_inputs(catalogue, truth, mosaics, band))
        save_evaluation_figures(report, place)
        if picture is not None:
            figure = matches_figure(
                picture,
                found,
                replace(known, xy=xy),
                report.matching,
                band=band,
                faintest=_FAINTEST_MISSED,
                origin_xy=(region.x0, region.y0),
            )
            save_figure(place / "matches.png", figure)
    return report


def _inputs(catalogue: str | Path, truth: str | Path, mosaics: MosaicPaths | None, band: str) -> dict[str, Any]:
    """What was compared, as `zpix report` finds it again from anywhere."""

    def found(path: str | Path) -> str:
        return str(Path(path).absolute())

    if isinstance(mosaics, Mapping):
        where: Any = {name: found(path) for name, path in mosaics.items()}
    elif mosaics is None or isinstance(mosaics, (str, Path)):
        where = None if mosaics is None else found(mosaics)
    else:
        where = [str(path) if "=" in str(path) else found(path) for path in mosaics]
    return {"catalogue": found(catalogue), "truth": found(truth), "mosaics": where, "band": band}
