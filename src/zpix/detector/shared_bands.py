"""How does a network that was trained on some bands go on with others that have the same names?

Weights of a layer that read one band each follow the name of their band: those of bands that both networks know are
kept, those of new bands begin at zero, so that the network ignores these bands until it has learnt of them, and those
of bands that are gone are left out. Without the new bands, the network answers as the old one does where the others
are missing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from zpix.detector.checkpoint import Checkpoint
from zpix.detector.detector import Detector
from zpix.detector.redshift_head import BandInputs
from zpix.detector.wavelength_ranges import bands_of_ranges
from zpix.errors import ModelError

log = logging.getLogger(__name__)


def for_bands_of(
    detector: Detector, checkpoint: Checkpoint, path: str | Path, weights: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Map weights of a checkpoint to the bands of a detector by their names.

    Parameters
    ----------
    detector : Detector
        The network that is to receive the weights.
    checkpoint : Checkpoint
        Where they are from.
    path : str or Path
        Its file, for messages.
    weights : mapping of str to Tensor
        Some or all of its weights, by name.

    Returns
    -------
    dict of str to Tensor
        The same weights for the detector's bands; unchanged if these are the checkpoint's.

    Raises
    ------
    ModelError
        If the two have no band in common.
    """
    weights = _in_ranges(detector, checkpoint, weights)
    old, new = checkpoint.bands, detector.config.bands
    if old == new or not (_band_inputs(checkpoint.detector) or _band_inputs(detector)):  # none reads single bands
        return dict(weights)
    kept = [band for band in new if band in old]
    if not kept:
        raise ModelError(
            f"{path}: does not fit the network to be trained: it has bands {' '.join(old)}, none of which is among "
            f"{' '.join(new)} of [model]; set bands in [model], or start from its backbone alone with --backbone, "
            "which takes any bands"
        )
    gone, begun = ([band for band in ours if band not in theirs] for ours, theirs in ((old, new), (new, old)))
    log.warning(
        "%s: weights of %s are kept%s%s", path, " ".join(kept),
        f", those of {' '.join(gone)} left out" if gone else "",
        f", and those of {' '.join(begun)} begin at zero" if begun else "",
    )  # fmt: skip
    mapped, ours = dict(weights), _band_inputs(detector)
    for name, theirs in _band_inputs(checkpoint.detector).items():
        if name in weights and name in ours:
            _map_layer(mapped, name, _keys(theirs, old), _keys(ours[name], new), theirs.absent)
    return mapped


def _band_inputs(detector: Detector) -> dict[str, BandInputs]:
    """Layers of a detector that read single bands: the first of the backbone, and those of the redshift head."""
    head = {f"redshift_head.{name}": inputs for name, inputs in detector.redshift_head.band_inputs().items()}
    if detector.config.image_channels == "ranges":
        return head
    bands = list(range(len(detector.config.bands)))
    return {_first_layer(detector): BandInputs([*bands, *bands], [0.0] * 2 * len(bands)), **head}


def _first_layer(detector: Detector) -> str:
    """Name of the weights that read the image."""
    body = detector.pyramid.body.state_dict()
    return "pyramid.body." + next(name for name, value in body.items() if value.ndim == 4)


def _in_ranges(detector: Detector, checkpoint: Checkpoint, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Weights of a network that sees single bands, for one that sees ranges: sums over the bands of each range."""
    first = _first_layer(detector)
    kinds = checkpoint.config.image_channels, detector.config.image_channels
    if first not in weights or kinds != ("bands", "ranges"):
        return weights
    significance, validity = weights[first].chunk(2, 1)
    ranges = bands_of_ranges(checkpoint.bands)
    layer = [part[:, list(members)].sum(1) for part in (significance, validity) for members in ranges]
    return {**weights, first: torch.stack(layer, 1)}


def _keys(inputs: BandInputs, bands: Sequence[str]) -> list[tuple[str, int]]:
    """For each input of a layer, its band and how many inputs of the same band come before it."""
    count: Counter[str] = Counter()
    keys = []
    for number in inputs.band:
        band = bands[number] if number >= 0 else ""
        keys.append((band, count[band]))
        count[band] += 1
    return keys


def _map_layer(
    weights: dict[str, Tensor],
    name: str,
    old: list[tuple[str, int]],
    new: list[tuple[str, int]],
    absent: Sequence[float],
) -> None:
    """Replace the weights (out, input, ...) of a layer, and add to its bias what missing bands give."""
    place = {key: number for number, key in enumerate(old)}
    own = weights[name]
    layer = own.new_zeros((own.shape[0], len(new), *own.shape[2:]))
    for number, key in enumerate(new):
        if key in place:
            layer[:, number] = own[:, place[key]]
    bias = name.removesuffix("weight") + "bias"
    for key in set(old) - set(new):
        if absent[place[key]]:
            weights[bias] = weights[bias] + absent[place[key]] * own[:, place[key]]
    weights[name] = layer
