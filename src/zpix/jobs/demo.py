"""How well does the shipped model do on a simulated field?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from zpix.config import BAND_SETS, Config, InferenceConfig, SimulationConfig, as_config, bands_called
from zpix.detector import default_model, load_checkpoint
from zpix.errors import BandError
from zpix.evaluation import Report
from zpix.jobs.evaluate import evaluate
from zpix.jobs.run import run
from zpix.jobs.simulate import simulate
from zpix.outputs import refuse_to_replace
from zpix.search.searched_bands import judge_bands

log = logging.getLogger(__name__)

#: What a demo writes.
PRODUCTS = ("field", "result", "evaluation")


def demo(
    out: str | Path = "demo",
    *,
    size_pix: int = 1024,
    seed: int = 20260101,
    bands: str | Sequence[str] | None = None,
    model: str | Path | None = None,
    config: str | Path | Config | InferenceConfig | SimulationConfig | None = None,
    force: bool = False,
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
    bands : str or sequence of str, optional
        Bands to draw and search: a survey of `zpix.config.BAND_SETS`, such as "COSMOS-Web", or a list. The nine of
        JADES by default.
    model : str or Path, optional
        Checkpoint; the shipped model by default.
    config : str, Path, Config, InferenceConfig or SimulationConfig, optional
        Settings: the path of a TOML file with `[inference]` and `[simulation]`, or the settings themselves.
    force : bool, default: False
        Whether bands are searched that `run` takes only by force.
    overwrite : bool, default: False
        Whether an earlier demo at `out` is replaced.

    Returns
    -------
    Report
        The scores; `tables()` gives them as text.

    Raises
    ------
    ZpixError
        If a setting, the bands, the model or the output place cannot be used.

    Examples
    --------
    >>> zpix.demo("cosmos-web", bands="COSMOS-Web")  # doctest: +SKIP
    """
    place, settings = Path(out), as_config(config, "inference", "simulation")
    refuse_to_replace(place, products=PRODUCTS, overwrite=overwrite)
    model = default_model() if model is None else model
    drawn = None if bands is None else _drawn(bands, model, force=force)
    simulate(place / "field", size_pix=size_pix, seed=seed, bands=drawn, config=settings, overwrite=True)
    run(place / "field", out=place / "result", model=model, config=settings, force=force, overwrite=True)
    return evaluate(
        place / "result" / "catalogue.fits",
        place / "field" / "truth.fits",
        out=place / "evaluation",
        mosaics=place / "field",
        overwrite=True,
    )


def _drawn(bands: str | Sequence[str], model: str | Path, *, force: bool) -> tuple[str, ...]:
    """The bands that are wanted, if the model searches in them; says what differs from the plain demo."""
    wanted, usual = bands_called(bands), BAND_SETS["JADES"]
    checkpoint = load_checkpoint(model)
    if checkpoint.serves_any_bands:
        judged = judge_bands(wanted, checkpoint)
        if judged.refused is not None and not force:
            raise BandError(f"{judged.refused}; --force (force=True in Python) goes on all the same")
    added, lacking = (
        [band for band in ours if band not in theirs] for ours, theirs in ((wanted, usual), (usual, wanted))
    )
    differs = [f"{what} {' '.join(own)}" for what, own in (("with", added), ("without", lacking)) if own]
    log.info(
        "the field of the plain demo is drawn %s: its scores are those of these %d bands",
        " and ".join(differs) or "in the same bands",
        len(wanted),
    )
    return wanted
