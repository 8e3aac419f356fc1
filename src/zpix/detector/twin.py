"""How does a trained network answer faster without answering differently?

The twin of a `Detector` is a `Detector` for inference alone: normalisation folded into convolutions, weights laid out
channels last and cast to the arithmetic of the device, so that nothing is converted on the way, and, if wanted, the
dense part compiled. It runs the same `Detector.detect` as the network it was made from, and tests compare the two. The
layers from a source's fluxes to its redshift stay in fp32: bfloat16 would round fluxes to a per cent.
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
    """Copy a trained detector for inference.

    Parameters
    ----------
    detector : Detector
        The trained network; it is not changed.
    device : torch.device
        Where the copy will run.
    dtype : torch.dtype, default float32
        Arithmetic of convolutions and wide layers: float32, bfloat16 or float16.
    compiled : bool, default False
        Whether to compile the dense part for each image shape, which takes seconds to a minute and needs a C++
        compiler.

    Returns
    -------
    Detector
        The copy, in evaluation mode and without gradients.
    """
    twin = copy.deepcopy(detector).eval()
    for module in list(twin.modules()):
        _fold_normalisation(module)
    exact = [module.state_dict() for module in twin.fp32_parts()]
    twin = twin.to(device).to(memory_format=torch.channels_last).to(dtype)
    for module, weights in zip(twin.fp32_parts(), exact, strict=True):
        module.to(torch.float32).load_state_dict(weights)  # as they were before they were rounded with the rest
    if compiled:
        for part in (twin.pyramid, twin.proposals.head):  # freezing: the weights are constants
            part.compile(dynamic=False, options={"freezing": True})
    return twin.requires_grad_(False)


def _fold_normalisation(module: nn.Module) -> None:
    """Put each batch normalisation that directly follows a convolution, or several in a row, into it."""
    before: tuple[nn.Module, str, nn.Conv2d] | None = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and before is not None:
            place, own, convolution = before
            setattr(place, own, fuse_conv_bn_eval(convolution, child))
            setattr(module, name, nn.Identity())
        before = _last_convolution(module, name)


def _last_convolution(parent: nn.Module, name: str) -> tuple[nn.Module, str, nn.Conv2d] | None:
    """Where a child ends with a convolution: the part that holds it, its name there, and itself."""
    child = parent.get_submodule(name)
    if isinstance(child, nn.Sequential) and len(child):
        return _last_convolution(child, next(reversed(child._modules)))
    return (parent, name, child) if isinstance(child, nn.Conv2d) else None
