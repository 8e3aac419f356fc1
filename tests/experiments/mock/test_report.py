"""The whole page on the mock sky in a tiny size, with and without real data."""

from __future__ import annotations

import json
import re
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from astropy.io import fits

from experiments.mock import timing
from experiments.mock.report import Settings, make_report
from tests.experiments.mock.scenery import gaussian
from zpix.image import JADES_BANDS, tangent_wcs, write_mosaic
from zpix.scenes import draw_scene

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

ROOT = Path(__file__).parents[3]
TINY = Settings(
    seed=5990, tiles=2, tile_size=256, deep_cells=1, wide_cells=1, timed_tiles=1, repeat_size=128, medium_depth=2.0
)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory) -> Path:
    """A directory like that of the real data, with a mock scene, Gaussian PSFs and a few redshifts."""
    place = tmp_path_factory.mktemp("real")
    pixels = draw_scene(5999, shape=(110, 195)).pixels
    wcs = tangent_wcs(53.08, -27.86, (110, 195), 0.03)
    write_mosaic(place / "jades-gsz14", pixels, bands=JADES_BANDS, wcs=wcs, prefix="stand-in")
    (place / "psf-nircam").mkdir()
    for band in ("f090w", "f444w"):
        fits.writeto(place / "psf-nircam" / f"smacs0723_20mas_psf-smacs0723-{band}.fits", gaussian(3.0, 200))
        fits.writeto(place / "psf-nircam" / f"ceers_psf-ceers-nrca-{band}.fits", gaussian(1.5, 101))
    rows = "\n".join(f"{i},53.1,-27.8,{0.5 + 0.1 * i},,A,GS," for i in range(40))
    (place / "jades_dr4_specz.csv").write_text(f"unique_id,ra,dec,z_spec,z_phot,z_spec_flag,field,MUV\n{rows}\n")
    return place


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of so few sources
def test_the_whole_command(tmp_path, stand_in, monkeypatch):
    monkeypatch.setattr(timing, "draw_scene", partial(draw_scene, shape=(128, 128)))
    monkeypatch.setattr(timing, "ProcessPoolExecutor", lambda number, mp_context: ThreadPoolExecutor(number))
    options = ["--real", stand_in, "--docs", tmp_path, "--large-field", tmp_path / "large", "--large-size", 256]
    options += ["--large-workers", 1]
    for name in ("seed", "tiles", "tile_size", "deep_cells", "wide_cells", "timed_tiles", "repeat_size"):
        options += [f"--{name.replace('_', '-')}", getattr(TINY, name)]
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", ["mock_sky.py", *map(str, options)])
    runpy.run_path(str(ROOT / "experiments" / "mock_sky.py"), run_name="__main__")
    page = (tmp_path / "mock.md").read_text("utf-8")
    assert len(re.findall(r"^## [1-6]\. ", page, re.M)) == 6 and "$" not in page and "Not made" not in page
    for target in re.findall(r"\]\(([^)]*)\)", page):
        assert (tmp_path / target).is_file(), target
    assert json.loads((tmp_path / "mock" / "large_field.json").read_text())["shape"] == [256, 256]
    assert "every file has the same bytes" in page
    assert {line.split("|")[1].strip() for line in page.splitlines() if re.match(r"\| [1-6] \|", line)} == set(
        "123456"
    ) - {"5"}


@pytest.mark.slow
def test_the_page_without_real_data(tmp_path, monkeypatch):
    quick = timing.Speed([1.0], {"noise": 0.1}, 1.0)
    monkeypatch.setattr(timing, "measure_speed", lambda *arguments, **options: quick)
    monkeypatch.setattr(timing, "same_for_any_workers", lambda *arguments, **options: True)
    page = make_report(tmp_path, real=None, settings=TINY).read_text("utf-8")
    assert page.count("this needs the real data") == 14 and "not measured" in page and "$" not in page
