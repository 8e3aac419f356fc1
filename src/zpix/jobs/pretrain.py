"""How does the redshift head, or the backbone, learn before the joint training?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import torch

from zpix.config import (
    ModelConfig,
    PretrainingConfig,
    SimulationConfig,
)
from zpix.detector import About, Detector
from zpix.detector.carrying import take_backbone
from zpix.errors import ConfigError
from zpix.jobs.train import draw_losses
from zpix.surveys import GalaxiesML
from zpix.training.about import about_store, known_redshifts, name_of, z_range_of
from zpix.training.backbone_pretraining import LabelledImages, StoreImages, fit_backbone
from zpix.training.directory import training_directory
from zpix.training.drawn_colours import draw_colours
from zpix.training.joint import check_store
from zpix.training.pretraining import check_photometry, fit_redshift_head
from zpix.training.source_cutouts import cut_sources
from zpix.training.source_sums import CutoutExamples, DrawnExamples, Examples, SourceSums, plain_sums
from zpix.training.store import Store

_HDF5 = (".hdf5", ".h5")


def pretrain(
    store: str | Path,
    *,
    out: str | Path,
    model: ModelConfig | None = None,
    config: PretrainingConfig | None = None,
    device: str = "auto",
) -> Path:
    """Train the redshift head on cutouts of a store; `train` takes the result as `redshift_head`."""
    data, config, model = Store(store), config or PretrainingConfig(), model or ModelConfig()
    check_store(data, model)
    check_photometry(model)
    with training_directory(out, model=model, pretraining=config) as place:
        cutouts = cut_sources(data, "train", size=model.cutout_size_pix)
        validation = None
        if data.count("validation"):
            validation = plain_sums(cut_sources(data, "validation", size=model.cutout_size_pix), model=model)
        training = CutoutExamples(cutouts, model, config.band_dropout)
        return _fit_redshift_head(training, validation, place, model, config, device, about_store(data))


def pretrain_mock(
    tiles: int,
    *,
    out: str | Path,
    seed: int = 0,
    simulation: SimulationConfig | None = None,
    model: ModelConfig | None = None,
    config: PretrainingConfig | None = None,
    tile_size: int = 512,
    workers: int = 1,
    device: str = "auto",
) -> Path:
    """Train the redshift head on the galaxies of simulated tiles that are drawn for it and not kept.

    What it reads of them is kept in `out`/colours, 0.05 MB for a tile and realisation. A call for more tiles in another
    directory can begin with a copy of that folder.
    """
    config, model, simulation = config or PretrainingConfig(), model or ModelConfig(), simulation or SimulationConfig()
    check_photometry(model)
    if tiles < 1 or workers < 1:
        raise ConfigError(f"tiles = {tiles} and workers = {workers}: both must be 1 or more")
    with training_directory(out, model=model, pretraining=config, simulation=simulation) as place:
        training, validation = draw_colours(
            place / "colours", tiles=tiles, seed=seed, simulation=simulation, model=model, config=config,
            tile_size=tile_size, workers=workers,
        )  # fmt: skip
        about = About(
            training_data={
                "kind": "colours of a mock", "simulation": simulation.model_dump(mode="json"), "seed": seed,
                "tiles": tiles, "realisations": config.realisations,
            },
            counts={"train": {"redshifts": len(training.redshift) // config.realisations}},
            z_range=z_range_of(training.redshift.numpy()),
            code_version=version("zpix"),
        )  # fmt: skip
        return _fit_redshift_head(DrawnExamples(training), validation, place, model, config, device, about)


def _fit_redshift_head(
    training: Examples,
    validation: SourceSums | None,
    place: Path,
    model: ModelConfig,
    config: PretrainingConfig,
    device: str,
    about: About,
) -> Path:
    torch.manual_seed(config.seed)
    return fit_redshift_head(
        training, validation, place, detector=Detector(model), config=config, device=device, about=about,
        on_epoch=draw_losses,
    )  # fmt: skip


def pretrain_backbone(
    data: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    model: ModelConfig | None = None,
    config: PretrainingConfig | None = None,
    backbone: str | Path | None = None,
    device: str = "auto",
) -> Path:
    """Train the backbone on cutouts of single galaxies; `train` takes the result as `backbone`.

    Parameters
    ----------
    data : a training store; HDF5 files of GalaxiesML, of which those with "validation" in their names are for scores,
        and those with "testing" are refused; or a directory of such files, whose testing file is left alone
    model : as for the training to come; bands, pixel scale and built size are those of the cutouts
    backbone : where to start from, as in `train`
    """
    config, model = config or PretrainingConfig(), model or ModelConfig()
    training, validation, about = _labelled_images(data, config.image_size_pix)
    own = model.model_copy(
        update={
            "bands": training.bands,
            "pixel_scale_arcsec": training.pixel_scale_arcsec,
            "built_size_pix": config.image_size_pix,
        }
    )
    torch.manual_seed(config.seed)
    detector = Detector(own)
    if backbone is not None:
        take_backbone(detector, backbone)
        about = replace(about, started_from={"backbone": name_of(backbone)})
    with training_directory(out, model=own, pretraining=config) as place:
        return fit_backbone(
            training, validation, place, detector=detector, config=config, device=device, about=about,
            on_epoch=draw_losses,
        )  # fmt: skip


def _labelled_images(
    data: str | Path | Sequence[str | Path], size: int
) -> tuple[LabelledImages, LabelledImages | None, About]:
    """What to learn from, what to score on, and what to remember of both."""
    paths = [Path(data)] if isinstance(data, (str, Path)) else [Path(path) for path in data]
    if len(paths) == 1 and (inside := sorted(paths[0].glob("*.hdf5"))):
        paths = [path for path in inside if "testing" not in path.name]
    if not all(path.suffix in _HDF5 for path in paths):
        if len(paths) != 1:
            raise ConfigError(f"{paths[1]}: a backbone learns from one store, or from HDF5 files of GalaxiesML")
        store = Store(paths[0])
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
