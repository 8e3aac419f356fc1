"""How well does the shipped model do on a simulated field?"""

from __future__ import annotations

from pathlib import Path

from zpix.config import Config, InferenceConfig, SimulationConfig, as_config
from zpix.detector import default_model
from zpix.evaluation import Report
from zpix.jobs.evaluate import evaluate
from zpix.jobs.run import run
from zpix.jobs.simulate import simulate
from zpix.outputs import refuse_to_replace

#: What a demo writes.
PRODUCTS = ("field", "result", "evaluation")


def demo(
    out: str | Path = "demo",
    *,
    size_pix: int = 1024,
    seed: int = 20260101,
    model: str | Path | None = None,
    config: str | Path | Config | InferenceConfig | SimulationConfig | None = None,
    overwrite: bool = False,
) -> Report:
    """Simulate a field, search it, and compare the catalogue with the truth.

    The directory receives `field` (mosaics, segmentation map and truth), `result` (the catalogue and its companions)
    and `evaluation` (scores and figures).

    Parameters
    ----------
    out : str or Path, default: "demo"
        Directory to make.
    size_pix : int, default: 1024
        Side of the field in pixels of 0.03 arcsec.
    seed : int, default: 20260101
        Seed of the field.
    model : str or Path, optional
        Checkpoint; the shipped model by default.
    config : str, Path, Config, InferenceConfig or SimulationConfig, optional
        Settings: the path of a TOML file with `[inference]` and `[simulation]`, or the settings themselves.
    overwrite : bool, default: False
        Whether an earlier demo at `out` is replaced.

    Returns
    -------
    Report
        The scores; `tables()` gives them as text.

    Raises
    ------
    ZpixError
        If a setting, the model or the output place cannot be used.
    """
    place, settings = Path(out), as_config(config, "inference", "simulation")
    refuse_to_replace(place, products=PRODUCTS, overwrite=overwrite)
    model = default_model() if model is None else model
    simulate(place / "field", size_pix=size_pix, seed=seed, config=settings, overwrite=True)
    run(place / "field", out=place / "result", model=model, config=settings, overwrite=True)
    return evaluate(
        place / "result" / "catalogue.fits",
        place / "field" / "truth.fits",
        out=place / "evaluation",
        mosaics=place / "field",
        overwrite=True,
    )
