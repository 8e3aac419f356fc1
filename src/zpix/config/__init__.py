"""Settings: frozen sections, read from one TOML file, and registries of what they can choose by name."""

from zpix.config.band_sets import BAND_SETS, bands_called
from zpix.config.registry import Registry
from zpix.config.sections import (
    AdaptationConfig,
    BandsSeen,
    Errors,
    InferenceConfig,
    ModelConfig,
    PretrainingConfig,
    Section,
    TrainingConfig,
)
from zpix.config.simulation import SimulationConfig
from zpix.config.toml_file import Config, as_config, load_config, override, parse_section, write_config

__all__ = [
    "BAND_SETS",
    "AdaptationConfig",
    "BandsSeen",
    "Config",
    "Errors",
    "InferenceConfig",
    "ModelConfig",
    "PretrainingConfig",
    "Registry",
    "Section",
    "SimulationConfig",
    "TrainingConfig",
    "as_config",
    "bands_called",
    "load_config",
    "override",
    "parse_section",
    "write_config",
]
