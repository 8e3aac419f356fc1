"""How well does zpix do on a field whose truth is known?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zpix.catalogue import read_catalogue
from zpix.config import InferenceConfig, SimulationConfig
from zpix.errors import OutputError
from zpix.evaluation import Report, read_truth, write_report
from zpix.evaluation import evaluate as score
from zpix.image import Region, open_mosaic
from zpix.pipeline import default_model, run
from zpix.plots import colour_composite, detections_figure, save_evaluation_figures, save_figure
from zpix.progress import progress_bar
from zpix.scenes import simulate
from zpix.training.prepare import SegmentationMap


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


def draw_detections(
    mosaics: str | Path | Sequence[str | Path], result: str | Path, path: str | Path, *, side_pix: int = 512
) -> Path:
    """Picture of a finished run: outlines of its sources over a colour composite of the mosaic's middle."""
    catalogue = read_catalogue(Path(result) / "catalogue.fits")
    with open_mosaic(mosaics) as mosaic:
        height, width = min(side_pix, mosaic.shape[0]), min(side_pix, mosaic.shape[1])
        x0, y0 = (mosaic.shape[1] - width) // 2, (mosaic.shape[0] - height) // 2
        region = Region(x0, y0, x0 + width, y0 + height)
        pixels = mosaic.read(region)
        with SegmentationMap(Path(result) / "segmentation.fits", shape=mosaic.shape) as segments:
            outlines = segments.read(region)
        figure = detections_figure(
            colour_composite(pixels.flux, mosaic.bands, valid=pixels.valid),
            catalogue,
            segmentation=outlines,
            origin_xy=(x0, y0),
            pixel_scale_arcsec=mosaic.pixel_scale_arcsec,
        )
    return save_figure(path, figure)


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
    mosaics = place / "field"
    run(mosaics, out=place / "result", model=model, config=config, overwrite=overwrite)
    report = evaluate(place / "result" / "catalogue.fits", place / "field" / "truth.fits", out=place / "evaluation")
    draw_detections(mosaics, place / "result", place / "evaluation" / "detections.png")
    return report
