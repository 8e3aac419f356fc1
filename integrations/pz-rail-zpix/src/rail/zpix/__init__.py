"""zpix in RAIL, where `RailEnv` looks for it."""

from rail.estimation.algos.zpix import MosaicHandle, StoreHandle, ZpixEstimator, ZpixInformer

__all__ = ["MosaicHandle", "StoreHandle", "ZpixEstimator", "ZpixInformer"]
