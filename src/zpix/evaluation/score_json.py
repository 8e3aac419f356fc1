"""How are scores written as JSON values?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zpix.evaluation.detection_scores import CountedFraction, DetectionScores
from zpix.evaluation.redshifts import RedshiftScores
from zpix.evaluation.selections import SelectionScores


def scores_dict(scores: Mapping[str, RedshiftScores]) -> dict[str, Any]:
    """Redshift scores as JSON values.

    Parameters
    ----------
    scores : mapping of str to RedshiftScores
        Scores by the name of the sample.

    Returns
    -------
    dict
        The same names; numbers that do not exist are None.
    """
    return {
        name: {
            key: value if isinstance(value, int) else {k: _finite(v) for k, v in value.items()}
            for key, value in asdict(score).items()
        }
        for name, score in scores.items()
    }


def fraction_dict(fraction: CountedFraction) -> dict[str, Any]:
    """Counts, fractions and 68 % intervals as JSON values.

    Parameters
    ----------
    fraction : CountedFraction
        The fractions.

    Returns
    -------
    dict
        Lists of one length; numbers that do not exist are None.
    """
    low, high = fraction.interval()
    return {
        "count": fraction.count.tolist(),
        "total": fraction.total.tolist(),
        "value": [_finite(v) for v in fraction.value],
        "low": [_finite(v) for v in low],
        "high": [_finite(v) for v in high],
    }


def detection_dict(scores: DetectionScores) -> dict[str, Any]:
    """Detection scores as JSON values.

    Parameters
    ----------
    scores : DetectionScores
        The scores.

    Returns
    -------
    dict
        Edges, limits, and each fraction by name.
    """
    names = ("completeness", "completeness_detectable", "purity")
    return {
        "mag_edges": scores.mag_edges.tolist(),
        "mag_limits": scores.mag_limits.tolist(),
        **{f"{n}{part}": fraction_dict(getattr(scores, f"{n}{part}")) for n in names for part in ("", "_below")},
    }


def selection_dict(scores: SelectionScores) -> dict[str, Any]:
    """Scores of a selection as JSON values.

    Parameters
    ----------
    scores : SelectionScores
        The scores.

    Returns
    -------
    dict
        Limits, fractions by name, and the number of stars.
    """
    fractions = {name: fraction_dict(getattr(scores, name)) for name in ("recall", "recall_detected", "purity")}
    return {"z_limit": scores.z_limit, "mag_limit": scores.mag_limit, **fractions, "n_stars": scores.n_stars}


def _finite(value: float) -> float | None:
    """The number, or None where there is none."""
    return float(value) if math.isfinite(value) else None
