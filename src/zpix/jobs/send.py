"""How does the result of a run get into TOPCAT and Aladin?

By SAMP, the protocol by which programs of the virtual observatory on one machine exchange tables: a hub, which TOPCAT
and Aladin start, hands messages with the address of a file to the programs that take such files. Of the protocol's
Standard Profile 1.3 only what a sender needs is spoken here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse
from xmlrpc.client import Error as RpcError
from xmlrpc.client import ServerProxy

from zpix.errors import InputFileError, SampError

# Files of a result, with the kind of message and the name of its identifier.
_FILES = {"catalogue.vot": ("table.load.votable", "table-id"), "moc.fits": ("coverage.load.moc.fits", "coverage-id")}
_PATIENCE_S = "60"
_NO_HUB = "no SAMP hub is running: start TOPCAT or Aladin first"
_METADATA = {"samp.name": "zpix", "samp.description.text": "Photometric redshifts straight from pixels"}


def send(result: str | Path, *, to: str | None = None) -> dict[str, list[str]]:
    """Send the catalogue of a run and the coverage of its field to programs such as TOPCAT and Aladin.

    Parameters
    ----------
    result : str or Path
        Directory of a run, with `catalogue.vot` and `moc.fits`.
    to : str, optional
        Name of the program to send to, in any case; every program that takes the files by default.

    Returns
    -------
    dict of str to list of str
        Files that were loaded, by the name of each program.

    Raises
    ------
    InputFileError
        If the directory holds neither file.
    SampError
        If no hub is running, no program takes the files, or one cannot load them.

    Examples
    --------
    >>> zpix.send("result", to="topcat")  # doctest: +SKIP
    {'topcat': ['catalogue.vot', 'moc.fits']}
    """
    place = Path(result).absolute()
    files = [place / name for name in _FILES if (place / name).is_file()]
    if not files:
        raise InputFileError(f"'{result}' holds neither {' nor '.join(_FILES)}: name the directory of a run")
    loaded: dict[str, list[str]] = {}
    with _registered() as hub:
        names = {known: hub.name_of(known) for known in hub.ask("getRegisteredClients")}
        for file in files:
            message_type, identifier = _FILES[file.name]
            parameters = {"url": file.as_uri(), "name": f"{place.name} (zpix)", identifier: file.as_uri()}
            for program in hub.ask("getSubscribedClients", message_type):
                if to is None or names[program].lower() == to.lower():
                    hub.have_loaded(program, message_type, parameters, f"{names[program]} did not load {file.name}")
                    loaded.setdefault(names[program], []).append(file.name)
        if not loaded:
            who = "no program" if to is None else f"no program called '{to}'"
            raise SampError(f"{who} at the SAMP hub takes tables; it knows {', '.join(sorted(set(names.values())))}")
    return loaded


class _Hub:
    """The hub, as a registered program sees it.

    Parameters
    ----------
    address : str
        Where it listens.
    secret : str
        What whoever may read the user's files knows.
    """

    def __init__(self, address: str, secret: str) -> None:
        self._methods: Any = ServerProxy(address).samp.hub
        registered: Any = self._methods.register(secret)
        self._key = str(registered["samp.private-key"])

    def ask(self, method: str, *arguments: Any) -> Any:
        """Call a method of the hub."""
        return getattr(self._methods, method)(self._key, *arguments)

    def name_of(self, program: str) -> str:
        """Name that a program gives itself, or else its identifier."""
        return str(self.ask("getMetadata", program).get("samp.name", program))

    def have_loaded(self, program: str, message_type: str, parameters: dict[str, str], failure: str) -> None:
        """Send a message and wait until the program has done what it asks for."""
        message = {"samp.mtype": message_type, "samp.params": parameters}
        try:
            answer = self.ask("callAndWait", program, message, _PATIENCE_S)
        except RpcError as error:
            raise SampError(f"{failure}: {getattr(error, 'faultString', error)}") from None
        if answer["samp.status"] != "samp.ok":
            raise SampError(f"{failure}: {answer.get('samp.error', {}).get('samp.errortxt', 'it does not say why')}")


@contextmanager
def _registered() -> Iterator[_Hub]:
    """The hub whose address and secret are in the file that every hub writes, `~/.samp` or what SAMP_HUB names."""
    named = os.environ.get("SAMP_HUB", "").removeprefix("std-lockurl:")
    place = Path(unquote(urlparse(named).path)) if named else Path.home() / ".samp"
    try:
        lines = [line.strip().partition("=") for line in place.read_text("utf-8").splitlines() if "=" in line]
        found = {name: value for name, _, value in lines}
        hub = _Hub(found["samp.hub.xmlrpc.url"], found["samp.secret"])
        hub.ask("declareMetadata", _METADATA)
    except (OSError, KeyError, RpcError):  # no file, or that of a hub that has died
        raise SampError(_NO_HUB) from None
    try:
        yield hub
    except (OSError, RpcError) as error:
        raise SampError(f"the SAMP hub did not answer: {getattr(error, 'faultString', error)}") from None
    finally:
        with suppress(OSError, RpcError):
            hub.ask("unregister")
