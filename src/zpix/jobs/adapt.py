"""How does a model come to fit one field, by what its pixels and spectra say?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zpix.adaptation import (
    ADAPTED,
    AdaptationAccount,
    Candidate,
    FieldFacts,
    FieldSources,
    FieldSpectra,
    FluxFactors,
    Lessons,
    adapted_checkpoint,
    as_noisy,
    held_out_candidates,
    importance,
    judge_candidates,
    match_spectra,
    mock_candidates,
    places_in_colour,
    search_near,
    simulation_like,
    solve_flux_factors,
    spectra_on,
    taught_simulation,
    tune,
    without_pyramid,
)
from zpix.catalogue import magnitude_ab
from zpix.config import Config, PretrainingConfig, Section, SimulationConfig, as_config, override
from zpix.detector import Checkpoint, default_model, save_checkpoint
from zpix.detector.soft_photometry import reference_weight
from zpix.errors import ConfigError
from zpix.evaluation import RedshiftSample, redshift_sample
from zpix.evaluation.rival import TemplateFitter, read_template_set
from zpix.image import Mosaic, MosaicPaths, Taught, Verdict, ebv_at, open_mosaic
from zpix.outputs import refuse_to_replace, resumable_directory
from zpix.plots import adaptation_figure, save_figure
from zpix.search.apertures import ReferenceApertures
from zpix.search.reference import read_placed_reference
from zpix.search.requirements import check_mosaic, examine_for, load_to_search, what_decides
from zpix.search.searched_bands import narrowed
from zpix.sources import WidthCalibration, has_redshift
from zpix.spectra import milky_way_transmission
from zpix.surveys import Compilation
from zpix.surveys.redshift_lists import parse_list
from zpix.surveys.spectroscopy import RADIUS_ARCSEC
from zpix.training.drawn_colours import draw_colours
from zpix.training.pretraining import check_photometry
from zpix.training.separate_sums import SeparateSums

log = logging.getLogger(__name__)

#: What a directory of an adaptation holds.
PRODUCTS = (
    "model.safetensors", "model.novelty.safetensors", "model.fields.json", "model.surveys.json", "report.md",
    "report.json", "suspects.csv", "adaptation.png",
)  # fmt: skip
_BRIGHT_BAND = "F444W"  # of magnitudes; without it the last band


@dataclass(frozen=True)
class _Task:
    """What is adapted, to what, and with which settings."""

    checkpoint: Checkpoint
    model: Path
    mosaic: Mosaic
    verdict: Verdict
    compilation: Compilation | None
    lists: tuple[str, ...]
    reference: ReferenceApertures | None
    radius_arcsec: float
    templates: tuple[str | Path, ...]
    settings: Config
    base: SimulationConfig
    workers: int


def adapt(
    mosaics: MosaicPaths,
    *,
    out: str | Path,
    redshifts: str | Path | Sequence[str | Path] = (),
    model: str | Path | None = None,
    catalogue: str | Path | None = None,
    segmentation: str | Path | None = None,
    radius_arcsec: float = RADIUS_ARCSEC,
    templates: str | Path | Sequence[str | Path] = (),
    dust: str | None = None,
    device: str | None = None,
    workers: int = 1,
    force: bool = False,
    overwrite: bool = False,
    config: str | Path | Config | Section | None = None,
) -> AdaptationAccount:
    """Fit a model to one field, by the noise and sharpness of its pixels and by spectra of its galaxies.

    The field is examined, and galaxies are drawn that are observed as it is. Sources with spectra give a factor for the
    flux of each band, and tune the redshift head together with the drawn galaxies. Everything is judged on spectra that
    were held out, and only what is better there is handed out: the tuned head, else factors and calibrated widths, else
    the model as it was. An interrupted call goes on.

    Parameters
    ----------
    mosaics : str, Path, sequence of these, or mapping of str to path
        Mosaics, as for `run`, with the model's pixel scale.
    out : str or Path
        Directory to make: `model.safetensors`, which `run` takes, `report.md`, `report.json`, `adaptation.png`, and
        `suspects.csv`, labels that contradict the redshifts.
    redshifts : str, Path or sequence of these, optional
        Lists of spectroscopic redshifts, the most trusted first: `PATH`, or `PATH:COLUMN=BEST,NEXT,...` to say which
        qualities are secure. Without any the mock teaches alone, and is judged by.
    model : str or Path, optional
        Checkpoint to begin with; the shipped model by default.
    catalogue : str or Path, optional
        Catalogue of a survey, whose sources are then given the spectra; by default those that the model finds.
    segmentation : str or Path, optional
        FITS map of its identifiers on the mosaics' grid.
    radius_arcsec : float, default: 0.3
        Separation in arcsec within which a redshift is of a source.
    templates : str, Path or sequence of these, optional
        Template spectra, as for `compare`, that are fitted to the same sources for the report.
    dust : str, optional
        E(B-V), as for `run`.
    device : str, optional
        "auto", "cpu", "cuda" or "cuda:N", where the field is searched.
    workers : int, default: 1
        Number of processes that draw the mock; the result is the same for any number.
    force : bool, default: False
        Whether a mosaic is taken that `run` takes only by force.
    overwrite : bool, default: False
        Whether an earlier adaptation at `out` is replaced.
    config : str, Path, Config, AdaptationConfig, InferenceConfig or SimulationConfig, optional
        Settings: the path of a TOML file with `[adaptation]`, `[inference]` and `[simulation]`, or the settings
        themselves. `[simulation]` says what the mock holds; by default what the model was taught with.

    Returns
    -------
    AdaptationAccount
        What was changed, what it is worth, and suspect labels.

    Raises
    ------
    ZpixError
        If the mosaics, the model, a list or a setting cannot be used, or the lists have no spectra to learn from.

    Examples
    --------
    >>> zpix.adapt("field", redshifts="spectra.fits", out="adapted")  # doctest: +SKIP
    """
    settings = as_config(config, "adaptation", "inference", "simulation")
    inference = override(settings.inference, dust=dust, device=device)
    lists, sets = _several(redshifts), _several(templates)
    if workers < 1:
        raise ConfigError(f"workers = {workers}: must be 1 or more")
    if segmentation is not None and catalogue is None:
        raise ConfigError("segmentation is the map of a catalogue: name the catalogue too")
    refuse_to_replace(out, products=PRODUCTS, overwrite=overwrite)
    path = Path(default_model() if model is None else model).absolute()
    checkpoint = load_to_search(path, inference, mosaics)
    check_photometry(checkpoint.config)
    base = settings.simulation
    if base == SimulationConfig():
        base = taught_simulation(checkpoint.about.training_data)
    with open_mosaic(mosaics) as given:
        check_mosaic(given, checkpoint, force=force)
        checkpoint = narrowed(checkpoint, given.bands)
        compilation = spectra_on(given, lists, radius_arcsec=radius_arcsec) if lists else None
        verdict = examine_for(given, checkpoint, inference)
        placed = None if catalogue is None else read_placed_reference(catalogue, segmentation, given)
        record = what_decides(given, path, inference, verdict.repairs) | {
            "adaptation": settings.adaptation.model_dump(mode="json"),
            "simulation": base.model_dump(mode="json"),
            "redshifts": _described(lists),
            "radius_arcsec": radius_arcsec,
            **({} if placed is None else placed.about),
        }
        with resumable_directory(out, record, products=PRODUCTS, overwrite=overwrite) as work:
            reference = None
            if placed is not None:
                reference = ReferenceApertures(
                    placed.write(work.parts), shape=given.shape, segmentation=placed.segmentation
                )  # fmt: skip
            settings, mosaic = settings.model_copy(update={"inference": inference}), given.repaired(verdict.repairs)
            task = _Task(
                checkpoint, path, mosaic, verdict, compilation, lists, reference, radius_arcsec, sets, settings, base,
                workers,
            )  # fmt: skip
            account = _adapt(task, work.parts, work.products)
    return replace(account, model=Path(out) / "model.safetensors")


def _adapt(task: _Task, parts: Path, products: Path) -> AdaptationAccount:
    """Search, draw, learn, judge, and write the products."""
    config, checkpoint = task.settings.adaptation, task.checkpoint
    torch.manual_seed(config.seed)
    sources, spectra = _find(task, parts / "sources")
    simulation, mock = _draw(task, sources, parts / "colours")
    lessons, given, factors = _lessons(task, sources, spectra, mock, simulation)
    widths = WidthCalibration.from_saved(checkpoint.about.width_calibration)
    detector, epochs = checkpoint.detector.cpu(), config.epochs
    if spectra is None:
        found, redshift, fluxes = mock_candidates(lessons, detector, widths, parts / "folds", config=config)
        weight, others = np.ones(len(redshift)), {}
    else:
        found, best = held_out_candidates(lessons, given, detector, widths, factors, parts / "folds", config=config)
        redshift, fluxes, weight = (
            lessons.redshift,
            lessons.sources.flux.astype(np.float64),
            np.asarray(lessons.weight, np.float64),
        )
        epochs, others = round(float(np.mean(best))), _fitted(task, lessons)
    band = _BRIGHT_BAND if _BRIGHT_BAND in checkpoint.bands else checkpoint.bands[-1]
    magnitude = magnitude_ab(np.nan_to_num(fluxes[:, checkpoint.bands.index(band)]))
    judgement = judge_candidates(
        found, redshift, weight, magnitude, band=band, wrong=config.wrong_labels if spectra else 0.0, others=others
    )  # fmt: skip
    chosen = next(own for own in found if own.name == judgement.chosen)
    if chosen.name == ADAPTED:
        detector = without_pyramid(detector)
        tune(lessons, detector, parts / "whole", config=config, epochs=max(1, epochs))
    facts = _facts(task, spectra, epochs if chosen.name == ADAPTED else 0)
    handed_out = adapted_checkpoint(
        checkpoint, detector, chosen, judgement, lessons, factors.named(), facts, config=config
    )  # fmt: skip
    save_checkpoint(products / "model.safetensors", handed_out)
    account = AdaptationAccount(
        products / "model.safetensors", chosen.name, judgement, factors, spectra, chosen.pdf,
        simulation.model_dump(mode="json"),
    )  # fmt: skip
    account.write(products)
    scores = {name: judgement.scores(name) for name in judgement.samples}
    figure = adaptation_figure(_shown(judgement.samples, chosen), scores, judgement.sound, band=band)
    save_figure(products / "adaptation.png", figure)
    return account


def _find(task: _Task, place: Path) -> tuple[FieldSources, FieldSpectra | None]:
    """Sources near the spectra, and which of them have one; without spectra those in the middle."""
    height, width = task.mosaic.shape
    ra, dec = task.mosaic.sky(np.array([0.5 * width]), np.array([0.5 * height]))
    if task.compilation is not None:
        ra, dec = task.compilation.ra, task.compilation.dec
    sources = search_near(
        task.mosaic, task.checkpoint, task.settings.inference, ra=ra, dec=dec, place=place, reference=task.reference
    )  # fmt: skip
    if task.compilation is None:
        return sources, None
    return sources, match_spectra(sources, task.compilation, radius_arcsec=task.radius_arcsec)


def _draw(task: _Task, sources: FieldSources, place: Path) -> tuple[SimulationConfig, SeparateSums]:
    """Settings of a mock that is observed as the field is, and its galaxies, outlined by the model."""
    config, model = task.settings.adaptation, task.checkpoint.config
    height, width = task.mosaic.shape
    middle = task.mosaic.sky(np.array([0.5 * width]), np.array([0.5 * height]))
    simulation = simulation_like(
        task.verdict.examination, task.base, taught=Taught.from_saved(task.checkpoint.taught),
        ebv=float(ebv_at(*middle, dust=task.settings.inference.dust)[0]), seed=config.seed,
    )  # fmt: skip
    mock, _ = draw_colours(
        place, tiles=config.tiles, seed=config.seed, simulation=simulation, model=model,
        config=PretrainingConfig(realisations=config.realisations), workers=task.workers, detector=task.model,
    )  # fmt: skip
    return simulation, as_noisy(mock, sources.noise, reference=reference_weight(model.gaussian_sigmas_pix))


def _lessons(
    task: _Task,
    sources: FieldSources,
    spectra: FieldSpectra | None,
    mock: SeparateSums,
    simulation: SimulationConfig,
) -> tuple[Lessons, FieldSources, FluxFactors]:
    """What the head learns from, the same sources with fluxes as given, and the factors between them."""
    model, config = task.checkpoint.config, task.settings.adaptation
    none = FluxFactors.none(model.bands)
    if spectra is None:
        nothing = sources[:0]
        return Lessons(nothing, np.zeros(0, np.float32), np.zeros(0), mock, simulation), nothing, none
    given = sources[spectra.row]
    factors = solve_flux_factors(
        given, spectra.z, mock, model=model, simulation=simulation, largest=config.largest_factor, seed=config.seed
    )  # fmt: skip
    reference = reference_weight(model.gaussian_sigmas_pix)
    places = places_in_colour(sources.total[:, :, reference], sources.noise[:, :, reference])
    weight = importance(places[spectra.row], places[has_redshift(sources.label)])
    simulation = factors.remaining(simulation)
    lessons = Lessons(given.divided_by(factors.divisor), spectra.z.astype(np.float32), weight, mock, simulation)
    return lessons, given, factors


def _fitted(task: _Task, lessons: Lessons) -> dict[str, RedshiftSample]:
    """The spectra by template fitting, if there are templates and EAZY: on fluxes in the masks."""
    if not task.templates:
        return {}
    if find_spec("eazy") is None:
        log.warning("template fitting is left out: the package 'eazy' is not installed (pip install 'zpix[rival]')")
        return {}
    bands, own = task.checkpoint.bands, lessons.sources
    passed = milky_way_transmission(bands, own.dust.astype(float))
    total, noise = (values[:, :, -1] / passed for values in (own.total, own.noise))
    templates = read_template_set([Path(one) for one in task.templates])
    fit = TemplateFitter(bands, templates).fit(total, np.where(noise > 0, noise, np.nan))
    return {f"{templates.name} templates": redshift_sample(fit.pdf, fit.z_phot, lessons.redshift)}


def _facts(task: _Task, spectra: FieldSpectra | None, epochs: int) -> FieldFacts:
    """What the model says of the field."""
    mosaics = sorted({path.name for path in task.mosaic.paths})
    return FieldFacts(mosaics, [Path(one).name for one in task.lists], len(spectra) if spectra else 0, epochs)


def _shown(samples: Any, chosen: Candidate) -> dict[str, RedshiftSample]:
    """What the figure shows: the model as it was, other methods, and last the candidate that is handed out."""
    first = next(iter(samples))
    return {name: own for name, own in samples.items() if name != chosen.name or name == first} | {
        chosen.name: samples[chosen.name]
    }


def _several(given: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    """One path or several, as text."""
    return (str(given),) if isinstance(given, (str, Path)) else tuple(str(one) for one in given)


def _described(lists: Sequence[str]) -> list[dict[str, Any]]:
    """Lists of redshifts with the sizes and times of their files."""
    described = []
    for one in lists:
        known = parse_list(one)[0].stat()
        described.append({"list": one, "bytes": known.st_size, "changed": known.st_mtime})
    return described
