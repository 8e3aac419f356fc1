"""How do torchvision and timm come without torch's compiler, which takes longer to import than torch itself?

Both ask `torch._dynamo` for one function as they are imported, and call it only where something is compiled. For the
time of their import a stand-in gives functions that load the real module once they are called; whatever else is asked
of the stand-in loads it at once. Importing this module imports both.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_COMPILER = "torch._dynamo"
_STOOD_IN = (_COMPILER, f"{_COMPILER}.utils")


class _StandIn(ModuleType):
    """Answers for a module of the compiler until the real one is needed."""

    def disable(self, function: Callable[..., Any] | None = None, *rest: Any, **how: Any) -> Callable[..., Any]:
        """Decorate a function that the compiler leaves alone; it is told so when the function is called."""
        if function is None:
            return lambda function: self.disable(function, *rest, **how)

        @functools.cache
        def left_alone() -> Callable[..., Any]:
            decorated: Callable[..., Any] = _real(_COMPILER).disable(function, *rest, **how)
            return decorated

        return functools.wraps(function)(lambda *args, **kwargs: left_alone()(*args, **kwargs))

    def is_compile_supported(self, device_type: str) -> bool:
        """Whether the compiler knows a kind of device."""
        supported: bool = _real(self.__name__).is_compile_supported(device_type)
        return supported

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by inspect of every module
            raise AttributeError(name)
        return getattr(_real(self.__name__), name)


def _real(name: str) -> ModuleType:
    """A module of the compiler itself."""
    _remove_stand_ins()
    import torch._dynamo.utils  # noqa: F401

    return sys.modules[name]


def _remove_stand_ins() -> None:
    """Let the compiler be imported as usual."""
    for name in _STOOD_IN:
        if isinstance(sys.modules.get(name), _StandIn):
            del sys.modules[name]


@contextmanager
def _compiler_stood_in() -> Iterator[None]:
    """Have stand-ins for the modules of the compiler that imports ask for, unless it is loaded."""
    if _COMPILER in sys.modules:
        yield
        return
    package = find_spec(_COMPILER)
    for name in _STOOD_IN:
        stand_in = sys.modules[name] = _StandIn(name)
        stand_in.__path__ = list((package and package.submodule_search_locations) or [])
    try:
        yield
    finally:
        _remove_stand_ins()


with _compiler_stood_in():
    import timm  # noqa: F401
    import torchvision  # noqa: F401
