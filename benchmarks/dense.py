"""How long do pyramid and proposal head take for tiles of different sizes, in fp32 and bf16?

Run `python benchmarks/dense.py [SIZE ...]` (256, 512, 1024 by default); one thread, in ms and in ms per 512 × 512.
"""

from __future__ import annotations

import sys

import torch

from zpix.detector import Detector, fast_twin
from zpix.detector.device import keep_freed_memory
from zpix.detector.normalisation import image_channels
from zpix.speed.clock import milliseconds
from zpix.speed.shapes import SHAPES


@torch.inference_mode()
def main(sizes: list[int]) -> None:
    """Time both shapes of networks for tiles of these sizes."""
    keep_freed_memory()
    torch.manual_seed(0)
    cpu = torch.device("cpu")
    print(f"{'network':12}{'size':>6}{'plain':>10}{'fp32':>10}{'bf16':>10}  ms  (per 512 × 512)")
    for name, shape in SHAPES.items():
        detector = Detector(shape).eval()
        networks = [detector, *(fast_twin(detector, cpu, dtype) for dtype in (torch.float32, torch.bfloat16))]
        for size in sizes:
            flux = torch.randn(1, len(shape.bands), size, size)
            times = []
            for network in networks:
                image = image_channels(flux, torch.ones_like(flux), network.dtype)
                times.append(milliseconds(lambda n=network, x=image: n.proposals.head(n.pyramid(x))))
            share = (512 / size) ** 2
            print(
                f"{name:12}{size:6}"
                + "".join(f"{t:10.1f}" for t in times)
                + "  ("
                + "".join(f"{t * share:8.1f}" for t in times)
                + ")"
            )


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [256, 512, 1024])
