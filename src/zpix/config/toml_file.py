"""How are settings read from a file, replaced by options, checked, and written beside results?"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from zpix.config.sections import (
    AdaptationConfig,
    InferenceConfig,
    ModelConfig,
    PretrainingConfig,
    Section,
    TrainingConfig,
)
from zpix.config.simulation import SimulationConfig
from zpix.errors import ConfigError

AnySection = TypeVar("AnySection", bound=Section)


def parse_section(section: type[AnySection], values: dict[str, Any], *, source: str) -> AnySection:
    """Make a section of values.

    Parameters
    ----------
    section : type of Section
        Kind of section.
    values : dict of str to object
        Settings by name; those that are left out have their defaults.
    source : str
        Where they come from, for messages; empty for options.

    Returns
    -------
    Section
        The section.

    Raises
    ------
    ConfigError
        If a name is unknown or a value is out of range.
    """
    try:
        return section(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"{source}: " if source else ""
        if first["type"] == "extra_forbidden":
            allowed = _siblings(section, first["loc"])
            raise ConfigError(f"{where}unknown setting '{key}'; allowed are {allowed}") from None
        reason = first["msg"].removeprefix("Value error, ").lower()
        raise ConfigError(f"{where}setting '{key}' = {first['input']!r}: {reason}") from None


def _siblings(section: type[Section], place: tuple[int | str, ...]) -> str:
    """Return the names allowed where an unknown one was found."""
    for part in place[:-1]:
        annotation = section.model_fields[str(part)].annotation
        assert isinstance(annotation, type) and issubclass(annotation, Section)
        section = annotation
    return ", ".join(section.model_fields)


class Config(Section):
    """All that one TOML file can set: a section for each of its tables."""

    model: ModelConfig = Field(ModelConfig(), description="shape of the network")
    training: TrainingConfig = Field(TrainingConfig(), description="how the detector learns")
    pretraining: PretrainingConfig = Field(
        PretrainingConfig(), description="how the redshift head or the backbone learns first"
    )
    adaptation: AdaptationConfig = Field(
        AdaptationConfig(), description="how a model is adapted to the spectra of a field"
    )
    inference: InferenceConfig = Field(InferenceConfig(), description="how a field is searched")
    simulation: SimulationConfig = Field(SimulationConfig(), description="what a mock sky holds and how it is observed")


def load_config(path: str | Path | None) -> Config:
    """Read settings from a TOML file.

    Parameters
    ----------
    path : str, Path or None
        The file, with a table for each section; None for the defaults.

    Returns
    -------
    Config
        All settings; what the file leaves out has its default.

    Raises
    ------
    ConfigError
        If the file is missing or is not TOML, or has an unknown section or setting.

    Examples
    --------
    >>> load_config(None).inference.tile_size
    1024
    """
    if path is None:
        return Config()
    file = Path(path)
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such configuration file") from None
    except OSError as error:
        raise ConfigError(f"{file}: the configuration file cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    return parse_section(Config, tables, source=str(file))


def as_config(config: str | Path | Config | Section | None, *reads: str) -> Config:
    """Take settings in any of the forms in which a function of zpix accepts them.

    Parameters
    ----------
    config : str, Path, Config, Section or None
        Path of a TOML file, all settings, or one section; None for the defaults.
    *reads : str
        Names of the sections that the caller uses, such as "inference".

    Returns
    -------
    Config
        All settings; what was not given has its default.

    Raises
    ------
    ConfigError
        If the file cannot be used, or a section is given that the caller does not use.
    """
    if config is None or isinstance(config, (str, Path)):
        return load_config(config)
    if isinstance(config, Config):
        return config
    sections = {name: type(getattr(Config(), name)) for name in reads}
    for name, section in sections.items():
        if isinstance(config, section):
            return Config(**{name: config})
    allowed = ", ".join(["Config", *(section.__name__ for section in sections.values())])
    raise ConfigError(f"config is a {type(config).__name__}: allowed are the path of a TOML file and {allowed}")


def override(section: AnySection, **values: Any) -> AnySection:
    """Replace settings of a section, and check them.

    Parameters
    ----------
    section : Section
        The section, which is not changed.
    **values
        New values by name; None keeps the old one.

    Returns
    -------
    Section
        The changed section.

    Raises
    ------
    ConfigError
        If a name is unknown or a value is out of range.

    Examples
    --------
    >>> override(InferenceConfig(), device="cpu", dust=None).device
    'cpu'
    """
    given = {key: value for key, value in values.items() if value is not None}
    return parse_section(type(section), {**section.model_dump(), **given}, source="")


def write_config(path: str | Path, **sections: Section) -> None:
    """Write sections as TOML that `load_config` reads back.

    Parameters
    ----------
    path : str or Path
        File to write.
    **sections : Section
        Sections by name; all of their settings are written, defaults included.
    """
    lines = []
    for name, section in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in section.model_dump().items() if value is not None]
        lines.append("")
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def _toml(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)
