"""What does each way to fit a model to a field say of spectra that it has not seen?

The candidates, from the least to the most that is changed: the model as it was; its widths calibrated; fluxes divided
by factors too; the redshift head tuned too. Spectra are divided into folds; what is fitted or tuned for one of them has
seen the others alone. (The factors, one number for each band, are those of all spectra.)
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.adaptation.copies import head_inputs
from zpix.adaptation.field_sources import FieldSources
from zpix.adaptation.flux_factors import FluxFactors
from zpix.adaptation.tuning import Lessons, tune
from zpix.adaptation.wrong_labels import wrong_probability
from zpix.config import AdaptationConfig, ModelConfig
from zpix.detector import Detector, Mixture
from zpix.detector.redshift_head import PhotometricHead
from zpix.sources import WidthCalibration, ZMixture
from zpix.sources.calibration import knot_shares
from zpix.training.pretraining import predict_sums
from zpix.training.separate_sums import redrawn

#: Names of the candidates, from the least to the most that is changed.
AS_IT_WAS, WIDTHS, FACTORS, ADAPTED = "as it was", "widths", "factors and widths", "adapted"

_HALF_TRUSTED = 50.0  # spectra around a signal-to-noise ratio at which half of what they say of widths is believed
_FEWEST = 8.0
_ROUNDS = 3
_MOCK_HELD_OUT = 10  # one in so many simulated galaxies is held out where there are no spectra


@dataclass(frozen=True, eq=False)
class Candidate:
    """What one way to fit a model says of N spectra, each held out.

    Attributes
    ----------
    name : str
        Of the candidate.
    pdf : ZMixture of length N
        With calibrated widths.
    raw : ZMixture of length N
        Before that.
    widths : WidthCalibration
        Fitted on all spectra.
    """

    name: str
    pdf: ZMixture
    raw: ZMixture
    widths: WidthCalibration


def fold_numbers(count: int, folds: int, *, seed: int) -> NDArray[np.int64]:
    """Divide spectra into folds.

    Parameters
    ----------
    count : int
        Number of spectra.
    folds : int
        Number of folds, at most that of the spectra.
    seed : int
        From which they follow.

    Returns
    -------
    (count,) int64
        Fold of each.
    """
    number = np.arange(count) % min(folds, max(count, 1))
    return np.random.default_rng([seed, 61]).permutation(number)


def held_out_candidates(
    lessons: Lessons,
    given: FieldSources,
    detector: Detector,
    widths: WidthCalibration,
    factors: FluxFactors,
    place: Path,
    *,
    config: AdaptationConfig,
) -> tuple[list[Candidate], list[int]]:
    """Ask every candidate for the redshifts of spectra that it has not seen.

    Parameters
    ----------
    lessons : Lessons
        N spectra, with fluxes divided by the factors, and the mock.
    given : FieldSources
        Their N sources with fluxes as they were.
    detector : Detector
        The model as it was; it is not changed.
    widths : WidthCalibration
        Its calibration.
    factors : FluxFactors
        Factors of the fluxes.
    place : Path
        Directory of the trainings.
    config : AdaptationConfig
        How to learn.

    Returns
    -------
    candidates : list of Candidate
        From the least to the most that is changed.
    epochs : list of int
        Epochs that were best for the head in each fold.
    """
    folds = fold_numbers(len(lessons), config.folds, seed=config.seed)
    model, head = detector.config, detector.redshift_head
    assert isinstance(head, PhotometricHead), "check_photometry refuses others"
    before = answers(head, given, model)
    found = [
        Candidate(AS_IT_WAS, widths.apply(before, given.snr), before, widths),
        _calibrated(WIDTHS, before, widths, lessons, folds, config),
    ]
    if factors.applied.any():
        found.append(_calibrated(FACTORS, answers(head, lessons.sources, model), widths, lessons, folds, config))
    parts, epochs = [], []
    for fold in np.unique(folds):
        own = without_pyramid(detector)
        epochs.append(tune(lessons.of(folds != fold), own, place / f"fold-{fold}", config=config))
        parts.append(answers(own.redshift_head, lessons.sources[folds == fold], model))  # type: ignore[arg-type]
    order = np.argsort(np.concatenate([np.flatnonzero(folds == fold) for fold in np.unique(folds)]))
    tuned = ZMixture.concatenate(parts)[order]
    found.append(_calibrated(ADAPTED, tuned, widths, lessons, folds, config))
    return found, epochs


def mock_candidates(
    lessons: Lessons, detector: Detector, widths: WidthCalibration, place: Path, *, config: AdaptationConfig
) -> tuple[list[Candidate], NDArray[np.float32], NDArray[np.float64]]:
    """Ask the model as it was, and one that a mock of the field's noise has tuned, about a part of the mock.

    Parameters
    ----------
    lessons : Lessons
        The mock; no spectra.
    detector : Detector
        The model as it was; it is not changed.
    widths : WidthCalibration
        Its calibration, which stays.
    place : Path
        Directory of the training.
    config : AdaptationConfig
        How to learn.

    Returns
    -------
    candidates : list of Candidate
        On N simulated galaxies, the last of the mock.
    redshift : (N,) float32
        Their redshifts.
    flux : (N, band) float64, nJy
        True total fluxes they were drawn with.
    """
    count = len(lessons.mock.redshift)
    kept = max(1, count // _MOCK_HELD_OUT)
    first, last = torch.arange(count - kept), torch.arange(count - kept, count)
    own = without_pyramid(detector)
    tune(replace(lessons, mock=lessons.mock.of(first)), own, place / "fold-0", config=config, epochs=config.epochs)
    drawn = redrawn(
        lessons.mock.of(last), model=detector.config, simulation=lessons.simulation, band_dropout=0.0,
        rng=np.random.default_rng([config.seed, 62]),
    )  # fmt: skip
    snr = mask_snr(drawn.sums, detector.config)
    found = []
    for name, head in ((AS_IT_WAS, detector.redshift_head), (ADAPTED, own.redshift_head)):
        assert isinstance(head, PhotometricHead), "check_photometry refuses others"
        raw = _as_mixture(predict_sums(head, drawn, torch.device("cpu")))
        found.append(Candidate(name, widths.apply(raw, snr), raw, widths))
    return found, drawn.redshift.numpy(), lessons.mock.of(last).flux.numpy().astype(np.float64)


def mask_snr(sums: torch.Tensor, model: ModelConfig) -> NDArray[np.float64]:
    """Give the signal-to-noise ratio in the masks of sources, all bands together.

    Parameters
    ----------
    sums : Tensor, shape (n, F)
        As the redshift head reads them.
    model : ModelConfig
        Weights of the photometry.

    Returns
    -------
    (n,) float64
        Square root of the sum of squares over the bands with positive flux.
    """
    each = len(model.gaussian_sigmas_pix) + len(model.elliptical_widths) + 1
    significance = torch.sinh(2 * sums[:, : len(model.bands) * each].double())
    in_masks = significance.reshape(len(sums), len(model.bands), each)[:, :, -1].numpy()
    return np.asarray(np.sqrt((np.maximum(in_masks, 0) ** 2).sum(1)))


def answers(head: PhotometricHead, sources: FieldSources, model: ModelConfig, *, batch: int = 4096) -> ZMixture:
    """Ask a head for the redshifts of sources of a field, as a run does.

    Parameters
    ----------
    head : PhotometricHead
        In evaluation mode, on the processor.
    sources : FieldSources
        N sources.
    model : ModelConfig
        Weights of the photometry.
    batch : int, default 4096
        Sources asked for at once.

    Returns
    -------
    ZMixture
        PDFs before the calibration of widths.
    """
    given = head_inputs(sources, model)
    if not sources.pyramid.shape[1] or not has_pyramid(head):
        mixture = predict_sums(head, given, torch.device("cpu"), batch=batch)
    else:
        with torch.no_grad():
            columns = (torch.split(own, batch) for own in (given.sums, given.dust, torch.from_numpy(sources.pyramid)))
            parts = [head.from_sums(*own) for own in zip(*columns, strict=True)]
            mixture = Mixture(*(torch.cat(column) for column in zip(*parts, strict=True)))
    return _as_mixture(mixture)


def _as_mixture(mixture: Mixture) -> ZMixture:
    """A mixture of tensors as plain arrays."""
    log_weights, means, scales = (part.double().numpy() for part in mixture[:3])
    return ZMixture(np.exp(log_weights), means, scales)


def without_pyramid(detector: Detector) -> Detector:
    """Copy a detector whose redshifts are those of the photometry alone.

    The mock teaches the photometry alone, and what the pyramid adds has been learnt with other photometry.

    Parameters
    ----------
    detector : Detector
        The network, which is not changed.

    Returns
    -------
    Detector
        In evaluation mode.
    """
    own = copy.deepcopy(detector).eval()
    part = getattr(own.redshift_head, "pyramid", None)
    if part is not None:
        with torch.no_grad():
            for parameter in part.parameters():
                parameter.zero_()
    return own


def has_pyramid(head: PhotometricHead) -> bool:
    """Say whether the pyramid adds anything to the photometry.

    Parameters
    ----------
    head : PhotometricHead
        The head.

    Returns
    -------
    bool
        False for heads without that part, and where its weights are zero.
    """
    part = getattr(head, "pyramid", None)
    return part is not None and any(bool(parameter.any()) for parameter in part[-1].parameters())


def fit_widths(
    raw: ZMixture, widths: WidthCalibration, lessons: Lessons, *, wrong: float, rows: NDArray[np.bool_] | None = None
) -> WidthCalibration:
    """Calibrate widths on spectra some of which are of other sources.

    Parameters
    ----------
    raw : ZMixture of length N
        PDFs of spectra that were held out.
    widths : WidthCalibration
        The calibration before; the fewer spectra there are, the more of it stays.
    lessons : Lessons
        N spectra.
    wrong : float
        Share of wrong labels to begin with.
    rows : (N,) bool, optional
        Which spectra count; all by default.

    Returns
    -------
    WidthCalibration
        What is to be done to the widths in all.
    """
    own = np.ones(len(lessons), bool) if rows is None else rows
    pdf, snr = raw[own], lessons.sources.snr[own]
    z, weight = lessons.redshift[own].astype(np.float64), lessons.weight[own]
    shares, started, result = knot_shares(np.log10(np.maximum(snr, 1e-3))), widths.apply(pdf, snr), widths
    for _ in range(_ROUNDS):
        probability, _ = wrong_probability(result.apply(pdf, snr), z, wrong=wrong)
        sound = weight * (1 - probability)
        count = shares @ sound
        later = WidthCalibration.fit(started, snr, z, weight=sound, fewest=_FEWEST)
        trust = np.interp(widths.log_snr, later.log_snr, count / (count + _HALF_TRUSTED))
        result = widths.followed_by(later, trust=trust)
    return result


def _calibrated(
    name: str,
    raw: ZMixture,
    widths: WidthCalibration,
    lessons: Lessons,
    folds: NDArray[np.int64],
    config: AdaptationConfig,
) -> Candidate:
    """A candidate whose widths are calibrated on the other folds."""
    pdf = ZMixture(raw.weights, raw.means, raw.widths.copy())
    for fold in np.unique(folds):
        own = folds == fold
        fitted = fit_widths(raw, widths, lessons, wrong=config.wrong_labels, rows=~own)
        pdf.widths[own] = fitted.apply(raw[own], lessons.sources.snr[own]).widths
    return Candidate(name, pdf, raw, fit_widths(raw, widths, lessons, wrong=config.wrong_labels))
