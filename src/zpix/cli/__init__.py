"""The command line: arguments to one call each. The only place that prints.

Rooms are imported inside the commands, so that `zpix --help` answers at once.
"""

from zpix.cli import fields, surveys, models, catalogues, pictures  # noqa: I001 (the order of the commands in zpix --help)
from zpix.cli.app import app, main

__all__ = ["app", "catalogues", "fields", "main", "models", "pictures", "surveys"]
