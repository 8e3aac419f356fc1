"""A page holds what the run has found, and mistakes are told before anything is written."""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

import zpix
from zpix.errors import BandError, GridError, InputFileError, OutputError
from zpix.image import Pixels, SegmentationMap, tangent_wcs, write_mosaic
from zpix.viewer import page_server


def script(page: Path, name: str) -> dict:
    """What a script of the page hands over."""
    text = (page.parent / "data" / f"{name}.js").read_text("ascii")
    return json.loads(re.fullmatch(r'zpix\.receive\("[\w/]+", (.*)\);\n', text, re.S)[1])


def numbers(packed: dict) -> np.ndarray:
    return np.frombuffer(b64decode(packed["base64"]), f"<{packed['type']}")


def test_a_page_holds_every_source_once_with_its_pixels(blob_result):
    page = zpix.view(blob_result, bands=["F444W,F277W,F115W", "f200w, f150w, f090w"], overwrite=True)
    assert page == blob_result / "view" / "index.html" and page.is_file()
    catalogue, field, every = zpix.read_catalogue(blob_result), script(page, "field"), script(page, "sources")
    assert field["title"] == blob_result.parent.name and field["shape"] == [180, 280]
    assert [one["name"] for one in field["composites"]] == ["F444W F277W F115W", "F200W F150W F090W"]
    np.testing.assert_array_equal(numbers(every["id"]), catalogue["id"])
    np.testing.assert_array_equal(numbers(every["ra"]), catalogue["ra"])
    magnitude = catalogue.magnitude("F444W")
    bright = np.isfinite(magnitude)
    np.testing.assert_allclose(numbers(every["magnitudes"][-1])[bright] / 1000, magnitude[bright], atol=6e-4)
    seen = [numbers(script(page, f"sources/{name}")["columns"]["id"]) for name in field["squares"]]
    assert sorted(np.concatenate(seen)) == sorted(catalogue["id"])
    runs = [numbers(script(page, f"sources/{name}")["runs"]).reshape(-1, 3) for name in field["squares"]]
    pixels = np.concatenate(runs)[:, 2].sum()
    with SegmentationMap(blob_result / "segmentation.fits") as segmentation:
        assert pixels == (segmentation[0:180] > 0).sum()
    for picture in ("sky/0/0/0_0.jpg", "sky/1/0/0_0.jpg", "bands/0/0_0.jpg"):
        assert (page.parent / "data" / picture).stat().st_size > 1000
    assert "http" not in (page.parent / "index.html").read_text().replace("http-equiv", "")


def test_mistakes_are_told(blob_result, tmp_path, blob_field):
    zpix.view(blob_result, out=tmp_path / "page")
    with pytest.raises(OutputError, match="already exists"):
        zpix.view(blob_result, out=tmp_path / "page")
    with pytest.raises(BandError, match="no colour picture"):
        zpix.view(blob_result, out=tmp_path / "a", bands=["F444W"])
    with pytest.raises(BandError, match="have no band 'F999W'"):
        zpix.view(blob_result, out=tmp_path / "a", bands=["F999W,F444W,F444W"])
    with pytest.raises(InputFileError, match="is no result of zpix run"):
        zpix.view(tmp_path / "nothing", out=tmp_path / "a")
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("catalogue.fits", "segmentation.fits"):
        (moved / name).write_bytes((blob_result / name).read_bytes())
    record = json.loads((blob_result / "run.json").read_text())
    record["mosaics"][0]["path"] = "/nowhere/f090w.fits"
    (moved / "run.json").write_text(json.dumps(record))
    with pytest.raises(InputFileError, match=r"f090w\.fits' is not where the run has found it: name it with --mosaics"):
        zpix.view(moved)
    (moved / "run.json").write_text(json.dumps(record | {"resampled": {"as_by": "zpix align --pixel-scale 0.03"}}))
    with pytest.raises(
        InputFileError, match=r"kept no copy: make one with zpix align --pixel-scale 0\.03, and name it"
    ):
        zpix.view(moved)
    assert zpix.view(moved, mosaics=blob_field).is_file()
    ones = np.ones((1, 64, 64), np.float32)
    other = tmp_path / "other"
    wcs = tangent_wcs(1, 1, (64, 64), 0.03)
    write_mosaic(other, Pixels(ones, ones, ones > 0), bands=["F444W"], wcs=wcs, prefix="x")
    with pytest.raises(GridError, match="280 × 180 pixels"):
        zpix.view(moved, mosaics=other, overwrite=True)


def test_a_page_is_served_to_this_machine_alone(tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("the page")
    servers: list[page_server.ThreadingHTTPServer] = []

    class Kept(page_server.ThreadingHTTPServer):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            servers.append(self)

    monkeypatch.setattr(page_server, "ThreadingHTTPServer", Kept)
    addresses: list[str] = []
    told = threading.Event()

    def tell(url: str) -> None:
        addresses.append(url)
        told.set()

    thread = threading.Thread(target=page_server.serve_page, args=(tmp_path,), kwargs={"port": 0, "tell": tell})
    thread.start()
    assert told.wait(10) and addresses[0].startswith("http://127.0.0.1:")
    with urllib.request.urlopen(addresses[0], timeout=10) as answer:
        assert answer.read() == b"the page"
    with pytest.raises(OutputError, match="cannot be used"):
        page_server.serve_page(tmp_path, port=servers[0].server_address[1], tell=tell)
    servers[0].shutdown()
    thread.join(10)
    assert not thread.is_alive()
