"""Runs of these tests do without their picture too."""

from tests.jobs.conftest import runs_without_pictures  # noqa: F401  # a fixture for all tests of this room
