"""How long do the backbones of timm take for a tile, in fp32 and bf16, and how many weights have they?

Run `python benchmarks/backbones.py [NAME ...]`, names of timm or of the setting `backbone`; one thread, the seven
ranges of wavelength of an image of 512 pixels as input. Pyramid and heads, which all share, are timed by `dense.py` and
`heads.py`.
"""

from __future__ import annotations

import sys

import timm
import torch

from zpix.config import ModelConfig
from zpix.detector import BACKBONES, Detector, TimmBackbone, fast_twin
from zpix.detector.backbone import STRIDES
from zpix.detector.device import keep_freed_memory
from zpix.speed.clock import milliseconds

NAMES = ("resnet18", "resnet10", "resnet10t", "regnetx_004", "hgnetv2_b0", "mobileone_s0", "repvgg_a0", "convnext_pico")


@torch.inference_mode()
def main(names: list[str], size: int = 512) -> None:
    """Time these backbones in a detector that sees ranges of wavelength."""
    keep_freed_memory()
    torch.manual_seed(0)
    print(f"{'backbone':24}{'weights (M)':>12}{'fp32 (ms)':>12}{'bf16 (ms)':>12}")
    for name in names:
        if name not in BACKBONES:
            steps = timm.create_model(name, pretrained=False, features_only=True).feature_info.reduction()
            BACKBONES.add(name, TimmBackbone(name, tuple(steps.index(stride) for stride in STRIDES[:4])))
        detector = Detector(ModelConfig(backbone=name, image_channels="ranges")).eval()
        times = []
        for dtype in (torch.float32, torch.bfloat16):
            body = fast_twin(detector, torch.device("cpu"), dtype).pyramid.body
            channels = next(weight for weight in body.parameters() if weight.ndim == 4).shape[1]
            image = torch.randn(1, channels, size, size, dtype=dtype).contiguous(memory_format=torch.channels_last)
            times.append(milliseconds(lambda b=body, x=image: b(x)))
        weights = sum(weight.numel() for weight in detector.pyramid.body.parameters()) / 1e6
        print(f"{name:24}{weights:12.1f}" + "".join(f"{t:12.1f}" for t in times))


if __name__ == "__main__":
    main(sys.argv[1:] or list(NAMES))
