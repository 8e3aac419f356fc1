"""How long do the heads of the network take for different numbers of sources, in fp32 and bf16?

Run `python benchmarks/heads.py [SOURCES ...]` (91 and 1,000 by default); one thread, the shapes of the shipped model
and of the paper's.
"""

from __future__ import annotations

import sys

import torch

from zpix.detector import Detector, fast_twin
from zpix.detector.detector import source_pixels
from zpix.speed.clock import milliseconds
from zpix.speed.shapes import SHAPES


@torch.inference_mode()
def main(counts: list[int]) -> None:
    """Time the heads of both shapes of networks for these numbers of sources."""
    torch.manual_seed(0)
    size, cpu = 256, torch.device("cpu")
    print(f"{'network':12}{'head':12}{'sources':>8}{'fp32':>10}{'bf16':>10}  ms")
    for name, shape in SHAPES.items():
        detector = Detector(shape).eval()
        twins = [fast_twin(detector, cpu, dtype) for dtype in (torch.float32, torch.bfloat16)]
        flux = torch.randn(1, len(shape.bands), size, size)
        for count in counts:
            corner = torch.rand(count, 2) * (size - 40)
            boxes = torch.cat([corner, corner + 8 + 32 * torch.rand(count, 2)], 1)
            image, dust = torch.zeros(count, dtype=torch.long), torch.full((count,), 0.02)
            masks = torch.rand(count, 28, 28)

            def cut(flux=flux, boxes=boxes, image=image, masks=masks, shape=shape):
                return source_pixels(flux, torch.ones_like(flux), boxes, image, masks, size=shape.cutout_size_pix)

            rows: dict[str, list[float]] = {"box": [], "mask": [], "redshift": []}
            for twin in twins:
                small = torch.randn(count, shape.pyramid_channels, 7, 7, dtype=twin.dtype)
                large = torch.randn(count, shape.pyramid_channels, 14, 14, dtype=twin.dtype)
                large = large.contiguous(memory_format=torch.channels_last)
                pixels = cut()
                rows["box"].append(milliseconds(lambda t=twin, x=small: t.box_head(x)))
                rows["mask"].append(milliseconds(lambda t=twin, x=large: t.mask_head(x)))
                rows["redshift"].append(
                    milliseconds(lambda t=twin, x=small, p=pixels, d=dust: t.redshift_head(lambda: x, lambda: p, d))
                )
            if shape.redshift_head == "fpn+pixels":
                rows["cutouts"] = [milliseconds(cut)]
            for head, times in rows.items():
                print(f"{name:12}{head:12}{count:8}" + "".join(f"{t:10.1f}" for t in times))


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [91, 1000])
