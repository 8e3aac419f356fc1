"""Take the picture of a run's page that README.md and the front page of the site show: docs/images/page.jpg.

make demo
python docs/images/take_page.py demo
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import zpix

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
SIZE_PIX = (1400, 860)
SOURCE = 265  # in a part of the field with sources at many redshifts
OUT = Path(__file__).with_name("page.jpg")


def main(demo: Path) -> None:
    """Make the page of a demo, look at one source in chromium, and keep what is seen."""
    with tempfile.TemporaryDirectory() as temporary:
        page = zpix.view(demo / "result", truth=demo / "field" / "truth.fits", out=Path(temporary) / "view")
        picture = Path(temporary) / "page.png"
        with sync_playwright() as play:
            executable = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = play.chromium.launch(executable_path=executable, args=FLAGS)
            size = dict(zip(("width", "height"), SIZE_PIX, strict=True))
            tab = browser.new_page(viewport=size, color_scheme="dark")
            tab.goto(f"{page.absolute().as_uri()}#id={SOURCE}&view=520,520,560&sort=-z_phot")
            tab.wait_for_selector(f"#source[data-id='{SOURCE}'] .stamps[data-drawn]")
            tab.wait_for_function("zpix.map.viewer.world.getItemAt(0).getFullyLoaded()")
            tab.wait_for_timeout(1500)
            tab.screenshot(path=picture)
            browser.close()
        with Image.open(picture) as image:
            image.convert("RGB").save(OUT, "JPEG", quality=84, optimize=True)
    print(f"{OUT}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
