"""Settings from files and options: refused when wrong, and kept when written."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpix.config import (
    Config,
    InferenceConfig,
    ModelConfig,
    SimulationConfig,
    TrainingConfig,
    as_config,
    load_config,
    override,
    write_config,
)
from zpix.errors import ConfigError
from zpix.image import JADES_BANDS

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.toml"))


def refused(path, *words) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = str(caught.value)
    assert "\n" not in message and str(path) in message
    for word in words:
        assert word in message
    return message


def test_without_a_file_everything_has_its_default():
    assert load_config(None) == Config()
    assert Config().model.bands == JADES_BANDS


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('[inference]\ntile_size = 512\n[model]\nbands = ["A", "B"]\n')
    config = load_config(file)
    assert config.inference == InferenceConfig(tile_size=512)
    assert config.model == ModelConfig(bands=("A", "B"))
    assert config.training == TrainingConfig()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[inference]\ntile = 3", ("unknown setting 'inference.tile'", "tile_size", "margin")),
        ("[inferense]", ("unknown setting 'inferense'", "inference", "simulation")),
        ("tile_size = 3", ("unknown setting 'tile_size'", "inference")),
        ("[inference]\nscore_threshold = 2.0", ("inference.score_threshold", "2.0", "less than or equal to 1")),
        ('[training]\noptimizer = "lion"', ("training.optimizer", "'lion'", "'sgd'", "'adamw'")),
        ('[training]\nepochs = "many"', ("training.epochs", "'many'")),
        ('[model]\nbands = ["F444W", "f444w"]', ("model.bands", ": a model needs", "each named once")),
        ("[model]\nbands = []", ("model.bands", "one band or more")),
        ("[simulation]\nspectra = {kcorrect = 0.0}", ("simulation.spectra", "kcorrect", "positive share")),
        ("[simulation]\nspectra = {}", ("simulation.spectra", "one family or more")),
        ("inference = 3", ("inference", "3")),
        ("[inference", ("not valid TOML",)),
    ],
)
def test_a_mistake_in_a_file_is_one_sentence(tmp_path, text, words):
    file = tmp_path / "settings.toml"
    file.write_text(text)
    refused(file, *words)


def test_a_file_that_cannot_be_read(tmp_path):
    refused(tmp_path / "missing.toml", "no such configuration file")
    refused(tmp_path, "cannot be read")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    refused(binary, "not valid TOML")


def test_what_is_written_reads_back_the_same(tmp_path):
    sections = {
        "model": ModelConfig(bands=("A", "B"), redshift_head="fpn", gaussian_sigmas_pix=(1.0, 2.5)),
        "training": TrainingConfig(learning_rate=1e-5, flips=False, milestones=(0.5,)),
        "inference": InferenceConfig(dust='C:\\maps\\Δust "2".fits', precision="bf16"),
        "simulation": SimulationConfig(ebv=None, psf_angle_deg=12.5, spectra={"mine": 0.5, "kcorrect": 1.5}),
    }
    file = tmp_path / "config.toml"
    write_config(file, **sections)
    config = load_config(file)
    for name, section in sections.items():
        assert getattr(config, name) == section
    assert config.pretraining == Config().pretraining


def test_defaults_read_back_the_same(tmp_path):
    file = tmp_path / "config.toml"
    write_config(file, **{name: getattr(Config(), name) for name in Config.model_fields})
    assert load_config(file) == Config()


def test_options_replace_settings_and_are_checked():
    section = InferenceConfig(margin=32)
    assert override(section, device="cpu", dust=None) == InferenceConfig(margin=32, device="cpu")
    with pytest.raises(ConfigError, match=r"^setting 'precision' = 'fp64'"):
        override(section, precision="fp64")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_recipes_can_be_used(recipe):
    assert isinstance(load_config(recipe), Config)


def test_settings_are_taken_in_every_form(tmp_path):
    file, wanted = tmp_path / "settings.toml", InferenceConfig(margin=64)
    write_config(file, inference=wanted)
    for given in (file, str(file), wanted, Config(inference=wanted)):
        assert as_config(given, "inference") == Config(inference=wanted)
    assert as_config(None, "inference") == Config()
    with pytest.raises(ConfigError, match=r"^config is a TrainingConfig: allowed are .* Config, InferenceConfig$"):
        as_config(TrainingConfig(), "inference")
    with pytest.raises(ConfigError, match="config is a dict"):
        as_config({"margin": 3}, "inference")  # type: ignore[arg-type]
