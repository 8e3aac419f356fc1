"""Which machine was it?"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

# What decides how fast a network runs: wide vectors, and products of bfloat16, in vectors or in matrices.
_CAPABILITIES = ("avx2", "avx512_f", "avx512_bf16", "amx_bf16")


@dataclass(frozen=True)
class Machine:
    """What a figure of speed depends on.

    Attributes
    ----------
    processor : its name
    cores : that this process may use
    has, lacks : of the instructions that decide how fast a network runs
    device : "cpu", or the name of the graphics card
    load : processes that wanted a core in the minute before; none where the system does not say
    gflops : 10⁹ operations per second of one thread in large matrix products, in fp32 and bf16: the ceiling of a
        network's speed; none on a graphics card
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
    """The machine that this process runs on."""
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
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {"fp32": _matrix_rate(torch.float32), "bf16": _matrix_rate(torch.bfloat16)}
    finally:
        torch.set_num_threads(threads)


def _matrix_rate(dtype: torch.dtype) -> float:
    """The best of many small products, some of which others on the machine leave alone; 10⁹ operations per second."""
    size = 512
    a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2e-9 * size**3 / min(times)


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
