"""How does a backbone that was trained on other bands come into this detector?

The first convolution is the only layer that depends on the bands. Its weights are mapped by `spread_bands`, everything
else is copied; the position tables of a transformer that was built for another image size are extended.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from zpix.detector.backbone import BACKBONES
from zpix.detector.checkpoint import Checkpoint, load_checkpoint
from zpix.detector.detector import Detector
from zpix.detector.shared_bands import for_bands_of
from zpix.detector.wavelength_ranges import names_of_images
from zpix.errors import ModelError

_log = logging.getLogger(__name__)

#: Bands of terrestrial photographs, in order of wavelength.
PHOTOGRAPH_BANDS = ("BLUE", "GREEN", "RED")
#: Name, in place of a checkpoint's path, of the backbone that timm has trained on photographs.
IMAGENET = "imagenet"


@dataclass(frozen=True)
class BackboneWeights:
    """Weights of a backbone and what they were trained on.

    Attributes
    ----------
    name : str
        Architecture, a name of `BACKBONES`.
    bands : tuple of str
        Bands of the images, or ranges of wavelength, in the order of the first convolution's channels.
    sees_validity : bool
        Whether as many channels of validity follow those of the bands.
    weights : dict of str to Tensor
        By their names in `Pyramid.body`.
    source : str
        Where they are from, for messages.
    """

    name: str
    bands: tuple[str, ...]
    sees_validity: bool
    weights: dict[str, Tensor]
    source: str


def stored_backbone(path: str | Path) -> BackboneWeights:
    """Read the backbone of any zpix model.

    Parameters
    ----------
    path : str or Path
        The checkpoint.

    Returns
    -------
    BackboneWeights
        Its backbone.

    Raises
    ------
    ModelError
        If the file is not a checkpoint of zpix.
    """
    checkpoint = load_checkpoint(path)
    body, images = checkpoint.detector.pyramid.body, names_of_images(checkpoint.config)
    return BackboneWeights(checkpoint.config.backbone, images, True, body.state_dict(), str(path))


def imagenet_backbone(name: str) -> BackboneWeights:
    """Get a backbone trained on the photographs of ImageNet, from timm's collection or its local cache.

    Parameters
    ----------
    name : str
        Architecture, a name of `BACKBONES`.

    Returns
    -------
    BackboneWeights
        The backbone; its bands are `PHOTOGRAPH_BANDS`.

    Raises
    ------
    ConfigError
        If there is no backbone of that name.
    ModelError
        If the weights are neither in the cache nor can they be downloaded.
    """
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it logs each attempt; the message below says what matters
    timm_name = BACKBONES[name].timm_name
    try:
        body = pretrained_body(timm_name)
    except Exception as error:  # a failed download raises other classes in each library below timm
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
    """Make a network of timm with the weights that come with it.

    Parameters
    ----------
    name : str
        Its name in timm.

    Returns
    -------
    Module
        The network.
    """
    body: nn.Module = timm.create_model(name, pretrained=True, features_only=True)
    return body


def carry_backbone(detector: Detector, backbone: BackboneWeights) -> None:
    """Put a backbone into a detector, which may have other bands and, for a transformer, another image size.

    Parameters
    ----------
    detector : Detector
        The network that receives the weights.
    backbone : BackboneWeights
        The weights.

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
    weights[first] = _carried_convolution(weights[first], backbone, names_of_images(detector.config))
    for name, value in weights.items():
        if "rel_pos_" in name and value.shape != own[name].shape:
            weights[name] = _resized_table(value, len(own[name]))
    detector.pyramid.body.load_state_dict(weights)


def spread_bands(bands: tuple[str, ...], onto: tuple[str, ...]) -> Tensor:
    """Say how much of each band's weights each new band gets.

    Bands of the same names keep their weights. Others are mapped by rank in wavelength, which is the order in which a
    model lists them: the m old bands and the n new ones each divide the unit interval evenly, and an old band gives to
    a new one the fraction of its own interval that lies in the other's. The bluest bands stay the bluest and the
    reddest the reddest; mapping by wavelength itself would give all NIRCam bands the weights of HSC's reddest. Since
    columns sum to one, an image that is equally significant in all bands gets the same answer from the new network as
    from the old, whatever their numbers of bands.

    Parameters
    ----------
    bands : tuple of str
        Names of the old bands, by wavelength.
    onto : tuple of str
        Names of the new bands, by wavelength.

    Returns
    -------
    Tensor, shape (new band, band), float32
        Shares; every column sums to one.

    Examples
    --------
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
    """Weights (out, channel, y, x) for significances and validities of `bands`.

    Those of validity start at zero if the backbone was trained without it.
    """
    share = spread_bands(backbone.bands, onto=bands)
    seen = len(backbone.bands)
    light = torch.einsum("nm,omyx->onyx", share, weight[:, :seen])
    validity = torch.zeros_like(light)
    if backbone.sees_validity:
        validity = torch.einsum("nm,omyx->onyx", share, weight[:, seen:])
    return torch.cat([light, validity], 1)


def _resized_table(table: Tensor, length: int) -> Tensor:
    """A table of relative positions (offset, channel) for another image size.

    An offset is a distance in pixels whatever the size of the image, so each keeps its entry; beyond the largest that
    was learnt, the entry of the nearest is used. Tables are stretched for photographs, which show the same scene in any
    size; galaxies do not become larger with the tile.
    """
    offsets = torch.arange(length) - (length - len(table)) // 2
    return table[offsets.clamp(0, len(table) - 1)]


def _first_convolution(weights: dict[str, Tensor]) -> str:
    """Name of the layer that reads the bands: the first with weights (out, in, y, x)."""
    return next(name for name, value in weights.items() if value.ndim == 4)


def take_weights(
    detector: Detector, checkpoint: Checkpoint, path: str | Path, *, part: str = "", without: str = ""
) -> None:
    """Copy weights of a checkpoint into a detector; those of single bands follow the names of the bands.

    Parameters
    ----------
    detector : Detector
        The network that receives the weights.
    checkpoint : Checkpoint
        Where they are from.
    path : str or Path
        Its file, for messages.
    part : str, default ""
        What the names of the weights begin with.
    without : str, default ""
        What the names of weights that are left out begin with; by default none are.

    Raises
    ------
    ModelError
        If a weight has no place in the detector, or the two have no band in common.
    """
    every = checkpoint.detector.state_dict().items()
    weights = {n: v for n, v in every if n.startswith(part) and not (without and n.startswith(without))}
    weights = for_bands_of(detector, checkpoint, path, weights)
    own = detector.state_dict()
    wrong = [n for n, v in weights.items() if n not in own or own[n].shape != v.shape]
    if wrong or not weights:
        what = wrong[0] if wrong else part
        raise ModelError(
            f"{path}: its tensor '{what}' does not fit the network to be trained; {_remedy(detector, checkpoint)}"
        )
    learnt, meant = checkpoint.config.errors, detector.config.errors
    if learnt != meant:
        _log.warning(
            "%s: was trained with errors = '%s' and is now given errors = '%s', which it has to learn",
            path,
            learnt,
            meant,
        )
    detector.load_state_dict({**own, **weights})


def _remedy(detector: Detector, checkpoint: Checkpoint) -> str:
    """What to set in [model] so that a checkpoint fits; bands may differ."""
    ours, theirs = (own.model_dump(mode="json", exclude={"bands"}) for own in (detector.config, checkpoint.config))
    differ = [f"{name} = {json.dumps(value)}" for name, value in theirs.items() if ours[name] != value]
    return f"set {', '.join(differ)} in [model]" if differ else "use the same [model]"


def begin_with(detector: Detector, path: str | Path) -> None:
    """Copy a checkpoint into a detector; its redshift head only where that is of the same kind.

    Parameters
    ----------
    detector : Detector
        The network that receives the weights.
    path : str or Path
        The checkpoint.

    Raises
    ------
    ModelError
        If it is no checkpoint, or what is copied is of another shape.
    """
    checkpoint = load_checkpoint(path)
    same_head = checkpoint.config.redshift_head == detector.config.redshift_head
    take_weights(detector, checkpoint, path, without="" if same_head else "redshift_head.")


def take_backbone(detector: Detector, source: str | Path) -> None:
    """Put the backbone of a checkpoint, or one trained on photographs, into a detector.

    Parameters
    ----------
    detector : Detector
        The network that receives the weights.
    source : str or Path
        A checkpoint, or "imagenet".

    Raises
    ------
    ModelError
        If the weights cannot be had, or are of another architecture.
    """
    name = detector.config.backbone
    carry_backbone(detector, imagenet_backbone(name) if str(source) == IMAGENET else stored_backbone(source))
