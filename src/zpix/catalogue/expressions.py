"""Which sources does a user mean by a condition such as "p_above_6 > 0.9 and mag_f444w < 28"?

Conditions are read as Python expressions of columns, and nothing else of Python is allowed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.flags import FLAGS
from zpix.catalogue.table import Catalogue
from zpix.errors import ConfigError

_OPERATIONS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.Not: np.logical_not, ast.USub: operator.neg,
    ast.UAdd: operator.pos, ast.And: np.logical_and, ast.Or: np.logical_or, ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_ABOVE = re.compile(r"\bp_above_(\d+(?:\.\d+)?)\b")
_CLASS = "class_"  # a word that Python keeps to itself
_EXAMPLE = "such as \"p_above_6 > 0.9 and mag_f444w < 28 and class == 'galaxy' and not EDGE\""


def where_holds(catalogue: Catalogue, condition: str) -> NDArray[np.bool_]:
    """Find the sources for which a condition holds.

    Parameters
    ----------
    catalogue : Catalogue of length N
        The sources.
    condition : str
        Comparisons of numbers, joined by `and`, `or` and `not`. Names are the columns of the catalogue, `mag_<band>`
        for the AB magnitude in the mask, `p_above_<z>` for the probability of a higher redshift, and flags in capitals.

    Returns
    -------
    (N,) bool
        Where it holds; it does not where a number is NaN.

    Raises
    ------
    ConfigError
        If the condition cannot be read.

    Examples
    --------
    >>> catalogue[where_holds(catalogue, "p_above_6 > 0.9 and not EDGE")]  # doctest: +SKIP
    """
    held = values_of(catalogue, condition)
    if held.dtype != bool:
        raise ConfigError(f"'{condition}' is no condition: it must be true or false for a source, {_EXAMPLE}")
    return held


def values_of(catalogue: Catalogue, expression: str) -> NDArray[Any]:
    """Return what an expression is for each source.

    Parameters
    ----------
    catalogue : Catalogue of length N
        The sources.
    expression : str
        As for `where_holds`, also of numbers, such as "-z_phot".

    Returns
    -------
    (N,) array
        Numbers, truth values or text.

    Raises
    ------
    ConfigError
        If the expression cannot be read.
    """
    text = re.sub(r"\bclass\b", _CLASS, _ABOVE.sub(r"p_above(\1)", expression.strip()))
    try:
        tree = ast.parse(text, mode="eval").body
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.asarray(_Reader(catalogue).read(tree))
    except (SyntaxError, ValueError, RecursionError):
        raise ConfigError(f"'{expression}' cannot be read: it must be an expression of columns, {_EXAMPLE}") from None
    except (TypeError, np.exceptions.DTypePromotionError):
        raise ConfigError(f"'{expression}' compares or adds what does not fit, such as text and numbers") from None
    return np.broadcast_to(values, (len(catalogue),))


class _Reader:
    """Reads an expression for a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def read(self, node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return value
            case ast.Name(id=name):
                return self.named(name.replace(_CLASS, "class"))
            case ast.Call(func=ast.Name(id="p_above"), args=[ast.Constant(value=int() | float() as z)], keywords=[]):
                return self.catalogue.redshift.probability_between(float(z), np.inf)
            case ast.UnaryOp(op=op, operand=operand):
                return self.operation(op)(self.read(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(op)(self.read(left), self.read(right))
            case ast.BoolOp(op=op, values=[first, *others]):
                result = self.truth(first)
                for other in others:
                    result = self.operation(op)(result, self.truth(other))
                return result
            case ast.Compare(left=left, ops=ops, comparators=others):
                result, value = np.True_, self.read(left)
                for comparison, other in zip(ops, others, strict=True):
                    after = self.read(other)
                    result = np.logical_and(result, self.operation(comparison)(value, after))
                    value = after
                return result
        raise ValueError("not allowed")

    def operation(self, op: ast.AST) -> Callable[..., Any]:
        if type(op) not in _OPERATIONS:
            raise ValueError("not allowed")
        return _OPERATIONS[type(op)]

    def truth(self, node: ast.AST) -> Any:
        value = np.asarray(self.read(node))
        if value.dtype != bool:
            raise ValueError("no condition")
        return value

    def named(self, name: str) -> Any:
        catalogue = self.catalogue
        for flag in FLAGS:
            if flag.name == name:
                return (catalogue["flags"] & flag.value) != 0
        if name in catalogue.columns and catalogue[name].ndim == 1:
            return catalogue[name]
        bands = {f"mag_{band.lower()}": band for band in catalogue.bands}
        if name.lower() in bands:
            return catalogue.magnitude(bands[name.lower()])
        raise ConfigError(
            f"'{name}' is no column of the catalogue, no flag, and neither mag_<band> nor p_above_<z>: {_EXAMPLE}"
        )
