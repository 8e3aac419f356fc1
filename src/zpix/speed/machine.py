"""On which machine is speed measured?"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

# Instructions that decide the speed of a network: wide vectors, and products of bfloat16 in vectors or matrices.
_CAPABILITIES = ("avx2", "avx512_f", "avx512_bf16", "amx_bf16")


@dataclass(frozen=True)
class Machine:
    """Processor, device and libraries that speed depends on.

    Attributes
    ----------
    processor : str
        Name of the processor.
    cores : int
        Cores that this process may use.
    has, lacks : tuple of str
        Instructions that decide the speed of a network, present and missing.
    device : str
        "cpu", or the name of the graphics card.
    load : float or None
        Average number of processes that used or waited for a core in the minute before; None if unknown.
    gflops : dict of str to float, or None
        10⁹ operations per second of one thread in large matrix products, in fp32 and bf16: an upper limit of the speed
        of a network; None on a graphics card.
    torch, torchvision : str
        Versions.
    """

    processor: str
    cores: int
    has: tuple[str, ...]
    lacks: tuple[str, ...]
    device: str
    load: float | None
    gflops: dict[str, float] | None
    torch: str
    torchvision: str

    def __str__(self) -> str:
        """Describe the machine in one line."""
        instructions = " ".join(self.has) + "".join(f", no {name}" for name in self.lacks)
        busy = "" if self.load is None else f"; load before {self.load:.1f}"
        if self.gflops is not None:
            ceiling = ", ".join(f"{name} {rate:.0f}" for name, rate in self.gflops.items())
            busy += f"; GFLOP/s of a thread in matrix products: {ceiling}"
        return (
            f"{self.processor}, {self.cores} cores ({instructions}); device {self.device}; torch {self.torch},"
            f" torchvision {self.torchvision}{busy}"
        )


def this_machine(device: torch.device) -> Machine:
    """Describe the machine that this process runs on.

    Parameters
    ----------
    device : torch.device
        Device of the network.

    Returns
    -------
    Machine
        The description.
    """
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return Machine(
        processor=_processor_name(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        has=tuple(name for name in _CAPABILITIES if known.get(name)),
        lacks=tuple(name for name in _CAPABILITIES if name in known and not known[name]),
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        gflops=_matrix_rates() if device.type == "cpu" else None,
        torch=torch.__version__,
        torchvision=version("torchvision"),
    )


def _matrix_rates() -> dict[str, float]:
    """10⁹ operations per second of one thread, by precision."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {"fp32": _matrix_rate(torch.float32), "bf16": _matrix_rate(torch.bfloat16)}
    finally:
        torch.set_num_threads(threads)


def _matrix_rate(dtype: torch.dtype) -> float:
    """10⁹ operations per second of the fastest of many small products, which other processes disturb least."""
    size = 512
    a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2e-9 * size**3 / min(times)


def _processor_name() -> str:
    """Name of the processor, as far as the system knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
