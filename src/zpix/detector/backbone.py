"""Which features does the network see at which scale?

A timm backbone with feature maps at strides 4, 8, 16 and 32, and torchvision's feature pyramid on top, with a fifth
level at stride 64 for the largest anchors.
"""

from __future__ import annotations

from typing import Any

import timm
from torch import Tensor, nn
from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelMaxPool

from zpix.config import ModelConfig

#: Strides in pixels of the pyramid's levels.
STRIDES = (4, 8, 16, 32, 64)

_TRANSFORMERS = ("mvitv2_tiny", "mvitv2_base")


class Pyramid(nn.Module):
    """Backbone and feature pyramid: (image, 2 band, y, x) to five maps (image, channel, y / stride, x / stride)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        in_channels = 2 * len(config.bands)  # significance and validity
        options: dict[str, Any]
        if config.backbone in _TRANSFORMERS:
            options = {"img_size": config.built_size_pix}
        else:
            options = {"out_indices": (1, 2, 3, 4)}  # leave out the stem's stride 2
        self.body: nn.Module = timm.create_model(
            config.backbone, pretrained=False, features_only=True, in_chans=in_channels, **options
        )
        channels: list[int] = self.body.feature_info.channels()  # type: ignore[union-attr, operator]
        self.fpn = FeaturePyramidNetwork(channels, config.pyramid_channels, extra_blocks=LastLevelMaxPool())

    def forward(self, image: Tensor) -> list[Tensor]:
        maps = {str(level): features for level, features in enumerate(self.body(image))}
        return list(self.fpn(maps).values())
