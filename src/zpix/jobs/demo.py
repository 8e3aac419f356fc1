"""How well does the shipped model do on a simulated field?"""

from __future__ import annotations

from pathlib import Path

from zpix.config import InferenceConfig, SimulationConfig
from zpix.detector import default_model
from zpix.evaluation import Report
from zpix.jobs.evaluate import evaluate
from zpix.jobs.run import run
from zpix.jobs.simulate import simulate


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
    simulate(place / "field", size_pix=size_pix, seed=seed, config=simulation, overwrite=overwrite)
    run(place / "field", out=place / "result", model=model, config=config, overwrite=overwrite)
    return evaluate(
        place / "result" / "catalogue.fits",
        place / "field" / "truth.fits",
        out=place / "evaluation",
        mosaics=place / "field",
    )
