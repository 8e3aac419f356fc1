"""What do the answers of a trained model mean on redshifts that it has not learnt from?"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from zpix.catalogue import measure_masks
from zpix.config import (
    InferenceConfig,
)
from zpix.detector import (
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from zpix.image import Pixels
from zpix.matching import match_boxes
from zpix.progress import track
from zpix.search import Predictor
from zpix.sources import ConformalIntervals, Novelty, WidthCalibration, ZMixture
from zpix.training.about import known_redshifts
from zpix.training.batches import segment_boxes
from zpix.training.store import Store

#: Validation redshifts that a calibration takes at the least.
_FEWEST_TO_CALIBRATE = 200


def calibrate(model: str | Path, store: Store, *, device: str = "auto") -> WidthCalibration:
    """Fit what a model's answers mean on the validation tiles of a store.

    The factors on the widths of its redshift PDFs, its conformal intervals and the ranges for eight bits are kept in
    its file, what ordinary sources look like to it beside it (see `novelty_path`). With fewer than 200 known redshifts
    in the validation tiles the widths stay as the network gives them, there are no conformal intervals and no eight
    bits, and nothing is called outside the training data.
    """
    if len(known_redshifts(store, "validation")) < _FEWEST_TO_CALIBRATE:
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
    about = replace(checkpoint.about, width_calibration=asdict(calibration), conformal=asdict(conformal), ranges=ranges)
    novelty = Novelty.fit(np.concatenate(features), ratio, widths=predictor.feature_widths)
    arrays = {name: torch.from_numpy(values) for name, values in novelty.to_arrays().items()}
    save_checkpoint(model, Checkpoint(checkpoint.detector, about, arrays))
    return calibration
