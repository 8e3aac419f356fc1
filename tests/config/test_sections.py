"""Sections: frozen, described, and on their page as they are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from zpix.config import Config, InferenceConfig, Section

DOCS = Path(__file__).parents[2] / "docs"


def test_sections_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        InferenceConfig().margin = 32  # type: ignore[misc]


def sections() -> dict[str, Section]:
    return {name: getattr(Config(), name) for name in Config.model_fields}


def test_every_setting_is_on_its_page_with_its_default():
    """docs/configuration.md has a table per section: | `name` | default | meaning |."""
    page = (DOCS / "configuration.md").read_text("utf-8")
    tables = re.split(r"^## \[(\w+)\].*$", page, flags=re.MULTILINE)
    documented = {
        name: dict(re.findall(r"^\| `(\w+)` \| `([^|]*)` \|", text, re.MULTILINE))
        for name, text in zip(tables[1::2], tables[2::2], strict=True)
    }
    assert list(documented) == list(sections())
    for name, section in sections().items():
        assert list(documented[name]) == list(type(section).model_fields), name
        for key, text in documented[name].items():
            value = getattr(section, key)
            if value is None:
                assert text == "none", key
            else:
                written = tomllib.loads(f"value = {text}")["value"]
                assert getattr(type(section)(**{key: written}), key) == value, f"{name}.{key}"


def test_every_setting_means_what_its_page_says():
    page = (DOCS / "configuration.md").read_text("utf-8")
    tables = re.split(r"^## \[(\w+)\].*$", page, flags=re.MULTILINE)
    for name, text in zip(tables[1::2], tables[2::2], strict=True):
        meanings = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| (.*) \|$", text, re.MULTILINE))
        for key, field in type(sections()[name]).model_fields.items():
            assert re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", meanings[key]) == field.description, f"{name}.{key}"


def test_a_docstring_lists_every_setting():
    for section in sections().values():
        listed = re.findall(r"^(\w+) : .*, default: ", type(section).__doc__, re.MULTILINE)
        assert listed == list(type(section).model_fields)
