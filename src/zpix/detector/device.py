"""On which device does the network run, in which precision, and how does it treat memory?"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal

import torch

from zpix.errors import ConfigError

Precision = Literal["auto", "fp32", "bf16", "fp16"]

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of glibc's mallopt


def choose_device(name: str) -> torch.device:
    """Find a device by its name.

    Parameters
    ----------
    name : str
        `auto` (the first CUDA device, or the processor without one), `cpu`, `cuda` or `cuda:N`.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    ConfigError
        If the name is unknown, or this machine has no CUDA device.
    """
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
    """Choose the arithmetic of the convolutions.

    Parameters
    ----------
    precision : {"auto", "fp32", "bf16", "fp16"}
        `auto` is the fastest that the device has. bf16, which keeps the range of fp32, comes before fp16, which only
        graphics cards have.
    device : torch.device
        Where the network runs.

    Returns
    -------
    torch.dtype
        Type of weights and features.

    Raises
    ------
    ConfigError
        If the device does not have it.
    """
    if precision == "auto":
        if _computes_in_bf16(device):
            return torch.bfloat16
        return torch.float16 if device.type == "cuda" else torch.float32
    if precision == "fp16" and device.type != "cuda":
        raise ConfigError(
            f"precision fp16 needs a CUDA device, not '{device}'; allowed there are auto, fp32, bf16 and int8"
        )
    return _DTYPES[precision]


def mixed_precision(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[Any]:
    """Make a context in which a network computes in mixed precision.

    Parameters
    ----------
    device : torch.device
        Where the network runs.
    dtype : torch.dtype
        Arithmetic of the convolutions; float32 changes nothing.

    Returns
    -------
    context manager
        torch's autocast.
    """
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def _computes_in_bf16(device: torch.device) -> bool:
    """Whether a device has fast instructions for bf16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def computes_in_int8() -> bool:
    """Whether the processor multiplies integers of eight bits and adds them up in 32 (VNNI).

    Without it sums saturate at 16 bits, so that answers in int8 are a little less exact, and no faster.
    """
    supported = getattr(torch.cpu, "_is_vnni_supported", None)
    return platform.machine().lower() not in ("x86_64", "amd64") or supported is None or bool(supported())


def keep_freed_memory() -> None:
    """Ask the C library to keep large arrays that are freed.

    To hand each back to the system, and to receive and clear it again for the next tile, costs a fifth of the time.
    Where the C library is not glibc nothing happens.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 2**30)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_ARENA_MAX, 1)  # the network can use what a reading thread frees


def return_freed_memory() -> None:
    """Hand all memory that was kept back to the system.

    Over hundreds of tiles it is split into pieces too small for the next array, and grows by half.
    """
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library by name, or none where there is no such function."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
        return function
    except (OSError, AttributeError):
        return None
