"""How does a trained network answer faster without answering differently?

The twin of a `Detector` is a `Detector` for inference alone: normalisation folded into convolutions, weights laid out
channels last and cast to the arithmetic of the device, so that nothing is converted on the way, and, if wanted, the
dense part compiled. It tells the same story as the network it was made from, `Detector.detect`; tests hold the two
together. The layers from a source's fluxes to its redshift stay in fp32: bfloat16 would round fluxes to a per cent.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from zpix.detector.detector import Detector


def fast_twin(
    detector: Detector, device: torch.device, dtype: torch.dtype = torch.float32, *, compiled: bool = False
) -> Detector:
    """A copy of a trained detector, made for inference on `device`.

    Parameters
    ----------
    detector : left as it is
    dtype : float32, bfloat16 or float16, of convolutions and wide layers
    compiled : compile the dense part for each image shape; takes seconds to a minute and wants a C++ compiler
    """
    twin = copy.deepcopy(detector).eval()
    for module in list(twin.modules()):
        _fold_normalisation(module)
    exact = [module.state_dict() for module in twin.fp32_parts()]
    twin = twin.to(device).to(memory_format=torch.channels_last).to(dtype)
    for module, weights in zip(twin.fp32_parts(), exact, strict=True):
        module.to(torch.float32).load_state_dict(weights)  # as they were before they were rounded with the rest
    if compiled:
        for part in (twin.pyramid, twin.proposals.head):  # freezing: the weights are constants, laid out as it likes
            part.compile(dynamic=False, options={"freezing": True})
    return twin.requires_grad_(False)


def _fold_normalisation(module: nn.Module) -> None:
    """Put each batch normalisation that directly follows a convolution into it."""
    before = ""
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and isinstance(getattr(module, before, None), nn.Conv2d):
            setattr(module, before, fuse_conv_bn_eval(getattr(module, before), child))
            setattr(module, name, nn.Identity())
        before = name
