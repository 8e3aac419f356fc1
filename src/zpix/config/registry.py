"""What can a setting or a file choose by name, zpix's own things and those of other packages?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from zpix.errors import ConfigError

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Named things of one kind that a setting or a file can choose; other packages add theirs without an edit here.

    Another package adds an entry for every process that has it installed with an entry point in its `pyproject.toml`,
    as in `[project.entry-points."zpix.backbones"]`, or for one process with `add`.

    Parameters
    ----------
    group : str
        Name of the entry points, without the leading `zpix.`.
    what : str
        What an entry is, for messages, such as "backbone".
    entries : mapping of str to object, optional
        What zpix itself has.

    Examples
    --------
    >>> shapes = Registry("shapes", "shape", {"round": 1.0})
    >>> shapes.add("flat", 0.3)
    >>> sorted(shapes)
    ['flat', 'round']
    >>> shapes["square"]
    Traceback (most recent call last):
    zpix.errors.ConfigError: shape 'square' is unknown; known are flat, round
    """

    def __init__(self, group: str, what: str, entries: Mapping[str, Entry] | None = None) -> None:
        self.group, self.what = group, what
        self._entries: dict[str, Entry] = dict(entries or {})
        self._has_asked = False

    def add(self, name: str, entry: Entry) -> None:
        """Add an entry for this process.

        Parameters
        ----------
        name : str
            Its name; one that is taken is refused.
        entry : object
            What the name stands for.

        Raises
        ------
        ConfigError
            If another entry has the name.
        """
        if name in self._all() and self._entries[name] is not entry:
            raise ConfigError(f"{self.what} '{name}' exists already: give the new one another name")
        self._entries[name] = entry

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of a name; an unknown name is a `ConfigError` that lists the known ones."""
        try:
            return self._all()[name]
        except KeyError:
            raise ConfigError(f"{self.what} '{name}' is unknown; known are {', '.join(sorted(self))}") from None

    def __contains__(self, name: object) -> bool:
        """Return whether there is an entry of that name."""
        return name in self._all()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, those of zpix first."""
        return iter(self._all())

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._all())

    def _all(self) -> dict[str, Entry]:
        """Return the entries, those of installed packages included."""
        if not self._has_asked:
            self._has_asked = True
            for point in entry_points(group=f"zpix.{self.group}"):
                self._entries.setdefault(point.name, point.load())
        return self._entries
