"""Each option of a command exists in Python under the same name and the reverse, with the same default and choices."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pytest
from typer.models import OptionInfo

import zpix
from zpix.cli import app

# How a command prints, which is nothing to a function.
PRINTING = {("check", "json"), ("info", "json")}
# What only a program can give.
FOR_PROGRAMS = {("train", "on_epoch")}
COMMANDS = {command.name: command.callback for command in app.registered_commands}


def job(name: str) -> Any:
    """The function that does the work of a command."""
    return getattr(import_module(f"zpix.jobs.{name}"), name)


def options(name: str) -> Iterator[tuple[inspect.Parameter, Any, Any]]:
    """Parameter, type, and what typer knows of each option and argument of a command."""
    command = COMMANDS[name]
    hints = get_type_hints(command, include_extras=True)
    for key, parameter in inspect.signature(command).parameters.items():
        assert get_origin(hints[key]) is Annotated, key
        kind, info = get_args(hints[key])
        yield parameter, kind, info


def plain(value: Any) -> Any:
    """A default in one form: none where several values can be given and none is."""
    if isinstance(value, (list, tuple)):
        return tuple(value) or None
    return str(value) if isinstance(value, (str, Path)) else value


def choices(annotation: Any) -> set[str]:
    """Choices of an annotation such as `Literal["a", "b"] | None` or `list[MyEnum]`."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    if inspect.isclass(annotation) and issubclass(annotation, StrEnum):
        return {choice.value for choice in annotation}
    return {choice for part in get_args(annotation) for choice in choices(part)}


def test_every_command_is_known():
    assert len(COMMANDS) > 12 and None not in COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_the_parameters_of_the_function(name):
    theirs = inspect.signature(job(name)).parameters
    ours = {parameter.name: parameter for parameter, _, _ in options(name) if (name, parameter.name) not in PRINTING}
    assert set(ours) == set(theirs) - {key for command, key in FOR_PROGRAMS if command == name}
    for key, parameter in ours.items():
        if theirs[key].kind is not inspect.Parameter.VAR_POSITIONAL:
            assert plain(parameter.default) == plain(theirs[key].default), key


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_text_and_its_own_name(name):
    for parameter, _, info in options(name):
        assert info.help and info.help.endswith((".", "...")), parameter.name
        long = {spelling for spelling in (info.default, *(info.param_decls or ())) if str(spelling).startswith("--")}
        if isinstance(info, OptionInfo) and long:
            assert f"--{parameter.name.replace('_', '-')}" in long, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_choices_are_those_of_the_function(name):
    hints = get_type_hints(job(name))
    for parameter, kind, _ in options(name):
        if (name, parameter.name) in PRINTING:
            continue
        assert choices(kind) == choices(hints[parameter.name]), parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_function_is_public(name):
    assert name in zpix.__all__ and getattr(zpix, name) is job(name)
