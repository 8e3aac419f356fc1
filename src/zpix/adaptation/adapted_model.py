"""What is kept of an adaptation as a model?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.adaptation.fit_candidates import ADAPTED, AS_IT_WAS, FACTORS, Candidate, mask_snr
from zpix.adaptation.judgement import Judgement
from zpix.adaptation.tuning import Lessons
from zpix.config import AdaptationConfig
from zpix.detector import Checkpoint, Detector, MeasuredSurveys
from zpix.detector.redshift_head import PhotometricHead
from zpix.evaluation.score_json import scores_dict
from zpix.sources import ConformalIntervals, Novelty, WidthCalibration
from zpix.training.pretraining import predict_sums
from zpix.training.separate_sums import redrawn

_FEWEST_FOR_INTERVALS = 50  # spectra from which on conformal intervals are those of the field
_MOST_FOR_NOVELTY = 20_000


@dataclass(frozen=True)
class FieldFacts:
    """What a model says of the field that it was adapted to.

    Attributes
    ----------
    mosaics : list of str
        Names of the files.
    redshifts : list of str
        Names of the lists.
    spectra : int
        Number of spectra that were used.
    epochs : int
        Epochs that the redshift head was tuned.
    """

    mosaics: list[str]
    redshifts: list[str]
    spectra: int
    epochs: int


def adapted_checkpoint(
    checkpoint: Checkpoint,
    detector: Detector,
    chosen: Candidate,
    judgement: Judgement,
    lessons: Lessons,
    factors: Mapping[str, float],
    facts: FieldFacts,
    *,
    config: AdaptationConfig,
) -> Checkpoint:
    """Make the model that is handed out.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model as it was.
    detector : Detector
        The network, tuned if the candidate is.
    chosen : Candidate
        The candidate that is handed out.
    judgement : Judgement
        Why.
    lessons : Lessons
        What the head learnt from.
    factors : mapping of str to float
        Factors of the fluxes; used by the candidates that have them.
    facts : FieldFacts
        Of the field.
    config : AdaptationConfig
        How it learnt.

    Returns
    -------
    Checkpoint
        Its header says to which field it was adapted, and how well it does there.
    """
    known = checkpoint.about
    scores = {name: judgement.scores(name)["all"] for name in (AS_IT_WAS, chosen.name)}
    about = replace(
        known,
        name=f"{known.name or 'unnamed'}, adapted",
        flux_factors=_together(known.flux_factors or {}, factors if chosen.name in (FACTORS, ADAPTED) else {}) or None,
        adaptation={**asdict(facts), "changed": chosen.name, "wrong_labels": round(judgement.wrong_share, 4),
                    "settings": config.model_dump(mode="json"), "scores": scores_dict(scores)},
    )  # fmt: skip
    adapted = replace(checkpoint, detector=detector)
    if chosen.name != AS_IT_WAS:
        about = replace(about, width_calibration=_plain(chosen.widths))
        if len(lessons) >= _FEWEST_FOR_INTERVALS:
            weight = judgement.weight * (1 - judgement.wrong)
            snr, z = lessons.sources.snr, lessons.redshift
            own = weight > 0
            conformal = ConformalIntervals.fit(
                chosen.pdf[own], snr[own], z[own], weight=weight[own] / weight[own].mean()
            )  # fmt: skip
            about = replace(about, conformal=asdict(conformal))
    if chosen.name == ADAPTED:  # the surveys were measured with other weights
        ordinary = _ordinary_sources(detector, lessons, config)
        described = checkpoint.bands if checkpoint.narrowed_from else ()
        adapted = replace(adapted, novelty=ordinary, novelty_bands=described, surveys=MeasuredSurveys())
    return replace(adapted, about=about)


def _together(earlier: Mapping[str, float], later: Mapping[str, float]) -> dict[str, float]:
    """Factors of an adaptation that began with a model that had some."""
    bands = dict.fromkeys([*earlier, *later])
    return {band: float(f"{earlier.get(band, 1.0) * later.get(band, 1.0):.4g}") for band in bands}


def _plain(widths: WidthCalibration) -> dict[str, Any]:
    """A calibration as a header keeps it."""
    return {name: list(values) for name, values in asdict(widths).items()}


def _ordinary_sources(detector: Detector, lessons: Lessons, config: AdaptationConfig) -> dict[str, Tensor]:
    """What ordinary sources look like to a tuned head: galaxies of the mock, in the noise of the field."""
    head, model = detector.redshift_head, detector.config
    assert isinstance(head, PhotometricHead), "check_photometry refuses others"
    rng = np.random.default_rng([config.seed, 71])
    count = len(lessons.mock.redshift)
    rows: NDArray[Any] = rng.choice(count, min(_MOST_FOR_NOVELTY, count), replace=False)
    drawn = redrawn(
        lessons.mock.of(torch.from_numpy(rows)), model=model, simulation=lessons.simulation, band_dropout=0.0, rng=rng
    )  # fmt: skip
    features = predict_sums(head, drawn, torch.device("cpu")).features.numpy()
    novelty = Novelty.fit(features, mask_snr(drawn.sums, model), widths=head.feature_widths)
    return {name: torch.from_numpy(np.asarray(values)) for name, values in novelty.to_arrays().items()}
