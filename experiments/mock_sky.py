"""How close is the mock sky to the real one? Writes docs/mock.md.

    python experiments/mock_sky.py --real DIRECTORY

DIRECTORY holds `jades-gsz14/`, `psf-nircam/` and `jades_dr4_specz.csv`; without it the sections that need real data
are left out. `--large-field DIR` first simulates one large field into DIR, which takes long, and keeps its numbers.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Read the options, measure, write the page."""
    sys.path.insert(0, str(ROOT))
    from experiments.mock.report import Settings, make_report
    from experiments.mock.timing import keep, measure_large_field

    default = Settings()
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--real", type=Path, help="directory of the real data")
    options.add_argument("--docs", type=Path, default=ROOT / "docs", help="where mock.md goes")
    options.add_argument("--seed", type=int, default=default.seed, help="first seed; 900 from here on may be used")
    options.add_argument("--tiles", type=int, default=default.tiles, help="scenes for noise, colours and stamps")
    options.add_argument("--tile-size", type=int, default=default.tile_size, help="side of a scene in pixels")
    options.add_argument("--boost", type=float, default=default.boost, help="galaxies flat in redshift, for colours")
    options.add_argument("--deep-cells", type=int, default=default.deep_cells, help="arcmin² of the deep population")
    options.add_argument("--wide-cells", type=int, default=default.wide_cells, help="arcmin² of the wide population")
    options.add_argument("--timed-tiles", type=int, default=default.timed_tiles, help="scenes to time")
    options.add_argument("--repeat-size", type=int, default=default.repeat_size, help="field written twice, pixels")
    options.add_argument("--medium-depth", type=float, default=default.medium_depth, help="noise of a shallow field")
    options.add_argument("--large-field", type=Path, metavar="DIR", help="simulate one large field here first")
    options.add_argument("--large-size", type=int, default=16384, help="side of the large field in pixels")
    options.add_argument("--large-seed", type=int, default=4096, help="seed of the large field")
    options.add_argument("--large-workers", type=int, default=2, help="processes of the large field")
    asked = options.parse_args()

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    names = (
        "seed",
        "tiles",
        "tile_size",
        "boost",
        "deep_cells",
        "wide_cells",
        "timed_tiles",
        "repeat_size",
        "medium_depth",
    )
    settings = Settings(**{name: getattr(asked, name) for name in names})
    (asked.docs / "mock").mkdir(parents=True, exist_ok=True)
    if asked.large_field:
        logging.info("simulating the large field")
        size, seed, workers = asked.large_size, asked.large_seed, asked.large_workers
        found = measure_large_field(asked.large_field, size=size, seed=seed, workers=workers)
        keep(asked.docs / "mock" / "large_field.json", found)
    logging.info("wrote %s", make_report(asked.docs, real=asked.real, settings=settings))


if __name__ == "__main__":
    main()
