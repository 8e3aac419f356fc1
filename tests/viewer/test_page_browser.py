"""A person looks at the demo's page, opened from disk in chromium: `make test-view`."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import zpix
from zpix.catalogue import Catalogue, read_catalogue, write_catalogue_fits

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)> <script>alert(1)<"


def wait_until(page, expression: str) -> None:
    """Wait until an expression is true on a page; Playwright's own way evaluates text there, which the page forbids."""
    for _ in range(300):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not true after 30 s: {expression}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium: install it (apt-get install chromium), or name it with CHROMIUM=PATH")
    play = pytest.importorskip("playwright.sync_api", reason="there is no Playwright: pip install playwright")
    with play.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """A small demo by the shipped model, with its page."""
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    place = tmp_path_factory.mktemp("demo") / "demo"
    zpix.demo(place, size_pix=640)
    zpix.view(place / "result", truth=place / "field" / "truth.fits", bands=["F444W,F277W,F150W", "F200W,F150W,F115W"])
    return place


class Tab:
    """A tab that keeps every message of the console and every request that leaves the disk."""

    def __init__(self, browser: Any, *, width: int = 1400, scheme: str = "light") -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        self.page = context.new_page()
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.messages.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: Path, fragment: str = "") -> Any:
        self.page.goto("about:blank")
        self.page.goto(path.as_uri() + fragment)
        self.page.wait_for_selector("body[data-ready]")
        return self.page

    def require_silence(self) -> None:
        assert self.messages == []
        assert [url for url in self.requests if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


def view_of(page: Any) -> tuple[float, float, float]:
    """Centre and width of the view, in pixels of the mosaic."""
    page.wait_for_timeout(700)
    x, y, across = re.search(r"view=([^&]*)", page.url.replace("%2C", ","))[1].split(",")
    return float(x), float(y), float(across)


def test_the_page_shows_a_source_and_its_redshift(browser, demo):
    catalogue = read_catalogue(demo / "result")
    tab = Tab(browser)
    page = tab.open(demo / "result" / "view" / "index.html")
    assert page.inner_text("#counts") == f"{len(catalogue)} sources" and page.inner_text("#title") == "demo"
    wait_until(page, "zpix.map.viewer.world.getItemAt(0).getFullyLoaded()")

    # Pan and zoom.
    box = page.locator("#map").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 20, steps=4)
    page.mouse.up()
    x, _, across = view_of(page)
    assert x < 319 and across > 639
    page.mouse.wheel(0, -400)
    assert view_of(page)[2] < 0.8 * across

    # A click on a source, here on the map, shows it.
    row = int(np.argmax(catalogue["n_pix"]))
    page.click("#home")
    page.wait_for_timeout(700)
    u, v, scale = page.evaluate(
        "row => { const p = zpix.map.place(), [u, v] = zpix.inPicture(zpix.all.x[row], zpix.all.y[row]);"
        " return [u * p.scale + p.x, v * p.scale + p.y, p.scale]; }", row
    )  # fmt: skip
    page.mouse.click(box["x"] + u, box["y"] + v)
    page.wait_for_selector(f"#source[data-id='{catalogue['id'][row]}'] .stamps[data-drawn]")
    text = page.inner_text("#source")
    assert f"{catalogue['z_phot'][row]:.3f}" in text and f"{catalogue['z160'][row]:.3f}" in text
    assert all(name in text for name in zpix.flag_names(int(catalogue["flags"][row])))
    assert page.locator("#source .stamps canvas").count() == 10 and scale > 0
    pdf = page.locator("#source > canvas").first
    assert "Redshift PDF" in pdf.get_attribute("aria-label")
    assert page.evaluate(  # the PDF is drawn
        "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 20", pdf.element_handle()
    )
    tab.require_silence()


def test_search_filters_sorting_and_links(browser, demo):
    catalogue = read_catalogue(demo / "result")
    tab = Tab(browser)
    page = tab.open(demo / "result" / "view" / "index.html")

    page.fill("[name=zLow]", "4")
    count = int((catalogue["z_phot"] >= 4).sum())
    assert page.inner_text("#counts") == f"{count} of {len(catalogue)} sources"
    page.click("[data-name=z_phot]")
    page.click("[data-name=z_phot]")
    shown = [float(cell) for cell in page.locator(".line [role=gridcell]:nth-child(2)").all_inner_texts()]
    assert shown == sorted(shown, reverse=True) and shown[0] == pytest.approx(catalogue["z_phot"].max(), abs=1e-3)

    page.fill("[name=pAbove]", "4")
    page.fill("[name=pLeast]", "0.9")
    surely = (catalogue["z_phot"] >= 4) & (catalogue.redshift.probability_between(4, np.inf) > 0.9)
    wait_until(page, f"document.getElementById('counts').textContent.startsWith('{surely.sum()} of')")
    page.check("[name=without][value='8']")
    left = int((surely & (catalogue["flags"] & 8 == 0)).sum())
    wait_until(page, f"document.getElementById('counts').textContent.startsWith('{left} of')")
    page.locator(".line").first.click()
    best = int(page.locator(".line.chosen [role=gridcell]").first.inner_text())
    page.wait_for_selector(f"#source[data-id='{best}']")
    x, y, across = view_of(page)
    row = int(np.flatnonzero(catalogue["id"] == best)[0])
    assert (x, y) == pytest.approx((catalogue["x"][row], catalogue["y"][row]), abs=1) and across < 500

    # The permanent link leads to the same source, view, filters and order.
    link = page.url
    other = Tab(browser)
    again = other.page
    again.goto(link)
    again.wait_for_selector(f"#source[data-id='{best}']")
    assert again.inner_text("#counts") == page.inner_text("#counts")
    assert view_of(again) == pytest.approx((x, y, across), abs=1)
    assert again.locator("[data-name=z_phot]").get_attribute("data-order") == "down"

    # Positions in degrees and in hours, and what is neither.
    page.click("#no-filters")
    target = int(np.argsort(catalogue["flux_f444w"])[-3])
    ra, dec = catalogue["ra"][target], catalogue["dec"][target]
    sexagesimal = page.evaluate("([ra, dec]) => zpix.sky.sexagesimal(ra, dec)", [ra, dec])
    for asked in (f"{ra:.6f}, {dec:.6f}", sexagesimal, sexagesimal.replace(":", " ")):
        page.keyboard.press("Escape")
        page.fill("#query", asked)
        page.press("#query", "Enter")
        page.wait_for_selector(f"#source[data-id='{catalogue['id'][target]}']", timeout=5000)
        page.evaluate("zpix.choose(-1)")
        wait_until(page, "!document.querySelector('#source h2')")
        page.evaluate("delete document.getElementById('source').dataset.id")
    page.fill("#query", "nowhere at all")
    page.press("#query", "Enter")
    assert "Neither an id nor a position" in page.inner_text("#notice")
    tab.require_silence()
    other.require_silence()


def test_exports_keys_pictures_and_a_narrow_dark_page(browser, demo, tmp_path):
    catalogue = read_catalogue(demo / "result")
    tab = Tab(browser)
    page = tab.open(demo / "result" / "view" / "index.html", "#zLow=4&sort=-z_phot")
    wanted = catalogue[catalogue["z_phot"] >= 4]
    wanted = wanted[np.argsort(-wanted["z_phot"], kind="stable")]
    saved = {}
    for name in ("csv", "ds9", "ids"):
        with page.expect_download() as download:
            page.click(f"#export-{name}")
        download.value.save_as(tmp_path / name)
        saved[name] = (tmp_path / name).read_text()
    assert saved["ids"].split() == [str(own) for own in wanted["id"]]
    header, *lines = saved["csv"].splitlines()
    assert (
        header.startswith("id,ra,dec,x,y,class,z_phot") and header.endswith("mag_f444w") and len(lines) == len(wanted)
    )
    assert float(lines[0].split(",")[1]) == pytest.approx(wanted["ra"][0], abs=1e-6)
    assert saved["ds9"].count("circle(") == len(wanted) and "icrs" in saved["ds9"]

    page.keyboard.press("n")
    page.wait_for_selector(f"#source[data-id='{wanted['id'][0]}']")
    page.keyboard.press("n")
    page.wait_for_selector(f"#source[data-id='{wanted['id'][1]}']")
    across = view_of(page)[2]
    page.click("#layers summary")
    page.select_option("#composite", "1")
    page.select_option("#colour-by", "flag")
    page.select_option("#channel", "0")
    assert view_of(page)[2] == pytest.approx(across, rel=0.01) and "picture=1" in page.url and "colour=flag" in page.url
    page.wait_for_selector("#source canvas[data-picture='1']")  # the stamp in colour follows the map
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    tab.require_silence()

    narrow = Tab(browser, width=400, scheme="dark")
    page = narrow.open(demo / "result" / "view" / "index.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.click("[data-shows=sources]")
    assert page.locator(".line").first.is_visible() and not page.locator("#source").is_visible()
    narrow.require_silence()


def colours_of(page: Any) -> np.ndarray:
    """Pixels (y, x, 3) of the map, without what lies over it."""
    page.wait_for_timeout(1000)
    with Image.open(io.BytesIO(page.locator("#map").screenshot())) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    return pixels[150:350, 60:500]


def test_any_three_bands_and_another_stretch(browser, demo):
    tab = Tab(browser)
    page = tab.open(demo / "result" / "view" / "index.html")
    page.keyboard.press("o")
    page.locator(".line").first.click()
    page.click("#layers summary")
    page.select_option("#composite", "mixed")
    for colour in ("red", "green", "blue"):
        page.select_option(f"#{colour}", "F444W")
    page.wait_for_selector("#source canvas[data-picture='F444W,F444W,F444W']")
    grey = colours_of(page)
    assert np.ptp(grey, axis=-1).max() <= 1 and grey.max() > 40
    page.select_option("#blue", "F090W")
    page.wait_for_selector("#source canvas[data-picture='F444W,F444W,F090W']")
    coloured = colours_of(page)
    assert np.abs(coloured[..., :2] - grey[..., :2]).max() <= 1 and np.ptp(coloured, axis=-1).max() > 20
    page.select_option("#stretch", "log")
    brighter = colours_of(page)
    assert brighter.mean() > 1.2 * coloured.mean() and page.locator(".filtered").count() == 1

    # A permanent link keeps the picture; the plain one is the first.
    other = Tab(browser)
    again = other.page
    again.goto(page.url)
    again.wait_for_selector("#source canvas[data-picture='F444W,F444W,F090W']")
    assert again.input_value("#stretch") == "log" and again.input_value("#blue") == "F090W"
    again.click("#layers summary")
    again.click("#plain")
    wait_until(again, "!location.hash.includes('stretch')")
    assert again.locator(".filtered").count() == 0 and again.input_value("#stretch") == "asinh"
    tab.require_silence()
    other.require_silence()


def test_names_stay_text(browser, demo, tmp_path):
    """The name of the directory, of the model and of a class come from files."""
    hostile = tmp_path / HOSTILE
    hostile.mkdir()
    for name in ("run.json", "segmentation.fits"):
        shutil.copy(demo / "result" / name, hostile / name)
    catalogue = read_catalogue(demo / "result")
    kinds = catalogue["class"].copy()
    kinds[0] = "<script>"
    meta = {**catalogue.meta, "classes": ["galaxy", "star", "<script>"], "model": HOSTILE}
    columns = {**catalogue.columns, "class": kinds, "p_<script>": np.zeros(len(catalogue))}
    write_catalogue_fits(hostile / "catalogue.fits", Catalogue(columns, catalogue.bands, meta))
    zpix.view(hostile, out=tmp_path / "page")
    tab = Tab(browser)
    page = tab.open(tmp_path / "page" / "index.html", f"#id={catalogue['id'][0]}")
    page.wait_for_selector(".stamps[data-drawn]")
    assert page.inner_text("#title") == " ".join(HOSTILE.split()) and "<script>" in page.inner_text("#source .lead")
    assert page.locator("body img, body script:not([src])").count() == 0
    tab.require_silence()
    assert json.dumps(HOSTILE)[1:-1] in (tmp_path / "page" / "data" / "field.js").read_text()
