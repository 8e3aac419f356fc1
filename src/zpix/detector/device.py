"""On which device does the network run, and in which precision?"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch

from zpix.errors import ConfigError

Precision = Literal["auto", "fp32", "bf16"]


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` is the first CUDA device, or the processor without one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"device '{name}' is unknown; allowed are auto, cpu, cuda and cuda:N") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device '{name}' was asked for, but this machine shows no CUDA device; use auto or cpu")
    return device


def choose_precision(precision: Precision, device: torch.device) -> torch.dtype:
    """Arithmetic of the convolutions; `auto` is bfloat16 where the device computes in it, fp32 elsewhere."""
    if precision == "auto":
        return torch.bfloat16 if _computes_in_bf16(device) else torch.float32
    return torch.bfloat16 if precision == "bf16" else torch.float32


def mixed_precision(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """Autocast to `dtype`; nothing for fp32."""
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def _computes_in_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
