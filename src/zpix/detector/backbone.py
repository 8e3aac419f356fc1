"""Which features does the network see at which scale?

A timm backbone with feature maps at strides 4, 8, 16 and 32, and torchvision's feature pyramid on top, with a fifth
level at stride 64 for the largest anchors. `BACKBONES` is the table from which the setting `backbone` of a model
chooses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import timm
from torch import Tensor, nn
from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelMaxPool

from zpix.config import ModelConfig, Registry
from zpix.detector.wavelength_ranges import seen_together

#: Strides in pixels of the pyramid's levels.
STRIDES = (4, 8, 16, 32, 64)


@dataclass(frozen=True)
class TimmBackbone:
    """A network of timm that can carry the pyramid, and what it needs.

    Attributes
    ----------
    timm_name : str
        Name in timm, whose own registry takes further networks.
    levels : tuple of int or None, default None
        Which of its feature maps have the strides 4, 8, 16 and 32; None if it has no others.
    has_fixed_size : bool, default False
        Whether it is built for one image size, the setting `built_size_pix`, and takes no other.
    options : mapping of str to object, default {}
        What else timm is told of its shape.
    """

    timm_name: str
    levels: tuple[int, ...] | None = None
    has_fixed_size: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


_LATER_FOUR = (1, 2, 3, 4)  # the first map is that of the stem, at stride 2
# Half of a ResNet18, behind three small convolutions in place of a large one, which is dear with many channels.
_ONE_BLOCK_A_STAGE = {"layers": (1, 1, 1, 1), "stem_type": "deep", "stem_width": 16}

#: Backbones by name.
BACKBONES: Registry[TimmBackbone] = Registry(
    "backbones",
    "backbone",
    {
        "resnet10": TimmBackbone("resnet18", _LATER_FOUR, options=_ONE_BLOCK_A_STAGE),
        "resnet18": TimmBackbone("resnet18", _LATER_FOUR),
        "resnet50": TimmBackbone("resnet50", _LATER_FOUR),
        "mvitv2_tiny": TimmBackbone("mvitv2_tiny", has_fixed_size=True),
        "mvitv2_base": TimmBackbone("mvitv2_base", has_fixed_size=True),
    },
)


def built_for_pix(config: ModelConfig) -> int | None:
    """Side of the only images that a model's backbone accepts.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.

    Returns
    -------
    int or None, pixels
        None if it takes images of any size.

    Raises
    ------
    ConfigError
        If there is no backbone of that name.
    """
    return config.built_size_pix if BACKBONES[config.backbone].has_fixed_size else None


class Pyramid(nn.Module):
    """Backbone and feature pyramid.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.

    Raises
    ------
    ConfigError
        If there is no backbone of that name.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        backbone = BACKBONES[config.backbone]
        options = dict(backbone.options)
        if backbone.levels is not None:
            options["out_indices"] = backbone.levels
        if backbone.has_fixed_size:
            options["img_size"] = config.built_size_pix
        self.body: nn.Module = timm.create_model(
            backbone.timm_name,
            pretrained=False,
            features_only=True,
            in_chans=2 * len(seen_together(config)),  # significance and validity
            **options,
        )
        self.fpn = FeaturePyramidNetwork(
            body_channels(self.body), config.pyramid_channels, extra_blocks=LastLevelMaxPool()
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Give the feature maps of a batch of images.

        Parameters
        ----------
        image : Tensor, shape (image, 2 stack, y, x)
            Channels as `image_channels` makes them.

        Returns
        -------
        list of Tensor, shape (image, channel, y / stride, x / stride)
            One map for each of `STRIDES`.
        """
        maps = {str(level): features for level, features in enumerate(self.body(image))}
        return list(self.fpn(maps).values())


def body_channels(body: nn.Module) -> list[int]:
    """Numbers of channels of a backbone's feature maps.

    Parameters
    ----------
    body : Module
        A network of timm, made with `features_only`.

    Returns
    -------
    list of int
        From the finest map to the coarsest.
    """
    information: Any = body.feature_info
    return list(information.channels())
