"""zpix: photometric redshifts straight from pixels.

The names below are the public interface; each is loaded when first used, so that `import zpix` is instant and loads no
torch.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zpix.catalogue import Catalogue, read_catalogue
    from zpix.detector import load_checkpoint
    from zpix.errors import ZpixError
    from zpix.image import open_mosaic
    from zpix.jobs.align import align
    from zpix.jobs.bench import bench
    from zpix.jobs.demo import demo
    from zpix.jobs.diagnose import diagnose
    from zpix.jobs.evaluate import evaluate
    from zpix.jobs.fetch import fetch
    from zpix.jobs.info import info
    from zpix.jobs.match import match
    from zpix.jobs.prepare import prepare, prepare_mock, prepare_redshifts
    from zpix.jobs.pretrain import pretrain, pretrain_backbone, pretrain_mock
    from zpix.jobs.run import run
    from zpix.jobs.simulate import simulate
    from zpix.jobs.train import train
    from zpix.sources import ZMixture

# Before torch is loaded, and unless the user has chosen. Two threads that wait for each other by spinning take fifty
# times as long as soon as another program uses a core; threads that sleep lose next to nothing. And oneDNN would keep
# what it makes for every number of sources that it meets, 2 MB per tile of a field, for nothing.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")

_HOMES = {
    "Catalogue": "zpix.catalogue",
    "ZMixture": "zpix.sources",
    "ZpixError": "zpix.errors",
    "align": "zpix.jobs.align",
    "bench": "zpix.jobs.bench",
    "demo": "zpix.jobs.demo",
    "diagnose": "zpix.jobs.diagnose",
    "evaluate": "zpix.jobs.evaluate",
    "fetch": "zpix.jobs.fetch",
    "info": "zpix.jobs.info",
    "load_checkpoint": "zpix.detector",
    "match": "zpix.jobs.match",
    "open_mosaic": "zpix.image",
    "prepare": "zpix.jobs.prepare",
    "prepare_mock": "zpix.jobs.prepare",
    "prepare_redshifts": "zpix.jobs.prepare",
    "pretrain": "zpix.jobs.pretrain",
    "pretrain_backbone": "zpix.jobs.pretrain",
    "pretrain_mock": "zpix.jobs.pretrain",
    "read_catalogue": "zpix.catalogue",
    "run": "zpix.jobs.run",
    "simulate": "zpix.jobs.simulate",
    "train": "zpix.jobs.train",
}

__all__ = [
    "Catalogue", "ZMixture", "ZpixError", "align", "bench", "demo", "diagnose", "evaluate", "fetch", "info",
    "load_checkpoint", "match", "open_mosaic", "prepare", "prepare_mock", "prepare_redshifts", "pretrain",
    "pretrain_backbone", "pretrain_mock", "read_catalogue", "run", "simulate", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'zpix' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
