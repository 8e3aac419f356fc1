"""How does a model come to be? Pretrain redshift head or backbone, train the detector, calibrate its answers."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.catalogue import measure_masks
from zpix.colours import draw_colours
from zpix.config import (
    InferenceConfig,
    ModelConfig,
    PretrainingConfig,
    Section,
    SimulationConfig,
    TrainingConfig,
    write_config,
)
from zpix.detector import (
    Checkpoint,
    Detector,
    carry_backbone,
    imagenet_backbone,
    load_checkpoint,
    save_checkpoint,
    stored_backbone,
)
from zpix.errors import ConfigError, ModelError, OutputError, ZpixError
from zpix.evaluation import match_boxes
from zpix.image import Pixels
from zpix.inference import Predictor
from zpix.preparation import store_counts
from zpix.progress import track
from zpix.sources import ConformalIntervals, Novelty, WidthCalibration, ZMixture
from zpix.surveys import GalaxiesML
from zpix.training.backbone import LabelledImages, StoreImages, fit_backbone
from zpix.training.batches import segment_boxes
from zpix.training.loop import STATE_FILE, check_store, fit
from zpix.training.pretraining import (
    CutoutExamples,
    DrawnExamples,
    Examples,
    SourceSums,
    check_photometry,
    cut_sources,
    fit_redshift_head,
    plain_sums,
)
from zpix.training.store import Split, Store

log = logging.getLogger(__name__)

#: Validation redshifts that a calibration takes at the least.
_FEWEST_TO_CALIBRATE = 200
_HDF5 = (".hdf5", ".h5")
#: Instead of a checkpoint: the backbone that timm has trained on photographs.
IMAGENET = "imagenet"


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
    with _training_directory(out, model=model, pretraining=config) as place:
        cutouts = cut_sources(data, "train", size=model.cutout_size_pix)
        validation = None
        if data.count("validation"):
            validation = plain_sums(cut_sources(data, "validation", size=model.cutout_size_pix), model=model)
        training = CutoutExamples(cutouts, model, config.band_dropout)
        return _fit_redshift_head(training, validation, place, model, config, device, _about(data))


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
    with _training_directory(out, model=model, pretraining=config, simulation=simulation) as place:
        training, validation = draw_colours(
            place / "colours", tiles=tiles, seed=seed, simulation=simulation, model=model, config=config,
            tile_size=tile_size, workers=workers,
        )  # fmt: skip
        about = {
            "training_data": {
                "kind": "colours of a mock", "simulation": simulation.model_dump(mode="json"), "seed": seed,
                "tiles": tiles, "realisations": config.realisations,
            },
            "counts": {"train": {"redshifts": len(training.redshift) // config.realisations}},
            "z_range": [round(float(z), 2) for z in (training.redshift.min(), training.redshift.max())],
            "code_version": version("zpix"),
        }  # fmt: skip
        return _fit_redshift_head(DrawnExamples(training), validation, place, model, config, device, about)


def _fit_redshift_head(
    training: Examples,
    validation: SourceSums | None,
    place: Path,
    model: ModelConfig,
    config: PretrainingConfig,
    device: str,
    about: dict[str, Any],
) -> Path:
    torch.manual_seed(config.seed)
    return fit_redshift_head(
        training, validation, place, detector=Detector(model), config=config, device=device, about=about,
        on_epoch=_draw_losses,
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
        _take_backbone(detector, backbone)
        about["started_from"] = {"backbone": _name_of(backbone)}
    with _training_directory(out, model=own, pretraining=config) as place:
        return fit_backbone(
            training, validation, place, detector=detector, config=config, device=device, about=about,
            on_epoch=_draw_losses,
        )  # fmt: skip


def train(
    store: str | Path,
    *,
    out: str | Path,
    model: ModelConfig | None = None,
    config: TrainingConfig | None = None,
    init: str | Path | None = None,
    backbone: str | Path | None = None,
    redshift_head: str | Path | None = None,
    device: str = "auto",
    name: str | None = None,
) -> Path:
    """Train a detector on a store; returns the path of the model. The same command goes on after an interruption.

    Parameters
    ----------
    init : checkpoint of the same architecture to start from; its redshift head may be another if `redshift_head` is
        given
    backbone : checkpoint whose backbone to start from, such as one made by `pretrain_backbone`, of whatever bands; or
        "imagenet" for timm's weights, which are downloaded if they are not in its cache
    redshift_head : checkpoint whose redshift head to start from, such as one made by `pretrain`
    name : how the model calls itself in catalogues; default the name of `out`
    """
    data, config, model = Store(store), config or TrainingConfig(), model or ModelConfig()
    torch.manual_seed(config.seed)
    detector = Detector(model)
    if init is not None:
        other = "" if redshift_head is None else "redshift_head."
        _take_weights(detector, load_checkpoint(init), init, without=other)
    if backbone is not None:
        _take_backbone(detector, backbone)
    if redshift_head is not None:
        _take_weights(detector, load_checkpoint(redshift_head), redshift_head, part="redshift_head.")
    begun = {"init": init, "backbone": backbone, "redshift_head": redshift_head}
    about = {
        "name": name or Path(out).name,
        **_about(data),
        "training": json.loads(config.model_dump_json()),
        "started_from": {part: _name_of(source) for part, source in begun.items() if source is not None},
    }
    with _training_directory(out, model=model, training=config) as place:
        path = fit(data, place, detector=detector, config=config, device=device, about=about, on_epoch=_draw_losses)
    if os.environ.get("RANK", "0") == "0":  # of several processes one
        calibrate(path, data, device=device)
    return path


def calibrate(model: str | Path, store: Store, *, device: str = "auto") -> WidthCalibration:
    """Fit what a model's answers mean on the validation tiles of a store.

    The factors on the widths of its redshift PDFs, its conformal intervals and the ranges for eight bits are kept in
    its file, what ordinary sources look like to it beside it (see `novelty_path`). With fewer than 200 known redshifts
    in the validation tiles the widths stay as the network gives them, there are no conformal intervals and no eight
    bits, and nothing is called outside the training data.
    """
    if len(_labels(store, "validation")) < _FEWEST_TO_CALIBRATE:
        return WidthCalibration()
    checkpoint = load_checkpoint(model)
    config = InferenceConfig(device=device)
    predictor = Predictor(checkpoint, config)
    mixtures, snr, redshifts, features = [], [], [], []
    with predictor.measured_ranges() as ranges:
        for index in track(range(store.count("validation")), "calibrating", store.count("validation")):
            tile = store.read("validation", index)
            pixels = Pixels(tile.flux, tile.error, np.isfinite(tile.error))
            found = predictor.predict(pixels, dust=tile.dust)
            boxes, present = segment_boxes(tile.segmentation, len(tile))
            known = present & np.isfinite(tile.redshift)
            pairs = match_boxes(found.box, boxes[known])
            own = found[pairs.left]
            photometry = measure_masks(own, pixels, threshold=config.mask_threshold)
            whole = ~photometry.edge  # a tile cuts more of the large, bright galaxies than a mosaic does
            mixtures.append(own.redshift[whole])
            snr.append(photometry.snr[whole])
            redshifts.append(tile.redshift[known][pairs.right][whole])
            features.append(own.features[whole])
    columns = [np.concatenate([getattr(m, name) for m in mixtures]) for name in ("weights", "means", "widths")]
    mixture, ratio, known_redshift = ZMixture(*columns), np.concatenate(snr), np.concatenate(redshifts)
    calibration = WidthCalibration.fit(mixture, ratio, known_redshift)
    # On the same sources: what a factor does to the widths of a group its reach undoes, so that hardly anything is
    # fitted twice (tests/sources/test_conformal.py holds it to that); halves for each would only scatter more.
    conformal = ConformalIntervals.fit(calibration.apply(mixture, ratio), ratio, known_redshift)
    about = {
        **checkpoint.about,
        "width_calibration": asdict(calibration),
        "conformal": asdict(conformal),
        "ranges": ranges,
    }
    novelty = Novelty.fit(np.concatenate(features), ratio, widths=predictor.feature_widths)
    arrays = {name: torch.from_numpy(values) for name, values in novelty.to_arrays().items()}
    save_checkpoint(model, Checkpoint(checkpoint.detector, about, arrays))
    return calibration


def _about(store: Store) -> dict[str, Any]:
    """What a model should remember of the data it learnt from."""
    known = _labels(store, "train")
    z_range = [round(float(z), 2) for z in np.quantile(known, [0.0, 1.0])] if len(known) else [0.0, 0.0]
    return {
        "training_data": store.about,
        "counts": store_counts(store),
        "z_range": z_range,
        "code_version": version("zpix"),
    }


def _name_of(source: str | Path) -> str:
    """File and directory: more of a path says where somebody keeps things, not what they are."""
    return "/".join(Path(source).parts[-2:])


def _labels(store: Store, split: Split) -> NDArray[np.float32]:
    """Known redshifts of a split."""
    redshift = store.sources(split)["redshift"]
    return redshift[np.isfinite(redshift)]


def _take_weights(
    detector: Detector, checkpoint: Checkpoint, path: str | Path, *, part: str = "", without: str = ""
) -> None:
    """Weights whose names begin with `part`, except with `without` if it is given, from a checkpoint."""
    every = checkpoint.detector.state_dict().items()
    weights = {n: v for n, v in every if n.startswith(part) and not (without and n.startswith(without))}
    own = detector.state_dict()
    wrong = [n for n, v in weights.items() if n not in own or own[n].shape != v.shape]
    if wrong or not weights:
        what = wrong[0] if wrong else part
        raise ModelError(f"{path}: its tensor '{what}' does not fit the network to be trained; use the same [model]")
    detector.load_state_dict({**own, **weights})


def _take_backbone(detector: Detector, source: str | Path) -> None:
    name = detector.config.backbone
    carry_backbone(detector, imagenet_backbone(name) if str(source) == IMAGENET else stored_backbone(source))


def _labelled_images(
    data: str | Path | Sequence[str | Path], size: int
) -> tuple[LabelledImages, LabelledImages | None, dict[str, Any]]:
    """What to learn from, what to score on, and what to remember of both."""
    paths = [Path(data)] if isinstance(data, (str, Path)) else [Path(path) for path in data]
    if len(paths) == 1 and (inside := sorted(paths[0].glob("*.hdf5"))):
        paths = [path for path in inside if "testing" not in path.name]
    if not all(path.suffix in _HDF5 for path in paths):
        if len(paths) != 1:
            raise ConfigError(f"{paths[1]}: a backbone learns from one store, or from HDF5 files of GalaxiesML")
        store = Store(paths[0])
        scored = StoreImages(store, "validation", size=size) if len(_labels(store, "validation")) else None
        return StoreImages(store, "train", size=size), scored, _about(store)
    for path in paths:
        if "testing" in path.name:
            raise ConfigError(f"{path}: is GalaxiesML's test set; learn from its training file, to test on this one")
    names = {"validation": [p for p in paths if "validation" in p.name]}
    names["train"] = [p for p in paths if p not in names["validation"]]
    if not names["train"]:
        raise ConfigError(f"{paths[0]}: is GalaxiesML's validation set; name its training file too")
    galaxies = {split: GalaxiesML(own, size=size) for split, own in names.items() if own}
    about = {
        "training_data": {"kind": "GalaxiesML", "files": [path.name for path in names["train"]]},
        "counts": {split: {"sources": len(images)} for split, images in galaxies.items()},
        "z_range": [round(float(z), 2) for z in np.quantile(galaxies["train"].redshift, [0.0, 1.0])],
        "code_version": version("zpix"),
    }
    return galaxies["train"], galaxies.get("validation"), about


@contextmanager
def _training_directory(out: str | Path, **sections: Section) -> Iterator[Path]:
    """The directory of a training with its settings; one that a mistake left without a training goes again."""
    place = Path(out)
    is_new = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        if not (place / STATE_FILE).exists():
            write_config(place / "config.toml", **sections)
    except OSError as error:
        raise OutputError(f"{place}: cannot be written: {error.strerror}") from None
    try:
        yield place
    except ZpixError:
        if is_new and not (place / STATE_FILE).exists():
            shutil.rmtree(place, ignore_errors=True)
        raise


def _draw_losses(losses: Path) -> None:
    from zpix.plots import loss_figure  # matplotlib is slow to import, and only this line needs it

    loss_figure(losses).savefig(losses.with_suffix(".png"), dpi=120)
