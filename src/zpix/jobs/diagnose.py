"""Where in colour and magnitude do redshifts exist, and which sources should be observed next?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zpix.catalogue import catalogue_file
from zpix.errors import ConfigError
from zpix.evaluation import Diagnosis, map_redshifts, next_table, read_labelled_sources
from zpix.outputs import output_directory, refuse_to_replace
from zpix.plots import diagnosis_figure, save_figure
from zpix.surveys import read_reference_photometry

_DIAGNOSIS = ("diagnosis.json", "diagnosis.png", "observe_next.ecsv")


def diagnose(
    catalogue: str | Path,
    *,
    out: str | Path,
    redshifts: str | Path | Sequence[str | Path] = (),
    band: str = "F444W",
    number: int = 100,
    faintest_mag: float = np.inf,
    seed: int = 0,
    overwrite: bool = False,
) -> Diagnosis:
    """Map redshifts in the space of colours and magnitude, and choose which sources to observe next.

    The directory receives `diagnosis.png`, `diagnosis.json` and `observe_next.ecsv`.

    Parameters
    ----------
    catalogue : str or Path
        Catalogue of zpix, the photometric catalogue of JADES, or any table with ra, dec and `flux_<band>` in nJy. Its
        column `z_spec`, if there is one, counts as redshifts.
    out : str or Path
        Directory to make.
    redshifts : str, Path or sequence of these, optional
        Lists of redshifts, the most trusted first, `PATH` or `PATH:COLUMN=BEST,NEXT,...`; compiled as `prepare` does it
        and matched by position within 0.3 arcsec.
    band : str, default: "F444W"
        Band of the magnitudes.
    number : int, default: 100
        Number of sources to observe next, at the most.
    faintest_mag : float, default: inf
        AB magnitude beyond which no source is proposed.
    seed : int, default: 0
        Seed of the map.
    overwrite : bool, default: False
        Whether an earlier diagnosis at `out` is replaced.

    Returns
    -------
    Diagnosis
        The map and the sources to observe; `tables()` gives the numbers as text.

    Raises
    ------
    ZpixError
        If a table cannot be read, lacks a column or holds too few sources, or `out` exists.
    """
    if number < 0:
        raise ConfigError(f"number = {number}: how many sources to observe next cannot be negative")
    refuse_to_replace(out, products=_DIAGNOSIS, overwrite=overwrite)
    table = read_reference_photometry(catalogue_file(catalogue))
    lists = (redshifts,) if isinstance(redshifts, (str, Path)) else tuple(redshifts)
    sources = read_labelled_sources(table, redshifts=lists, band=band)
    diagnosis = map_redshifts(sources, band=band, number=number, faintest=faintest_mag, seed=seed)
    with output_directory(out, products=_DIAGNOSIS, overwrite=overwrite) as place:
        save_figure(place / "diagnosis.png", diagnosis_figure(diagnosis))
        text = json.dumps(diagnosis.to_dict(), indent=1, ensure_ascii=False)
        (place / "diagnosis.json").write_text(text + "\n", encoding="utf-8")
        next_table(diagnosis).write(place / "observe_next.ecsv")
    return diagnosis
