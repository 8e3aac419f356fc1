"""Does every public docstring say all that it should, in numpydoc's form?

    python tests/check_docstrings.py            zpix.__all__ and the names that rooms export
    python tests/check_docstrings.py image      one room

Checked are functions, classes and their public methods, by numpydoc's validator. A dataclass or a named tuple may
describe its fields under Attributes instead of Parameters.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

import zpix

# Not asked for: an extended summary, See Also, an example for each, and where in the docstring the text begins.
LEFT_OUT = {"ES01", "SA01", "EX01", "GL01", "GL02", "SS05", "SS06", "RT02", "YD01", "PR05", "SA04"}


def public_names(rooms: list[str]) -> Iterator[str]:
    """Full names of what is to be checked."""
    if not rooms:
        for name in zpix.__all__:
            home = getattr(zpix, name)
            if callable(home):
                yield f"{home.__module__}.{home.__qualname__}"
        rooms = [module.name for module in pkgutil.iter_modules(zpix.__path__) if module.ispkg and module.name != "cli"]
    for room in rooms:
        package = importlib.import_module(f"zpix.{room}")
        for name in getattr(package, "__all__", []):
            thing = getattr(package, name)
            if getattr(thing, "__module__", "").startswith("zpix.") and callable(thing):
                yield f"{thing.__module__}.{thing.__qualname__}"


def with_methods(name: str) -> Iterator[tuple[str, Any]]:
    """A name and, of a class, its own public methods and properties."""
    module, _, rest = name.rpartition(".")
    thing = getattr(importlib.import_module(module), rest)
    yield name, thing
    if inspect.isclass(thing):
        for method, value in vars(thing).items():
            if not method.startswith("_") and (
                inspect.isfunction(value) or isinstance(value, (property, classmethod, staticmethod))
            ):
                yield f"{name}.{method}", value


def complaints(name: str, thing: Any) -> list[str]:
    """What numpydoc's validator says of one name."""
    found = [f"{code} {text}" for code, text in validate(name)["errors"] if code not in LEFT_OUT]
    if getattr(thing, "_is_protocol", False):  # it is not called
        found = [line for line in found if line[:4] != "PR01"]
    fields = getattr(thing, "__dataclass_fields__", None) or getattr(thing, "_fields", None)
    if inspect.isclass(thing) and fields is not None:
        found = [line for line in found if line[:4] not in ("PR01", "PR02", "PR03")]
        doc = ClassDoc(thing)
        said = {
            part.strip()
            for section in ("Parameters", "Attributes")
            for entry in doc[section]
            for part in entry.name.split(",")
            if entry.type and entry.desc
        }
        found += [
            f"PR01 field '{field}' has no type and description"
            for field in fields
            if field not in said and not field.startswith("_")
        ]
    return found


def main() -> int:
    names = dict.fromkeys(public_names(sys.argv[1:]))
    count = 0
    for name in names:
        for full, thing in with_methods(name):
            for line in complaints(full, thing):
                print(f"{full}: {line}")
                count += 1
    print(f"{len(names)} names, {count} complaints")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
