"""Which classes of sources can be told apart, and what does each have?

`CLASSES` is the table of all known classes. A model lists those that it tells apart by name. In arrays a class is a
label: its number in the table, from 1, so that a galaxy is 1 and a star 2; 0 is background. The numbers of further
classes depend on what is installed, so files that keep labels keep the names too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.config import Registry
from zpix.errors import ConfigError

#: Classes of a model, store or table that does not name its own.
DEFAULT_CLASSES = ("galaxy", "star")
_LONGEST_NAME = 8  # the column `class` of a catalogue holds eight characters


@dataclass(frozen=True)
class SourceClass:
    """A class of sources.

    Attributes
    ----------
    name : str
        At most eight characters, as the column `class` of a catalogue has it.
    has_redshift : bool, default True
        Whether its sources have a redshift to learn and to report.
    """

    name: str
    has_redshift: bool = True

    def __post_init__(self) -> None:
        """Refuse a name that a catalogue cannot hold."""
        if not self.name.isidentifier() or len(self.name) > _LONGEST_NAME or self.name == "background":
            raise ConfigError(
                f"class '{self.name}': a name is a word of at most {_LONGEST_NAME} letters, and not 'background'"
            )


#: All known classes by name.
CLASSES: Registry[SourceClass] = Registry(
    "classes", "class", {"galaxy": SourceClass("galaxy"), "star": SourceClass("star", has_redshift=False)}
)


#: Labels of the classes of zpix itself.
GALAXY, STAR = 1, 2


def label_of(name: str) -> int:
    """Give the label of a class.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    int
        Its number in `CLASSES`, from 1.

    Raises
    ------
    ConfigError
        If there is no class of that name.

    Examples
    --------
    >>> label_of("galaxy"), label_of("star")
    (1, 2)
    """
    return list(CLASSES).index(CLASSES[name].name) + 1


def labels_of(names: Sequence[str]) -> NDArray[np.int64]:
    """Give the labels of classes.

    Parameters
    ----------
    names : sequence of str
        N names.

    Returns
    -------
    ndarray, shape (N,), int64
        Their numbers in `CLASSES`, from 1.

    Raises
    ------
    ConfigError
        If there is no class of one of the names.
    """
    return np.array([label_of(name) for name in names], dtype=np.int64)


def class_names(labels: ArrayLike) -> NDArray[np.str_]:
    """Give the names of the classes of sources.

    Parameters
    ----------
    labels : ndarray, shape (N,), int
        Labels.

    Returns
    -------
    ndarray, shape (N,), str
        Names; "background" for 0.

    Examples
    --------
    >>> class_names([1, 2, 1]).tolist()
    ['galaxy', 'star', 'galaxy']
    """
    return np.array(["background", *CLASSES])[np.asarray(labels, dtype=np.int64)]


def named_class_has_redshift(names: ArrayLike) -> NDArray[np.bool_]:
    """Tell which sources are of a class that has a redshift, by the names of their classes.

    Parameters
    ----------
    names : ndarray, shape (N,), str
        Names, as the column `class` of a catalogue has them.

    Returns
    -------
    ndarray, shape (N,), bool
        False for stars; True for classes that are not in `CLASSES`.

    Examples
    --------
    >>> named_class_has_redshift(["galaxy", "star", "qso"]).tolist()
    [True, False, True]
    """
    without = [name for name, own in CLASSES.items() if not own.has_redshift]
    return ~np.isin(np.asarray(names), without)


def has_redshift(labels: ArrayLike) -> NDArray[np.bool_]:
    """Tell which sources are of a class that has a redshift.

    Parameters
    ----------
    labels : ndarray, shape (N,), int
        Labels.

    Returns
    -------
    ndarray, shape (N,), bool
        False for stars, and for the background.

    Examples
    --------
    >>> has_redshift([1, 2]).tolist()
    [True, False]
    """
    of_class: NDArray[Any] = np.array([False, *(own.has_redshift for own in CLASSES.values())])
    return of_class[np.asarray(labels, dtype=np.int64)]
