"""A ResNet of few weights, for tests of what is taught: made as ResNet-18 is, and learnt in a quarter of the time."""

from __future__ import annotations

from typing import Any

from timm.models import register_model
from timm.models.resnet import resnet18


@register_model
def small_resnet(pretrained: bool = False, **options: Any) -> Any:
    """One block in each stage, and few channels; timm calls it by its name."""
    return resnet18(pretrained, layers=(1, 1, 1, 1), channels=(32, 48, 64, 96), **options)
