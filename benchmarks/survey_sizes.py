"""How much time and storage would a survey take? Markdown for docs/scaling.md from one measured figure.

Run `python benchmarks/survey_sizes.py --seconds-per-tile S`, with S the seconds that one tile of 512 × 512 owned pixels
takes from FITS to catalogue on two cores (from `zpix bench`, or a run's seconds times 2 / cores).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

TILE_PIX = 512**2
READ_FACTOR = (1024 / (1024 - 2 * 128)) ** 2  # tiles overlap: the default tile_size and margin
BYTES_PER_PIXEL = 8  # flux and error, float32
SEGMENTATION_BYTES_PER_PIXEL = 4
BYTES_PER_SOURCE = 1000  # catalogue.fits, catalogue.parquet, pdfs.hdf5 and regions.reg: benchmarks/large_field.py
ASSEMBLING_S_PER_SOURCE = 60e-6  # one process: the same benchmark


@dataclass(frozen=True)
class Survey:
    """A survey as planned or published.

    Attributes
    ----------
    name : str
        Name in the table.
    area_deg2 : float
        Area.
    pixel_arcsec : float
        Side of a pixel of the mosaics.
    bands : int
        Number of bands.
    sources : float
        Number of sources.
    """

    name: str
    area_deg2: float
    pixel_arcsec: float
    bands: int
    sources: float

    @property
    def pixels(self) -> float:
        """Number of pixels of one band."""
        return self.area_deg2 * (3600 / self.pixel_arcsec) ** 2


SURVEYS = (
    Survey("JADES GOODS-S", 1033 * TILE_PIX * (0.03 / 3600) ** 2, 0.03, 9, 94_000),
    Survey("Euclid, 10⁸ sources", 210, 0.1, 4, 1e8),
    Survey("Euclid Wide", 14_000, 0.1, 4, 6.7e9),
    Survey("Roman, 1,700 deg²", 1_700, 0.055, 4, 1e9),
)


def row(survey: Survey, seconds_per_tile: float) -> str:
    """One row of the table."""
    tiles = survey.pixels / TILE_PIX
    core_hours = 2 * tiles * seconds_per_tile / 3600
    read = survey.pixels * survey.bands * BYTES_PER_PIXEL
    rate_per_core = READ_FACTOR * TILE_PIX * survey.bands * BYTES_PER_PIXEL / seconds_per_tile / 2
    stored = survey.sources * BYTES_PER_SOURCE
    segments = survey.pixels * SEGMENTATION_BYTES_PER_PIXEL
    cells = [
        survey.name,
        f"{survey.area_deg2:.3g}",
        f"{tiles:.3g}",
        f"{survey.sources:.2g}",
        f"{read / 1e12:.3g}",
        f"{core_hours:.3g}",
        f"{core_hours / 1024:.2g}",
        f"{rate_per_core / 1e6:.0f}",
        f"{1024 * rate_per_core / 1e9:.0f}",
        f"{stored / 1e12:.2g}",
        f"{segments / 1e12:.3g}",
        f"{survey.sources * ASSEMBLING_S_PER_SOURCE / 3600:.2g}",
    ]
    return "| " + " | ".join(cells) + " |"


def main(seconds_per_tile: float) -> None:
    """Print the table."""
    print(
        "| | deg² | tiles | sources | mosaics, TB | core hours | hours on 1,024 cores | reading per core, MB/s | "
        "reading with 1,024 cores, GB/s | catalogues, TB | segmentation, TB | assembling as one, hours |"
    )
    print("|---" * 12 + "|")
    for survey in SURVEYS:
        print(row(survey, seconds_per_tile))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds-per-tile", type=float, required=True, help="on two cores")
    main(options.parse_args().seconds_per_tile)
