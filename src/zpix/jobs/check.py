"""What do the pixels of mosaics say, and what would a run make of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from zpix.detector import default_model, load_checkpoint
from zpix.image import Taught, Verdict, examine_mosaic, judge, open_mosaic
from zpix.outputs import output_directory, refuse_to_replace, write_json
from zpix.plots import examination_figure, save_figure
from zpix.progress import waiting
from zpix.search.requirements import differences_from_model
from zpix.search.searched_bands import expected_in

PRODUCTS = ("check.json", "check.png")


def check(
    mosaics: str | Path | Sequence[str | Path],
    *,
    out: str | Path | None = None,
    model: str | Path | None = None,
    overwrite: bool = False,
) -> Verdict:
    """Measure sky, noise, PSF, registration and coverage of mosaics, and compare them with what a model was taught.

    A dozen windows are read, so that it takes seconds for a mosaic of any size. `run` does the same before it searches.

    Parameters
    ----------
    mosaics : str, Path or sequence of these
        A directory of per-band FITS mosaics, several files, or one file of several bands.
    out : str or Path, optional
        Directory to make, with `check.json` and the figure `check.png`.
    model : str or Path, optional
        Checkpoint to compare with; the shipped model by default.
    overwrite : bool, default: False
        Whether an earlier directory is replaced.

    Returns
    -------
    Verdict
        The `examination`, the `repairs` that `run` makes, and `sentences()` on what matters.

    Raises
    ------
    ZpixError
        If the mosaics, the model or the output place cannot be used.

    Examples
    --------
    >>> verdict = zpix.check("field")  # doctest: +SKIP
    >>> verdict.examination["F444W"].depth_mag  # doctest: +SKIP
    30.36
    """
    if out is not None:
        refuse_to_replace(out, products=PRODUCTS, overwrite=overwrite)
    path = Path(default_model() if model is None else model)
    with open_mosaic(mosaics) as mosaic:
        checkpoint = load_checkpoint(path)
        with waiting("examining the mosaics"):
            examination = examine_mosaic(mosaic, pixel_scale_arcsec=mosaic.pixel_scale_arcsec)
        taught = Taught.from_saved(checkpoint.taught)
        verdict = judge(examination, taught, errors=checkpoint.config.errors, remarks=mosaic.remarks)
        expected = expected_in(mosaic.bands, checkpoint)
        verdict = replace(
            verdict,
            warnings=(*differences_from_model(mosaic, checkpoint), *verdict.warnings),
            notes=(*([] if expected is None else [expected.sentence]), *verdict.notes),
        )
    if out is not None:
        with output_directory(out, products=PRODUCTS, overwrite=overwrite) as place:
            write_json(place / "check.json", verdict.to_json())
            figure = examination_figure(examination, taught, errors=checkpoint.config.errors)
            save_figure(place / "check.png", figure)
    return verdict
