"""How well does zpix do on a field whose truth is known, and how well is a field covered with redshifts?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from zpix.catalogue import read_catalogue
from zpix.config import InferenceConfig, SimulationConfig
from zpix.errors import ConfigError, OutputError
from zpix.evaluation import Diagnosis, Report, next_table, read_labelled_sources, read_truth, write_report
from zpix.evaluation import diagnose as lay_out
from zpix.evaluation import evaluate as score
from zpix.image import open_mosaic
from zpix.outputs import output_directory, refuse_to_replace
from zpix.pipeline import default_model, picture_of_middle, run
from zpix.plots import diagnosis_figure, matches_figure, save_evaluation_figures, save_figure
from zpix.progress import progress_bar
from zpix.scenes import simulate
from zpix.surveys.jades import is_jades_catalogue, read_jades_photometry

#: Missed sources fainter than this are not drawn: few of them can be seen.
_FAINTEST_MISSED = 28.0
_DIAGNOSIS = ("diagnosis.json", "diagnosis.png", "observe_next.ecsv")


def evaluate(
    catalogue: str | Path,
    truth: str | Path,
    *,
    out: str | Path,
    band: str = "F444W",
    mosaics: str | Path | Sequence[str | Path] | None = None,
) -> Report:
    """Score a catalogue against the truth, one-to-one by IoU and position.

    `out` receives `report.json` and figures: photometric against true redshift, PIT, completeness and purity; with
    `mosaics` also `matches.png`, what was found and what was missed over a colour composite of their middle.

    Raises
    ------
    ZpixError
        If a table cannot be read, lacks a column, or they are of different places, or the mosaics cannot be read.
    """
    found, known = read_catalogue(catalogue), read_truth(truth, band=band)
    report = score(found, known, band=band)
    picture = None
    if mosaics is not None:
        with open_mosaic(mosaics) as mosaic:
            picture, region = picture_of_middle(mosaic)
            xy = np.stack(mosaic.pixel(known.ra, known.dec), axis=1)
    place = Path(out)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{place}: cannot be made: {error.strerror}") from None
    write_report(place / "report.json", report)
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


def diagnose(
    catalogue: str | Path,
    *,
    out: str | Path,
    redshifts: Sequence[str | Path] = (),
    band: str = "F444W",
    number: int = 100,
    faintest: float = np.inf,
    seed: int = 0,
    overwrite: bool = False,
) -> Diagnosis:
    """Where in colour and magnitude redshifts exist, where sources do, and which sources to observe next.

    `out` receives `diagnosis.png`, `diagnosis.json` and `observe_next.ecsv`.

    Parameters
    ----------
    catalogue : of zpix, the photometric catalogue of JADES, or any FITS, CSV or Parquet table with ra, dec and
        `flux_<band>` in nJy; its column `z_spec`, if there is one, counts as redshifts
    redshifts : tables of redshifts, matched by position within 0.3 arcsec
    band : of the magnitudes
    number : of sources to observe next, at the most
    faintest : magnitude beyond which no source is proposed

    Raises
    ------
    ZpixError
        If a table cannot be read, lacks a column or holds too few sources, or `out` exists.
    """
    if number < 0:
        raise ConfigError(f"number = {number}: how many sources to observe next cannot be negative")
    refuse_to_replace(out, products=_DIAGNOSIS, overwrite=overwrite)
    is_jades = Path(catalogue).suffix == ".fits" and is_jades_catalogue(catalogue)
    table = read_jades_photometry(catalogue) if is_jades else catalogue
    sources = read_labelled_sources(table, redshifts=tuple(redshifts), band=band)
    diagnosis = lay_out(sources, band=band, number=number, faintest=faintest, seed=seed)
    with output_directory(out, products=_DIAGNOSIS, overwrite=overwrite) as place:
        save_figure(place / "diagnosis.png", diagnosis_figure(diagnosis))
        text = json.dumps(diagnosis.to_dict(), indent=1, ensure_ascii=False)
        (place / "diagnosis.json").write_text(text + "\n", encoding="utf-8")
        next_table(diagnosis).write(place / "observe_next.ecsv")
    return diagnosis


def demo(
    out: str | Path = "demo",
    *,
    seed: int = 20260101,
    size_pix: int = 1024,
    model: str | Path | None = None,
    config: InferenceConfig | None = None,
    simulation: SimulationConfig | None = None,
    overwrite: bool = True,
) -> Report:
    """Simulate a field, run the main job on it, and score the result.

    `out` holds `field/` (mosaics, segmentation and truth), `result/` (the catalogue and its companions) and
    `evaluation/` (scores and figures).
    """
    place, model = Path(out), model or default_model()
    shape = (size_pix, size_pix)
    with progress_bar("drawing the sky", 1) as bar:
        simulate(
            place / "field", shape=shape, seed=seed, config=simulation, overwrite=overwrite, progress=bar.set
        )  # fmt: skip
    run(place / "field", out=place / "result", model=model, config=config, overwrite=overwrite)
    return evaluate(
        place / "result" / "catalogue.fits",
        place / "field" / "truth.fits",
        out=place / "evaluation",
        mosaics=place / "field",
    )
