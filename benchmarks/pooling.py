"""How long does ROIAlign take, as the weighted gather of zpix and by torchvision's kernel?

Run `python benchmarks/pooling.py [BOXES] [SIZE]`: boxes of 8 to 40 pixels (1,000 by default) in a tile of SIZE pixels
(512), a pyramid of 256 channels, one thread.
"""

from __future__ import annotations

import sys

import torch

from zpix.detector.backbone import STRIDES
from zpix.detector.pooling import BoxPooler, _pool_by_kernel
from zpix.speed.clock import milliseconds


def main(count: int, size: int) -> None:
    """Time so many boxes in a tile of this size."""
    torch.manual_seed(0)
    features = [
        torch.randn(1, 256, size // s, size // s).contiguous(memory_format=torch.channels_last) for s in STRIDES[:4]
    ]
    corner = torch.rand(count, 2) * (size - 40)
    boxes = torch.cat([corner, corner + 8 + 32 * torch.rand(count, 2)], 1)
    image = torch.zeros(count, dtype=torch.long)
    print(f"{'bins, samples':16}{'kernel':>10}{'gather':>10}{'bf16':>10}  forward, ms")
    half = [f.bfloat16() for f in features]
    with torch.inference_mode():
        for bins, samples in ((7, 1), (7, 2), (14, 1)):
            times = [
                milliseconds(lambda b=bins, s=samples: _pool_by_kernel(features, boxes, image, b, s)),
                milliseconds(lambda b=bins, s=samples: BoxPooler(features)(boxes, image, bins=b, samples=s)),
                milliseconds(lambda b=bins, s=samples: BoxPooler(half)(boxes, image, bins=b, samples=s)),
            ]
            print(f"{f'{bins}, {samples}':16}" + "".join(f"{t:10.1f}" for t in times))

    leaves = [f.requires_grad_() for f in features]

    def there_and_back(pool) -> None:
        """Compute the pooled features and their gradients."""
        torch.autograd.grad(pool().sum(), leaves)

    kernel = milliseconds(lambda: there_and_back(lambda: _pool_by_kernel(leaves, boxes, image, 7, 2)))
    gather = milliseconds(lambda: there_and_back(lambda: BoxPooler(leaves)(boxes, image, bins=7, samples=2)))
    print(f"{'7, 2':16}{kernel:10.1f}{gather:10.1f}{'':10}  forward and backward, ms")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(1000, 512)[len(given) :])
