"""Registries: entries of zpix, of this process and of installed packages, found by name."""

from __future__ import annotations

import pytest

from zpix.config import Registry, registry
from zpix.errors import ConfigError


class Point:
    """An entry point of another package."""

    def __init__(self, name, entry):
        self.name, self.load = name, lambda: entry


def test_entries_of_other_packages_are_found_by_name(monkeypatch):
    asked = []

    def entry_points(*, group):
        asked.append(group)
        return [Point("square", 2.0), Point("round", 9.0)]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    shapes = Registry("shapes", "shape", {"round": 1.0})
    assert dict(shapes) == {"round": 1.0, "square": 2.0}  # zpix's own comes first
    assert "square" in shapes and "flat" not in shapes and len(shapes) == 2
    assert asked == ["zpix.shapes"]


def test_a_name_means_one_thing():
    shapes = Registry("shapes", "shape", {"round": 1.0})
    shapes.add("flat", 0.3)
    shapes.add("flat", shapes["flat"])
    with pytest.raises(ConfigError, match="shape 'flat' exists already"):
        shapes.add("flat", 0.4)
    with pytest.raises(ConfigError, match="shape 'square' is unknown; known are flat, round"):
        shapes["square"]
