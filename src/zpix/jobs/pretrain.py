"""How does the redshift head, or the backbone, learn before the joint training?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal, get_args

import torch

from zpix.config import Config, Errors, ModelConfig, PretrainingConfig, Section, as_config
from zpix.detector import About, Detector
from zpix.detector.carrying import begin_with, take_backbone
from zpix.errors import ConfigError
from zpix.image.passbands import HALF_HEIGHT_UM
from zpix.plots import draw_losses
from zpix.surveys import GalaxiesML
from zpix.training.about import about_store, known_redshifts, name_of, z_range_of
from zpix.training.backbone_pretraining import LabelledImages, StoreImages, fit_backbone
from zpix.training.directory import training_directory
from zpix.training.drawn_colours import draw_colours, holds_colours, join_colours
from zpix.training.epoch_report import EpochReport
from zpix.training.joint import check_store
from zpix.training.pretraining import check_photometry, fit_redshift_head
from zpix.training.separate_sums import RedrawnExamples
from zpix.training.source_cutouts import cut_sources
from zpix.training.source_sums import CutoutExamples, Examples, SourceSums, plain_sums
from zpix.training.store import Store

#: What can learn alone.
Pretrained = Literal["redshift-head", "backbone"]

_HDF5 = (".hdf5", ".h5")


def pretrain(
    data: str | Path | Sequence[str | Path] = (),
    *,
    out: str | Path,
    mock: int | None = None,
    part: Pretrained = "redshift-head",
    backbone: str | Path | None = None,
    init: str | Path | None = None,
    tile_size_pix: int = 512,
    seed: int = 0,
    workers: int = 1,
    config: str | Path | Config | Section | None = None,
    device: str = "auto",
) -> Path:
    """Train one part of the network on cutouts of single sources, before the joint training.

    The redshift head learns from a training store, or with `mock` from simulated tiles that are drawn for it; of these
    only what the head reads of their sources is kept, in `colours` in the output directory. It can also learn from such
    folders of earlier calls, several together. In every epoch these galaxies have other spectra, of the families that
    `[simulation]` names. The backbone learns from a store or from the images of GalaxiesML.
    `train` takes the result as `redshift_head` or `backbone`. An interrupted call goes on.

    Parameters
    ----------
    data : str, Path or sequence of these, optional
        Training store, or for the redshift head folders `colours` of earlier calls with `mock`. For a backbone also
        HDF5 files of GalaxiesML, or their directory: files with "validation" in their names are for scores, and those
        with "testing" are left alone.
    out : str or Path
        Directory for `model.safetensors`, `losses.csv`, `losses.png`, `config.toml` and the state to go on from.
    mock : int, optional
        Number of simulated tiles to draw and learn from, in place of a store; every twentieth is for validation.
    part : {"redshift-head", "backbone"}, default: "redshift-head"
        What learns.
    backbone : str or Path, optional
        Where a backbone starts: a checkpoint of any bands, or "imagenet" for timm's weights, which are downloaded once.
    init : str or Path, optional
        Model whose redshift head learns on, where it is of the same shape, or is replaced. Its detector stays as it
        is, and with `mock` gives the galaxies the boxes and masks to learn from, so that no joint training is needed.
    tile_size_pix : int, default: 512
        Side of the tiles of `mock` in pixels.
    seed : int, default: 0
        Seed of the skies of `mock`.
    workers : int, default: 1
        Number of processes that draw them; the result is the same for any number.
    config : str, Path, Config, PretrainingConfig, ModelConfig or SimulationConfig, optional
        Settings: the path of a TOML file with `[pretraining]`, `[model]` and, for `mock`, `[simulation]`, or the
        settings themselves. For a backbone, bands, pixel scale and built size are those of the images.
    device : str, default: "auto"
        "auto", "cpu", "cuda" or "cuda:N".

    Returns
    -------
    Path
        The model.

    Raises
    ------
    ConfigError
        If arguments are missing, do not go together, or are out of their range.
    StoreError
        If the store is not of the model's bands and pixel scale, or there is nothing to learn from.
    OutputError
        If `out` holds a training with other settings.

    Examples
    --------
    >>> zpix.pretrain("store.zarr", out="redshift")  # doctest: +SKIP
    """
    settings = as_config(config, "pretraining", "model", "simulation")
    paths = [Path(data)] if isinstance(data, (str, Path)) else [Path(path) for path in data]
    if part not in get_args(Pretrained):
        raise ConfigError(f"part = '{part}': allowed are {', '.join(get_args(Pretrained))}")
    if (mock is None) == (not paths):
        raise ConfigError("pretrain learns from a training store, or with mock = TILES from scenes that it draws")
    if part == "backbone":
        if mock is not None:
            raise ConfigError("mock teaches the redshift head; a backbone learns from the images of a store")
        if init is not None:
            raise ConfigError(f"init = '{init}' is where a redshift head goes on; a backbone starts from backbone")
        return _pretrain_backbone(paths, out, settings.model, settings.pretraining, backbone=backbone, device=device)
    if backbone is not None:
        raise ConfigError(f"backbone = '{backbone}' is where a backbone starts to learn: choose part = backbone")
    if mock is not None:
        return _pretrain_on_mock(
            mock, out, settings, init=init, tile_size=tile_size_pix, seed=seed, workers=workers, device=device
        )
    if all(holds_colours(path) for path in paths):
        return _pretrain_on_colours(paths, out, settings, init=init, device=device)
    if len(paths) > 1 or paths[0].suffix in _HDF5 or any(paths[0].glob("*.hdf5")):
        raise ConfigError(
            f"'{paths[-1]}': the redshift head learns from one training store, or from folders of drawn colours; "
            "GalaxiesML is for part = backbone"
        )
    return _pretrain_head(paths[0], out, settings.model, settings.pretraining, init=init, device=device)


def _pretrain_head(
    store: Path,
    out: str | Path,
    model: ModelConfig,
    config: PretrainingConfig,
    *,
    init: str | Path | None,
    device: str,
) -> Path:
    """Train the redshift head on cutouts of a store."""
    data = Store(store, errors=model.errors)
    check_store(data, model)
    check_photometry(model)
    with training_directory(out, model=model, pretraining=config) as place:
        cutouts = cut_sources(data, "train", size=model.cutout_size_pix)
        validation = None
        if data.count("validation"):
            validation = plain_sums(cut_sources(data, "validation", size=model.cutout_size_pix), model=model)
        training = CutoutExamples(cutouts, model, config.band_dropout)
        return _fit_redshift_head(training, validation, place, model, config, device, about_store(data), init)


def _pretrain_on_mock(
    tiles: int,
    out: str | Path,
    settings: Config,
    *,
    init: str | Path | None,
    tile_size: int,
    seed: int,
    workers: int,
    device: str,
) -> Path:
    """Train the redshift head on the galaxies of simulated tiles that are drawn for it and not kept.

    What it reads of them is kept in `out`/colours, 0.05 MB for a tile and realisation. A call for more tiles in another
    directory can begin with a copy of that folder.
    """
    model, config, simulation = settings.model, settings.pretraining, settings.simulation
    check_photometry(model)
    if tiles < 1 or workers < 1:
        raise ConfigError(f"mock = {tiles} tiles and workers = {workers}: both must be 1 or more")
    with training_directory(out, model=model, pretraining=config, simulation=simulation) as place:
        training, validation = draw_colours(
            place / "colours", tiles=tiles, seed=seed, simulation=simulation, model=model, config=config,
            tile_size=tile_size, workers=workers, detector=None if init is None else Path(init),
        )  # fmt: skip
        about = About(
            training_data={
                "kind": "colours of a mock", "simulation": simulation.model_dump(mode="json"), "seed": seed,
                "tiles": tiles, "realisations": config.realisations, "bands_seen": config.bands_seen,
            },
            counts={"train": {"redshifts": len(training.redshift) // config.realisations}},
            z_range=z_range_of(training.redshift.numpy()),
            code_version=version("zpix"),
        )  # fmt: skip
        examples = RedrawnExamples(training, model, simulation, config.band_dropout, config.bands_seen)
        return _fit_redshift_head(examples, validation, place, model, config, device, about, init)


def _pretrain_on_colours(
    places: Sequence[Path], out: str | Path, settings: Config, *, init: str | Path | None, device: str
) -> Path:
    """Train the redshift head on galaxies that were drawn before, with spectra by the settings of this call."""
    model, config, simulation = settings.model, settings.pretraining, settings.simulation
    check_photometry(model)
    training, validation, skies = join_colours(places, model)
    about = About(
        training_data={
            "kind": "colours of mocks", "skies": skies, "spectra": simulation.model_dump(mode="json")["spectra"],
            "bands_seen": config.bands_seen,
        },
        counts={"train": {"sources": len(training.redshift)}},
        z_range=z_range_of(training.redshift.numpy()),
        code_version=version("zpix"),
    )  # fmt: skip
    with training_directory(out, model=model, pretraining=config, simulation=simulation) as place:
        examples = RedrawnExamples(training, model, simulation, config.band_dropout, config.bands_seen)
        return _fit_redshift_head(examples, validation, place, model, config, device, about, init)


def _fit_redshift_head(
    training: Examples,
    validation: SourceSums | None,
    place: Path,
    model: ModelConfig,
    config: PretrainingConfig,
    device: str,
    about: About,
    init: str | Path | None,
) -> Path:
    """Train the redshift head of a network on examples."""
    torch.manual_seed(config.seed)
    detector = Detector(model)
    if init is not None:
        begin_with(detector, init)
        about = replace(about, started_from={"init": name_of(init)})
    return fit_redshift_head(
        training, validation, place, detector=detector, config=config, device=device, about=about,
        on_epoch=_draw,
    )  # fmt: skip


def _pretrain_backbone(
    paths: Sequence[Path],
    out: str | Path,
    model: ModelConfig,
    config: PretrainingConfig,
    *,
    backbone: str | Path | None,
    device: str,
) -> Path:
    """Train the backbone on images of single galaxies."""
    training, validation, about = _labelled_images(paths, config.image_size_pix, model.errors)
    own = model.model_copy(
        update={
            "bands": training.bands,
            "pixel_scale_arcsec": training.pixel_scale_arcsec,
            "built_size_pix": config.image_size_pix,
        }
    )
    if any(band not in HALF_HEIGHT_UM for band in own.bands):  # neither ranges of wavelength nor a head over any bands
        head = "fpn" if own.redshift_head == "bands" else own.redshift_head
        own = own.model_copy(update={"image_channels": "bands", "redshift_head": head})
    torch.manual_seed(config.seed)
    detector = Detector(own)
    if backbone is not None:
        take_backbone(detector, backbone)
        about = replace(about, started_from={"backbone": name_of(backbone)})
    with training_directory(out, model=own, pretraining=config) as place:
        return fit_backbone(
            training, validation, place, detector=detector, config=config, device=device, about=about,
            on_epoch=_draw,
        )  # fmt: skip


def _draw(report: EpochReport) -> None:
    """Renew the picture of the losses."""
    draw_losses(report.losses_file, title=report.told())


def _labelled_images(
    paths: Sequence[Path], size: int, errors: Errors
) -> tuple[LabelledImages, LabelledImages | None, About]:
    """Return what to learn from, what to score on, and what to remember of both."""
    if len(paths) == 1 and (inside := sorted(paths[0].glob("*.hdf5"))):
        paths = [path for path in inside if "testing" not in path.name]
    if not all(path.suffix in _HDF5 for path in paths):
        if len(paths) != 1:
            raise ConfigError(f"{paths[1]}: a backbone learns from one store, or from HDF5 files of GalaxiesML")
        store = Store(paths[0], errors=errors)
        scored = StoreImages(store, "validation", size=size) if len(known_redshifts(store, "validation")) else None
        return StoreImages(store, "train", size=size), scored, about_store(store)
    for path in paths:
        if "testing" in path.name:
            raise ConfigError(f"{path}: is GalaxiesML's test set; learn from its training file, to test on this one")
    names = {"validation": [p for p in paths if "validation" in p.name]}
    names["train"] = [p for p in paths if p not in names["validation"]]
    if not names["train"]:
        raise ConfigError(f"{paths[0]}: is GalaxiesML's validation set; name its training file too")
    galaxies = {split: GalaxiesML(own, size=size) for split, own in names.items() if own}
    about = About(
        training_data={"kind": "GalaxiesML", "files": [path.name for path in names["train"]]},
        counts={split: {"sources": len(images)} for split, images in galaxies.items()},
        z_range=z_range_of(galaxies["train"].redshift),
        code_version=version("zpix"),
    )
    return galaxies["train"], galaxies.get("validation"), about
