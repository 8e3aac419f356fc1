"""What do the answers of a trained model mean on redshifts that it has not learnt from?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.catalogue import measure_masks
from zpix.config import BandsSeen, InferenceConfig
from zpix.detector import Checkpoint, load_checkpoint, save_checkpoint
from zpix.errors import StoreError
from zpix.image import Pixels
from zpix.matching import match_boxes
from zpix.progress import track
from zpix.search import Predictor
from zpix.sources import ConformalIntervals, Novelty, WidthCalibration, ZMixture
from zpix.training.about import known_redshifts
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.bands_seen import draw_bands_seen
from zpix.training.batches import segment_boxes
from zpix.training.joint import check_store
from zpix.training.store import Store

# Validation redshifts that a calibration needs.
_FEWEST = 200


def calibrate(
    model: str | Path, store: str | Path, *, bands_seen: BandsSeen = "all", device: str = "auto"
) -> WidthCalibration:
    """Calibrate a model on the validation tiles of a store, and keep the result with the model.

    Four things are fitted on sources of known redshift: factors on the widths of redshift PDFs, conformal intervals,
    the ranges that arithmetic in eight bits needs, and what ordinary sources look like to the network. The last is kept
    beside the model's file (`model.novelty.safetensors`), the others in it; what an earlier calibration had put there
    is replaced. `train` does this at its end.

    Parameters
    ----------
    model : str or Path
        Checkpoint, which is changed.
    store : str or Path
        Training store whose validation split has 200 known redshifts or more that the model has not learnt from.
    bands_seen : {"all", "sets"}, default: "all"
        Whether widths and intervals are fitted in all bands of the store, or on tiles in random sets of them, as a
        model that serves any bands has learnt.
    device : str, default: "auto"
        "auto", "cpu", "cuda" or "cuda:N".

    Returns
    -------
    WidthCalibration
        The factors on the widths of redshift PDFs.

    Raises
    ------
    ModelError
        If the checkpoint cannot be used.
    StoreError
        If the store is not of the model's bands and pixel scale, or has fewer than 200 validation redshifts. For a
        model that serves any bands, the store may have some of those that it was taught.
    """
    checkpoint = load_checkpoint(model)
    data = Store(store, errors=checkpoint.config.errors)
    if not can_calibrate(data):
        raise StoreError(
            f"{store}: has {len(known_redshifts(data, 'validation'))} validation redshifts: a calibration needs "
            f"{_FEWEST} or more"
        )
    model_in_bands = _in_bands_of(data, checkpoint)
    predictor = Predictor(model_in_bands, InferenceConfig(device=device))
    planes = [data.bands.index(band) for band in predictor.bands]
    tiles = [_Tile(data, index, planes) for index in range(data.count("validation"))]
    with predictor.measured_ranges() as ranges:
        whole = _Seen.joined([tile.searched(predictor) for tile in track(tiles, "calibrating", len(tiles))])
    seen = whole
    if bands_seen == "sets":
        rng = np.random.default_rng(0)
        sets = [draw_bands_seen(predictor.bands, bands_seen, rng) for _ in tiles]
        pairs = track(zip(tiles, sets, strict=True), "calibrating in sets of bands", len(tiles))
        seen = _Seen.joined([tile.searched(predictor, own) for tile, own in pairs])
    calibration = WidthCalibration.fit(seen.mixture, seen.snr, seen.redshift)
    # Fitted on the same sources: conformal intervals undo what a factor does to the widths of a group, so that hardly
    # anything is fitted twice (tests/sources/test_conformal.py measures it); with halves each would only scatter more.
    fitted = ConformalIntervals.fit(calibration.apply(seen.mixture, seen.snr), seen.snr, seen.redshift)
    conformal = fitted.no_narrower_than_pdfs()  # a field may be more foreign than these tiles
    about = replace(checkpoint.about, width_calibration=asdict(calibration), conformal=asdict(conformal), ranges=ranges)
    novelty = Novelty.fit(whole.features, whole.snr, widths=predictor.feature_widths)
    arrays = {name: torch.from_numpy(values) for name, values in novelty.to_arrays().items()}
    described = model_in_bands.bands if model_in_bands.narrowed_from else ()
    save_checkpoint(model, replace(checkpoint, about=about, novelty=arrays, novelty_bands=described))
    return calibration


def _in_bands_of(store: Store, checkpoint: Checkpoint) -> Checkpoint:
    """Return a model in the bands of a store, which is refused if it does not fit the model."""
    further = [band for band in store.bands if band not in checkpoint.taught_bands]
    if checkpoint.serves_any_bands and not further:
        checkpoint = checkpoint.for_bands(store.bands)
        fitting = checkpoint.config.model_copy(update={"bands": store.bands})  # in any order
    else:
        fitting = checkpoint.config
    check_store(store, fitting, needs="validation")
    return checkpoint


def can_calibrate(store: Store) -> bool:
    """Return whether a store has enough validation redshifts to calibrate a model on.

    Parameters
    ----------
    store : Store
        The training store.

    Returns
    -------
    bool
        True from 200 validation redshifts on.
    """
    return len(known_redshifts(store, "validation")) >= _FEWEST


@dataclass(frozen=True)
class _Seen:
    """Sources of known redshift that a model has found: N of them."""

    mixture: ZMixture
    snr: NDArray[np.float64]
    redshift: NDArray[np.float32]
    features: NDArray[np.float32]

    @staticmethod
    def joined(parts: Sequence[_Seen]) -> _Seen:
        """Those of all tiles."""
        snr, redshift, features = (
            np.concatenate([getattr(one, name) for one in parts]) for name in ("snr", "redshift", "features")
        )
        return _Seen(ZMixture.concatenate([one.mixture for one in parts]), snr, redshift, features)


@dataclass(frozen=True)
class _Tile:
    """A validation tile of a store, of which a model takes some planes."""

    store: Store
    index: int
    planes: list[int]

    def searched(self, predictor: Predictor, bands_seen: NDArray[np.bool_] | None = None) -> _Seen:
        """Return the detections that match known redshifts, with some bands hidden if need be."""
        tile, config = self.store.read("validation", self.index), predictor.config
        pixels = self._pixels(tile, bands_seen)
        found = predictor.predict(pixels, dust=tile.dust)
        boxes, present = segment_boxes(tile.segmentation, len(tile))
        known = present & np.isfinite(tile.redshift)
        pairs = match_boxes(found.box, boxes[known])
        own = found[pairs.left]
        photometry = measure_masks(own, pixels, threshold=config.mask_threshold)
        whole = ~photometry.edge  # a tile cuts more of the large, bright galaxies than a mosaic does
        return _Seen(
            own.redshift[whole], photometry.snr[whole], tile.redshift[known][pairs.right][whole], own.features[whole]
        )  # fmt: skip

    def _pixels(self, tile: AnnotatedTile, bands_seen: NDArray[np.bool_] | None) -> Pixels:
        """Pixels of the model's bands; hidden ones have no error."""
        as_they_are = self.planes == list(range(len(tile.flux)))
        flux, error = (own if as_they_are else own[self.planes] for own in (tile.flux, tile.error))
        if bands_seen is not None:
            error = np.where(bands_seen[:, None, None], error, np.float32(np.inf))
        return Pixels(flux, error, np.isfinite(error))
