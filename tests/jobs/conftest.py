"""Runs of these tests do without their picture."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def runs_without_pictures(without_pictures) -> None:
    """As for all tests that ask for it."""
