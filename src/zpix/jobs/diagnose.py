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
    table = read_reference_photometry(catalogue_file(catalogue))
    sources = read_labelled_sources(table, redshifts=tuple(redshifts), band=band)
    diagnosis = map_redshifts(sources, band=band, number=number, faintest=faintest, seed=seed)
    with output_directory(out, products=_DIAGNOSIS, overwrite=overwrite) as place:
        save_figure(place / "diagnosis.png", diagnosis_figure(diagnosis))
        text = json.dumps(diagnosis.to_dict(), indent=1, ensure_ascii=False)
        (place / "diagnosis.json").write_text(text + "\n", encoding="utf-8")
        next_table(diagnosis).write(place / "observe_next.ecsv")
    return diagnosis
