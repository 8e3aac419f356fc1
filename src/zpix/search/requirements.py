"""Can this model search this mosaic with these settings, and on what does the result depend?"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zpix.config import InferenceConfig
from zpix.detector import Checkpoint, built_for_pix, load_checkpoint, novelty_path
from zpix.disk_space import refuse_without_room
from zpix.errors import BandError, ConfigError, ModelError
from zpix.image import BandRepair, Mosaic, MosaicPaths, Taught, Verdict, examine_mosaic, judge, named_bands
from zpix.progress import waiting
from zpix.search.array_image import ArrayImage
from zpix.search.searched_bands import FEWEST_BANDS, check_bands, judge_bands, searched_bands

log = logging.getLogger(__name__)

# Mosaics within this factor of the model's pixel scale show it sources of the sizes it knows.
_PIXEL_SCALE_TOLERANCE = 0.05
# Share of the training images that lacked as many bands, from which on a model counts as taught to do without them.
_TAUGHT_SHARE = 0.01

# What a run writes at the least: the segmentation map, and the other products of a small field.
_BYTES_PER_PIXEL = 4
_BYTES_OF_OTHERS = 1_000_000


def load_to_search(model: Path, config: InferenceConfig, mosaics: MosaicPaths) -> Checkpoint:
    """Load a model that can do what is asked for, and knows the bands that files are named by.

    Parameters
    ----------
    model : Path
        Checkpoint.
    config : InferenceConfig
        Settings of the search.
    mosaics : str, Path, sequence of these, or mapping of str to path
        Files to search.

    Returns
    -------
    Checkpoint
        The model.

    Raises
    ------
    ModelError, ConfigError
        As in `check_model`.
    BandError
        As in `check_named`.
    """
    checkpoint = load_checkpoint(model)
    check_model(checkpoint, config, model)
    check_named(named_bands(mosaics), checkpoint)
    return checkpoint


def require_room(out: str | Path, shape: tuple[int, int]) -> None:
    """Refuse a place where what a run writes at the least does not fit.

    Parameters
    ----------
    out : str or Path
        Where the run will write.
    shape : (int, int), pixels
        Height and width of the mosaic.

    Raises
    ------
    OutputError
        If the disk has no room for it.
    """
    needed = _BYTES_PER_PIXEL * math.prod(shape) + _BYTES_OF_OTHERS
    refuse_without_room(Path(out).parent, needed, f"{out}: cannot be written", remedy="choose another place")


def check_model(checkpoint: Checkpoint, config: InferenceConfig, model: Path) -> None:
    """Refuse settings that the model cannot serve; warn if it has no measure of novelty.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model.
    config : InferenceConfig
        Settings of the search.
    model : Path
        Where the model is, for messages.

    Raises
    ------
    ModelError
        If conformal intervals are asked for and the model has none.
    ConfigError
        If the tiles are not of the size that the model's backbone was built for.
    """
    if config.intervals == "conformal" and not checkpoint.about.conformal:
        raise ModelError(
            f"{model}: has no conformal intervals, which zpix calibrate fits on 200 validation redshifts or more: take "
            "another model, or intervals = pdf"
        )
    built = built_for_pix(checkpoint.config)
    if built is not None and config.tile_size != built:
        raise ConfigError(
            f"tile_size is {config.tile_size}, but the model's backbone {checkpoint.config.backbone} was built for "
            f"images of {built} pixels: set tile_size = {built} in [inference]"
        )
    if not checkpoint.novelty:
        log.warning(
            "%s has no record of ordinary sources: novelty is NaN and OUTSIDE_TRAINING is never set", model.name
        )  # fmt: skip


def check_named(bands: Sequence[str], checkpoint: Checkpoint) -> None:
    """Refuse bands that the user names and the model does not know.

    Parameters
    ----------
    bands : sequence of str
        Bands by which the user names files.
    checkpoint : Checkpoint
        The model.

    Raises
    ------
    BandError
        If the model does not know one of them; a model that serves any bands refuses none here.
    """
    if checkpoint.serves_any_bands:
        return
    unknown = [band for band in bands if band not in checkpoint.bands]
    if unknown:
        raise BandError(
            f"files are named {' '.join(unknown)}, which the model does not know: leave them out, or take a model with "
            f"them; this one was trained on {' '.join(checkpoint.bands)}"
        )


def check_mosaic(mosaic: Mosaic | ArrayImage, checkpoint: Checkpoint, *, force: bool = False) -> tuple[str, ...]:
    """Refuse a mosaic that the model cannot read; warn of bands that are missing, or that were not taught.

    Parameters
    ----------
    mosaic : Mosaic or ArrayImage
        The mosaic to search.
    checkpoint : Checkpoint
        The model.
    force : bool, default: False
        Whether a mosaic is searched that lacks more bands than the model has learnt to do without, or has bands unlike
        any that it was taught.

    Returns
    -------
    tuple of str
        Bands of the model that the mosaic lacks; for a model that serves any bands, none.

    Raises
    ------
    BandError
        If the mosaic has none of the model's bands; unless `force` is set, also if it has fewer than three of them, or
        lacks more than the model was taught to do without; for a model that serves any bands, as in `check_bands`.
    ModelError
        If its pixel scale is not the model's.
    """
    missing = tuple(band for band in searched_bands(checkpoint, mosaic.bands) if band not in mosaic.bands)
    if not checkpoint.serves_any_bands and len(missing) == len(checkpoint.bands):
        raise BandError(
            f"the mosaic has bands {' '.join(mosaic.bands)}, none of which the model knows; "
            f"it was trained on {' '.join(checkpoint.bands)}"
        )
    expected = checkpoint.config.pixel_scale_arcsec
    scale = mosaic.pixel_scale_arcsec  # not known of arrays without a WCS
    if scale is not None and not is_scale_of_model(scale, expected):
        raise ModelError(
            f"the mosaic has pixels of {scale:.4f} arcsec, the model was trained on "
            f"{expected:.4f}: let `zpix run` bring them to such pixels with --resample, or do it once with "
            f"`zpix align --pixel-scale {expected:g}`"
        )
    if checkpoint.serves_any_bands:
        check_bands(mosaic.bands, checkpoint, force=force)
    elif missing:
        _judge_missing(missing, checkpoint, force=force)
    return missing


def most_missing(checkpoint: Checkpoint) -> int | None:
    """Say how many bands may be missing at once in the images that a model has learnt from.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model.

    Returns
    -------
    int or None
        The largest number of bands that at least one image in a hundred lacked, since training hides each band with
        the probability `band_dropout`; None if the model does not tell.
    """
    chance, bands = (checkpoint.about.training or {}).get("band_dropout"), len(checkpoint.bands)
    if chance is None:
        return None
    share = [math.comb(bands, n) * chance**n * (1 - chance) ** (bands - n) for n in range(bands + 1)]
    return max(n for n in range(bands + 1) if sum(share[n:]) >= _TAUGHT_SHARE)


def _judge_missing(missing: Sequence[str], checkpoint: Checkpoint, *, force: bool) -> None:
    """Warn of missing bands, or refuse to go on without them."""
    known, taught = len(checkpoint.bands), most_missing(checkpoint)
    left = known - len(missing)
    lacks = f"the mosaic lacks {' '.join(missing)}, and has {left} of the {known} bands of the model"
    reason = None
    if left < FEWEST_BANDS:
        reason = f"fewer than {FEWEST_BANDS} bands do not tell redshifts"
    elif taught is not None and len(missing) > taught:
        reason = f"it has learnt to do without {taught} at most" if taught else "it has not learnt to do without any"
    if reason is not None and not force:
        raise BandError(f"{lacks}: {reason}; --force (force=True in Python) goes on all the same")
    log.warning("%s: it gets a mask instead, and n_bands says so", lacks)


def is_scale_of_model(scale_arcsec: float, expected_arcsec: float) -> bool:
    """Return whether a model can search pixels of a certain size.

    Parameters
    ----------
    scale_arcsec : float, arcsec
        Side of a pixel of the mosaic.
    expected_arcsec : float, arcsec
        Side of a pixel that the model was trained on.

    Returns
    -------
    bool
        Whether they differ by 5 % at the most.
    """
    return abs(scale_arcsec / expected_arcsec - 1) <= _PIXEL_SCALE_TOLERANCE


def differences_from_model(mosaic: Mosaic | ArrayImage, checkpoint: Checkpoint) -> list[str]:
    """Say in which bands and pixels a mosaic differs from what a model takes.

    Parameters
    ----------
    mosaic : Mosaic or ArrayImage
        A mosaic.
    checkpoint : Checkpoint
        The model.

    Returns
    -------
    list of str
        Sentences; none for a mosaic of the model's bands and pixels.
    """
    said = []
    missing = [band for band in checkpoint.bands if band not in mosaic.bands]
    unknown = [band for band in mosaic.bands if band not in checkpoint.bands]
    if checkpoint.serves_any_bands:
        judged = judge_bands(mosaic.bands, checkpoint)
        said += [*([] if judged.refused is None else [f"zpix run needs --force: {judged.refused}"]), *judged.warnings]
    else:
        if missing:
            said.append(f"the mosaics lack {' '.join(missing)} of the {len(checkpoint.bands)} bands of the model")
        if unknown:
            said.append(f"the model does not know {' '.join(unknown)}, and makes no use of it")
    expected, scale = checkpoint.config.pixel_scale_arcsec, mosaic.pixel_scale_arcsec
    if scale is not None and not is_scale_of_model(scale, expected):
        said.append(
            f"pixels are {scale:.4f} arcsec wide, and those of the model {expected:.4f}: zpix align brings mosaics "
            "onto another grid"
        )
    return said


def examine_for(mosaic: Mosaic | ArrayImage, checkpoint: Checkpoint, config: InferenceConfig) -> Verdict:
    """Examine a mosaic in the bands that a model searches; warn of what is wrong or outside what it was taught.

    Parameters
    ----------
    mosaic : Mosaic or ArrayImage
        The mosaic to search, with the model's pixel scale.
    checkpoint : Checkpoint
        The model.
    config : InferenceConfig
        Settings of the search; with `as_given` nothing is repaired or refused, but errors are scaled
        for a model that takes measured ones, and fluxes for one that was adapted.

    Returns
    -------
    Verdict
        What was measured, and the repairs that the search needs.

    Raises
    ------
    GridError
        If the bands show their sources more than a pixel apart.
    InputFileError
        If fluxes are wrong by a factor of ten or more.
    """
    scale = mosaic.pixel_scale_arcsec or checkpoint.config.pixel_scale_arcsec
    searched = searched_bands(checkpoint, mosaic.bands)
    known = [band for band in mosaic.bands if band in searched]
    with waiting("examining the mosaics"):
        examination = examine_mosaic(mosaic, pixel_scale_arcsec=scale, bands=known)
    taught = Taught.from_saved(checkpoint.taught)
    remarks = mosaic.remarks if isinstance(mosaic, Mosaic) else ()  # logged when the files were opened
    verdict = judge(examination, taught, as_given=config.as_given, errors=checkpoint.config.errors, remarks=remarks)
    verdict = verdict.with_flux_factors(checkpoint.about.flux_factors or {})
    if verdict.refused is not None and not config.as_given:
        raise verdict.refused
    for sentence in (*([] if verdict.refused is None else [verdict.refused]), *verdict.warnings):
        log.warning("%s", sentence)
    return verdict


def what_decides(
    mosaic: Mosaic, model: Path, config: InferenceConfig, repairs: Sequence[BandRepair] = ()
) -> dict[str, Any]:
    """Collect everything that a result depends on: equal records mean equal catalogues.

    Parameters
    ----------
    mosaic : Mosaic
        The mosaic to search.
    model : Path
        The checkpoint.
    config : InferenceConfig
        Settings of the search.
    repairs : sequence of BandRepair, optional
        What is done to the pixels.

    Returns
    -------
    dict of str to object
        Versions, files with their sizes and times, bands and settings, fit for JSON. The number of workers is left out:
        nothing depends on it.
    """
    paths = [path.absolute() for path in dict.fromkeys(mosaic.paths)]
    files = [path for path in (model, novelty_path(model)) if path.is_file()]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return {
        "zpix": version("zpix"),
        "model": {"path": str(model), "sha256": digest},
        "mosaics": [
            {"path": str(path), "bytes": path.stat().st_size, "changed": path.stat().st_mtime} for path in paths
        ],
        "bands": list(mosaic.bands),
        "shape": list(mosaic.shape),
        "inference": config.model_dump(exclude={"workers"}),
        "repairs": [asdict(repair) for repair in repairs],
    }
