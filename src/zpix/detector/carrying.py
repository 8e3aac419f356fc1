"""How does a backbone that has learnt on other bands come into this detector?

The first convolution is the only layer that knows bands. Its weights are handed on by `spread_bands`, everything else
as it is; the position tables of a transformer that was built for another image size are extended.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from zpix.detector.checkpoint import Checkpoint, load_checkpoint
from zpix.detector.detector import Detector
from zpix.errors import ModelError

#: Bands of terrestrial photographs, in order of wavelength.
PHOTOGRAPH_BANDS = ("BLUE", "GREEN", "RED")
#: Instead of a checkpoint: the backbone that timm has trained on photographs.
IMAGENET = "imagenet"


@dataclass(frozen=True)
class BackboneWeights:
    """Weights of a backbone and what they were trained on.

    name : of the architecture, as in `[model]`
    bands : of the images, in the order of the first convolution's channels
    sees_validity : whether as many channels of validity follow those of the bands
    weights : by their names in `Pyramid.body`
    source : what to call it in errors
    """

    name: str
    bands: tuple[str, ...]
    sees_validity: bool
    weights: dict[str, Tensor]
    source: str


def stored_backbone(path: str | Path) -> BackboneWeights:
    """The backbone of any zpix model, or a `ModelError` that names the file."""
    checkpoint = load_checkpoint(path)
    return BackboneWeights(
        checkpoint.config.backbone, checkpoint.bands, True, checkpoint.detector.pyramid.body.state_dict(), str(path)
    )


def imagenet_backbone(name: str) -> BackboneWeights:
    """A backbone trained on the photographs of ImageNet, from timm's collection or its local cache.

    Raises
    ------
    ModelError
        If the weights are neither in the cache nor can they be downloaded.
    """
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it announces each of its tries, and the last word is ours
    try:
        body = pretrained_body(name)
    except Exception as error:  # whatever stands between this machine and the weights, each library has its own
        raise ModelError(
            f"ImageNet weights of '{name}' are not in the cache of huggingface_hub and cannot be downloaded "
            f"({type(error).__name__}); connect once to huggingface.co, or start from a file"
        ) from None
    finally:
        logger.setLevel(level)
    weights = body.state_dict()
    first = _first_convolution(weights)
    weights[first] = weights[first].flip(1)  # photographs come as red, green, blue
    return BackboneWeights(name, PHOTOGRAPH_BANDS, False, weights, "imagenet")


def pretrained_body(name: str) -> nn.Module:
    """A network of timm with the weights that come with it."""
    return timm.create_model(name, pretrained=True, features_only=True)


def carry_backbone(detector: Detector, backbone: BackboneWeights) -> None:
    """Put a backbone into `detector`, which may have other bands and, for a transformer, another image size.

    Raises
    ------
    ModelError
        If its architecture is not the detector's.
    """
    wanted = detector.config.backbone
    if backbone.name != wanted:
        raise ModelError(f"{backbone.source}: is a {backbone.name}, and [model] asks for backbone = '{wanted}'")
    own = detector.pyramid.body.state_dict()
    weights = dict(backbone.weights)
    first = _first_convolution(weights)
    weights[first] = _carried_convolution(weights[first], backbone, detector.config.bands)
    for name, value in weights.items():
        if "rel_pos_" in name and value.shape != own[name].shape:
            weights[name] = _resized_table(value, len(own[name]))
    detector.pyramid.body.load_state_dict(weights)


def spread_bands(bands: tuple[str, ...], onto: tuple[str, ...]) -> Tensor:
    """How much of each band's weights each new band gets, (new band, band) float32; every column sums to one.

    Bands of the same names keep their weights. Others are mapped by rank in wavelength, which is the order in which a
    model lists them: the m old bands and the n new ones each divide the unit interval evenly, and an old band gives to
    a new one the fraction of its own interval that lies in the other's. The blue end stays blue and the red end red,
    which is what a colour is to a network that has to learn new redshifts for it anyway; mapping by wavelength itself
    would give all NIRCam bands the weights of HSC's reddest. Since columns sum to one, an image that is equally
    significant in all bands gets the same answer from the new network as from the old, whatever their numbers of bands.

    >>> spread_bands(("G", "R"), onto=("F090W", "F150W", "F277W", "F444W"))
    tensor([[0.5000, 0.0000],
            [0.5000, 0.0000],
            [0.0000, 0.5000],
            [0.0000, 0.5000]])
    """
    if set(bands) == set(onto):
        return torch.tensor([[float(new == old) for old in bands] for new in onto])
    m, n = len(bands), len(onto)
    old, new = torch.arange(m, dtype=torch.float64), torch.arange(n, dtype=torch.float64)[:, None]
    overlap = torch.minimum((new + 1) / n, (old + 1) / m) - torch.maximum(new / n, old / m)
    return (m * overlap.clamp(min=0)).float()


def _carried_convolution(weight: Tensor, backbone: BackboneWeights, bands: tuple[str, ...]) -> Tensor:
    """Weights (out, channel, y, x) for significances and validities of `bands`; validity starts at zero where the
    backbone has never met it."""
    share = spread_bands(backbone.bands, onto=bands)
    seen = len(backbone.bands)
    light = torch.einsum("nm,omyx->onyx", share, weight[:, :seen])
    validity = torch.zeros_like(light)
    if backbone.sees_validity:
        validity = torch.einsum("nm,omyx->onyx", share, weight[:, seen:])
    return torch.cat([light, validity], 1)


def _resized_table(table: Tensor, length: int) -> Tensor:
    """A table of relative positions (offset, channel) for another image size.

    An offset is a distance in pixels whatever the size of the image, so each keeps its entry, and beyond the largest
    that was learnt the nearest counts. (Photographs of any size show the same scene, and tables are stretched for them;
    galaxies do not grow with the tile.)
    """
    offsets = torch.arange(length) - (length - len(table)) // 2
    return table[offsets.clamp(0, len(table) - 1)]


def _first_convolution(weights: dict[str, Tensor]) -> str:
    """Name of the layer that reads the bands: the first with weights (out, in, y, x)."""
    return next(name for name, value in weights.items() if value.ndim == 4)


def take_weights(
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


def take_backbone(detector: Detector, source: str | Path) -> None:
    name = detector.config.backbone
    carry_backbone(detector, imagenet_backbone(name) if str(source) == IMAGENET else stored_backbone(source))
