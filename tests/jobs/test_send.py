"""A result arrives in another program at a hub of the virtual observatory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from astropy.table import Table

from tests.catalogue.conftest import make_catalogue, make_detections  # noqa: F401 (fixtures)
from zpix.catalogue import write_catalogue_votable
from zpix.errors import InputFileError, SampError
from zpix.jobs import send as sending
from zpix.jobs.send import send

with warnings.catch_warnings():  # astropy 8 moves it to pyvo
    warnings.simplefilter("ignore")
    from astropy.samp import SAMPHubServer, SAMPIntegratedClient

Program = Callable[..., list[dict[str, str]]]


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[None]:
    """A hub for this test alone, found by the variable that programs look at."""
    lock = tmp_path / "hub.samp"
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{lock.as_uri()}")
    server = SAMPHubServer(web_profile=False, lockfile=str(lock), addr="127.0.0.1", label="test")
    server.start()
    yield
    server.stop()


@pytest.fixture
def program(hub) -> Iterator[Program]:
    """`program(name, *kinds)`: another program; the parameters of the messages that it gets."""
    clients = []

    def start(name: str, *kinds: str, status: str = "samp.ok") -> list[dict[str, str]]:
        client = SAMPIntegratedClient(name=name, addr="127.0.0.1")
        client.connect()
        clients.append(client)
        got: list[dict[str, str]] = []

        def receive(private_key, sender, identifier, kind, parameters, extra):
            got.append({"kind": kind, **parameters})
            client.reply(
                identifier, {"samp.status": status, "samp.result": {}, "samp.error": {"samp.errortxt": "full"}}
            )

        for kind in kinds:
            client.bind_receive_call(kind, receive)
        return got

    yield start
    for client in clients:
        client.disconnect()


@pytest.fixture
def result(make_catalogue, tmp_path) -> Path:  # noqa: F811
    place = tmp_path / "a result"
    place.mkdir()
    write_catalogue_votable(place / "catalogue.vot", make_catalogue(9))
    (place / "moc.fits").write_bytes(b"coverage")
    return place


def test_every_program_gets_what_it_takes(program, result):
    topcat = program("topcat", "table.load.votable")
    aladin = program("Aladin", "table.load.votable", "coverage.load.moc.fits")
    program("Viewer", "image.load.fits")
    assert send(result) == {"topcat": ["catalogue.vot"], "Aladin": ["catalogue.vot", "moc.fits"]}
    (message,) = topcat
    assert len(Table.read(urlparse(message["url"]).path.replace("%20", " "))) == 9
    assert [m["kind"] for m in aladin] == ["table.load.votable", "coverage.load.moc.fits"]


def test_one_program_may_be_named(program, result):
    topcat, other = program("TOPCAT", "table.load.votable"), program("other", "table.load.votable")
    assert send(result, to="topcat") == {"TOPCAT": ["catalogue.vot"]}
    assert len(topcat) == 1 and not other
    with pytest.raises(SampError, match=r"no program called 'aladin' at the SAMP hub takes tables; it knows .*TOPCAT"):
        send(result, to="aladin")


def test_a_program_that_cannot_load_it_is_told_of(program, result):
    program("topcat", "table.load.votable", status="samp.error")
    with pytest.raises(SampError, match=r"topcat did not load catalogue\.vot: full"):
        send(result)


def test_without_a_hub_it_says_what_to_start(tmp_path, monkeypatch, result):
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'nothing').as_uri()}")
    with pytest.raises(SampError, match="start TOPCAT or Aladin"):
        send(result)


def test_a_hub_that_has_died_is_none(tmp_path, monkeypatch, result):
    lock = tmp_path / "dead.samp"
    lock.write_text("# SAMP\nsamp.secret=x\nsamp.hub.xmlrpc.url=http://127.0.0.1:9/xmlrpc\n")
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{lock.as_uri()}")
    with pytest.raises(SampError, match="start TOPCAT or Aladin"):
        send(result)


def test_a_hub_that_dies_while_it_is_asked_is_told_of(program, result, monkeypatch):
    def ask(self, method, *arguments):
        if method == "getSubscribedClients":
            raise ConnectionResetError("gone")
        return known(self, method, *arguments)

    known = sending._Hub.ask
    monkeypatch.setattr(sending._Hub, "ask", ask)
    with pytest.raises(SampError, match="did not answer: gone"):
        send(result)


def test_only_a_result_can_be_sent(tmp_path):
    with pytest.raises(InputFileError, match=r"catalogue\.vot"):
        send(tmp_path)
    assert set(sending._FILES) == {"catalogue.vot", "moc.fits"}
