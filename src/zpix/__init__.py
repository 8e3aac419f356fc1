"""zpix: photometric redshifts straight from pixels.

The names below are the public interface. Each is loaded when it is first used, so that `import zpix` is instant and
loads no torch. `zpix.__version__` is the version.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zpix.catalogue import Catalogue, flag_names, flag_value, read_catalogue
    from zpix.config import (
        AdaptationConfig,
        Config,
        InferenceConfig,
        ModelConfig,
        PretrainingConfig,
        SimulationConfig,
        TrainingConfig,
        load_config,
    )
    from zpix.detector import load_checkpoint
    from zpix.errors import ZpixError
    from zpix.image import Region, open_mosaic
    from zpix.jobs.adapt import adapt
    from zpix.jobs.align import align
    from zpix.jobs.bench import bench
    from zpix.jobs.calibrate import calibrate
    from zpix.jobs.check import check
    from zpix.jobs.compare import compare
    from zpix.jobs.demo import demo
    from zpix.jobs.diagnose import diagnose
    from zpix.jobs.evaluate import evaluate
    from zpix.jobs.export import export
    from zpix.jobs.fetch import fetch
    from zpix.jobs.info import info
    from zpix.jobs.match import match
    from zpix.jobs.predict import predict
    from zpix.jobs.prepare import prepare
    from zpix.jobs.pretrain import pretrain
    from zpix.jobs.report import report
    from zpix.jobs.run import run, write_run
    from zpix.jobs.send import send
    from zpix.jobs.show import plot_source, plot_sources, show
    from zpix.jobs.simulate import simulate
    from zpix.jobs.train import train
    from zpix.jobs.view import view
    from zpix.sources import ZMixture
    from zpix.surveys import compile_redshifts, read_jades_catalogue, read_redshifts

    __version__: str

# Before torch is loaded, and unless the user has chosen. Two threads that wait for each other by spinning take fifty
# times as long as soon as another program uses a core; threads that sleep lose next to nothing. And oneDNN would keep
# what it makes for every number of sources that it meets, 2 MB per tile of a field, for nothing.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")

_HOMES = {
    "AdaptationConfig": "zpix.config",
    "Catalogue": "zpix.catalogue",
    "Config": "zpix.config",
    "InferenceConfig": "zpix.config",
    "ModelConfig": "zpix.config",
    "PretrainingConfig": "zpix.config",
    "Region": "zpix.image",
    "SimulationConfig": "zpix.config",
    "TrainingConfig": "zpix.config",
    "ZMixture": "zpix.sources",
    "ZpixError": "zpix.errors",
    "adapt": "zpix.jobs.adapt",
    "align": "zpix.jobs.align",
    "bench": "zpix.jobs.bench",
    "calibrate": "zpix.jobs.calibrate",
    "check": "zpix.jobs.check",
    "compare": "zpix.jobs.compare",
    "compile_redshifts": "zpix.surveys",
    "demo": "zpix.jobs.demo",
    "diagnose": "zpix.jobs.diagnose",
    "evaluate": "zpix.jobs.evaluate",
    "export": "zpix.jobs.export",
    "fetch": "zpix.jobs.fetch",
    "flag_names": "zpix.catalogue",
    "flag_value": "zpix.catalogue",
    "info": "zpix.jobs.info",
    "load_checkpoint": "zpix.detector",
    "load_config": "zpix.config",
    "match": "zpix.jobs.match",
    "open_mosaic": "zpix.image",
    "plot_source": "zpix.jobs.show",
    "plot_sources": "zpix.jobs.show",
    "predict": "zpix.jobs.predict",
    "prepare": "zpix.jobs.prepare",
    "pretrain": "zpix.jobs.pretrain",
    "read_catalogue": "zpix.catalogue",
    "read_jades_catalogue": "zpix.surveys",
    "read_redshifts": "zpix.surveys",
    "report": "zpix.jobs.report",
    "run": "zpix.jobs.run",
    "show": "zpix.jobs.show",
    "send": "zpix.jobs.send",
    "simulate": "zpix.jobs.simulate",
    "train": "zpix.jobs.train",
    "view": "zpix.jobs.view",
    "write_run": "zpix.jobs.run",
}

__all__ = [
    "AdaptationConfig",
    "Catalogue",
    "Config",
    "InferenceConfig",
    "ModelConfig",
    "PretrainingConfig",
    "Region",
    "SimulationConfig",
    "TrainingConfig",
    "ZMixture",
    "ZpixError",
    "adapt",
    "align",
    "bench",
    "calibrate",
    "check",
    "compare",
    "compile_redshifts",
    "demo",
    "diagnose",
    "evaluate",
    "export",
    "fetch",
    "flag_names",
    "flag_value",
    "info",
    "load_checkpoint",
    "load_config",
    "match",
    "open_mosaic",
    "plot_source",
    "plot_sources",
    "predict",
    "prepare",
    "pretrain",
    "read_catalogue",
    "read_jades_catalogue",
    "read_redshifts",
    "report",
    "run",
    "send",
    "show",
    "simulate",
    "train",
    "view",
    "write_run",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("zpix")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'zpix' has no attribute '{name}'")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*__all__, "__version__"])
