"""How are scores shown as tables of text?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from zpix.evaluation.detection_scores import CountedFraction, DetectionScores
from zpix.evaluation.redshifts import Estimate, RedshiftScores
from zpix.evaluation.selections import SELECTION_PROBABILITY, SelectionScores
from zpix.outputs import TextTable

#: Names of the redshift scores in tables, in their order.
SCORE_TITLES = {
    "bias": "bias",
    "sigma_nmad": "σ_NMAD",
    "outlier_fraction": "outliers",
    "pit_ks": "PIT KS",
    "coverage_68": "in 68 %",
    "coverage_95": "in 95 %",
    "crps": "CRPS",
    "cde_loss": "CDE loss",
}


def estimate_text(estimate: Estimate) -> str:
    """Value and error of a score as text.

    Parameters
    ----------
    estimate : Estimate
        The score.

    Returns
    -------
    str
        Such as "0.018 ±0.001"; a dash without a value.
    """
    if not math.isfinite(estimate.value):
        return "-"
    return f"{estimate.value:.3f} ±{estimate.error:.3f}"


def fraction_text(fraction: CountedFraction, index: int) -> str:
    """Value of a fraction and half the length of its 68 % interval as text.

    Parameters
    ----------
    fraction : CountedFraction
        The fractions.
    index : int
        Which of them.

    Returns
    -------
    str
        Such as "0.953 ±0.003"; a dash without sources.
    """
    if not fraction.total[index]:
        return "-"
    return f"{fraction.value[index]:.3f} ±{fraction.error[index]:.3f}"


def detection_table(scores: DetectionScores) -> TextTable:
    """Tabulate completeness and purity, a column for each magnitude limit.

    Parameters
    ----------
    scores : DetectionScores
        The scores.

    Returns
    -------
    TextTable
        Title, header and rows.
    """
    kinds = {
        "completeness": scores.completeness_below,
        "of detectable": scores.completeness_detectable_below,
        "purity": scores.purity_below,
    }
    columns = range(len(scores.mag_limits))
    rows = [[name, *(fraction_text(kind, i) for i in columns)] for name, kind in kinds.items()]
    rows.append(["true sources", *map(str, scores.completeness_below.total)])
    rows.append(["detections", *map(str, scores.purity_below.total)])
    return "Detection", ["score", *(f"{scores.band} < {limit:g}" for limit in scores.mag_limits)], rows


def redshift_table(samples: Mapping[str, RedshiftScores], *, title: str = "Redshifts of matched galaxies") -> TextTable:
    """Tabulate redshift scores, a column for each sample.

    Parameters
    ----------
    samples : mapping of str to RedshiftScores
        Scores by the name of the sample.
    title : str, optional
        Title of the table.

    Returns
    -------
    TextTable
        Title, header and rows.
    """
    rows = [["galaxies", *(str(scores.count) for scores in samples.values())]]
    for name, words in SCORE_TITLES.items():
        rows.append([words, *(estimate_text(getattr(scores, name)) for scores in samples.values())])
    return title, ["score", *samples], rows


def selection_table(selections: Sequence[SelectionScores], *, method: str, band: str) -> TextTable:
    """Tabulate recall and purity of selections, a column for each redshift.

    Parameters
    ----------
    selections : sequence of SelectionScores
        The scores, all down to one magnitude.
    method : str
        Name of the method that selects.
    band : str
        Band of the magnitudes.

    Returns
    -------
    TextTable
        Title, header and rows.
    """
    rows = []
    for name, text in (
        ("recall", "true galaxies in the field, selected"),
        ("recall_detected", "true galaxies detected, selected"),
        ("purity", "selected sources, true"),
    ):
        fractions = [getattr(scores, name) for scores in selections]
        rows.append([text, *(f"{fraction_text(f, 0)} ({f.count[0]}/{f.total[0]})" for f in fractions)])
    rows.append(["stars selected", *(str(scores.n_stars) for scores in selections)])
    title = f"{method}: galaxies by P(> z) > {SELECTION_PROBABILITY:g}, {band} < {selections[0].mag_limit:g}"
    return title, ["fraction of", *(f"z > {scores.z_limit:g}" for scores in selections)], rows


def listed_table(counts: Mapping[str, int], *, quality_column: str, title: str = "Redshifts of the list") -> TextTable:
    """Tabulate what became of the redshifts of a list.

    Parameters
    ----------
    counts : mapping of str to int
        Numbers of redshifts; those left out for a reason are shown where there are any.
    quality_column : str
        Column that was taken for their quality; empty for none.
    title : str, optional
        Title of the table.

    Returns
    -------
    TextTable
        Title, header and rows.
    """
    always = ("listed", "kept", "without a partner")
    rows = [["quality from column", quality_column or "none: all count as secure"]]
    rows += [[name, str(count)] for name, count in counts.items() if count or name in always]
    return title, ["redshifts", "number"], rows
