"""How well does zpix do on a field whose truth is known?"""

from __future__ import annotations

from pathlib import Path

from zpix.catalogue import read_catalogue
from zpix.config import InferenceConfig, SimulationConfig
from zpix.errors import OutputError
from zpix.evaluation import Report, read_truth, write_report
from zpix.evaluation import evaluate as score
from zpix.pipeline import default_model, run
from zpix.plots import save_evaluation_figures
from zpix.progress import progress_bar
from zpix.scenes import simulate


def evaluate(catalogue: str | Path, truth: str | Path, *, out: str | Path, band: str = "F444W") -> Report:
    """Score a catalogue against the truth, one-to-one by IoU and position.

    `out` receives `report.json` and figures: photometric against true redshift, PIT, completeness and purity.

    Raises
    ------
    ZpixError
        If either table cannot be read, lacks a column, or they are of different places.
    """
    report = score(read_catalogue(catalogue), read_truth(truth, band=band), band=band)
    place = Path(out)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{place}: cannot be made: {error.strerror}") from None
    write_report(place / "report.json", report)
    save_evaluation_figures(report, place)
    return report


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
    report = evaluate(place / "result" / "catalogue.fits", place / "field" / "truth.fits", out=place / "evaluation")
    return report
