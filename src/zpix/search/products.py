"""What does a finished run consist of, and how do the parts of a field become its files?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zpix.catalogue import (
    CatalogueFile,
    CatalogueWriter,
    SegmentationWriter,
    write_catalogue_fits,
    write_catalogue_votable,
    write_footprint,
    write_pdf_grid,
    write_pdfs,
    write_readme,
    write_regions,
)
from zpix.config import write_config
from zpix.detector import Expectation
from zpix.image import Mosaic, Verdict
from zpix.progress import waiting
from zpix.search.assembly import Counterparts, assemble
from zpix.search.block import Search
from zpix.search.blocks import Block
from zpix.search.doubts import count_faint, found_alone
from zpix.search.reference import PlacedReference, find_counterparts
from zpix.search.whole_field import FieldSummary

#: What a finished run consists of.
PRODUCTS = (
    "catalogue.fits", "catalogue.parquet", "catalogue.vot", "pdfs.hdf5", "pdf_grid.hdf5", "segmentation.fits",
    "regions.reg", "moc.fits", "detections.png", "config.toml", "run.json", "README.md",
)  # fmt: skip
#: What it has only when asked, or when other commands have added it.
FURTHER_PRODUCTS = ("hats", "view", "sources.pdf", "report.html", "report.pdf")


@waiting("writing the catalogue")
def write_products(
    place: Path,
    search: Search,
    blocks: Sequence[Block],
    mosaic: Mosaic,
    summary: FieldSummary,
    *,
    model: Mapping[str, Any],
    reference: PlacedReference | None,
    verdict: Verdict,
    expected: Expectation | None = None,
) -> CatalogueFile:
    """Put the parts of a field together and write what can be read of them.

    The catalogue is written in every format, with the segmentation map, PDFs, regions, README and settings.

    Parameters
    ----------
    place : Path
        Directory to write to.
    search : Search
        Description of the search whose parts are finished.
    blocks : sequence of Block
        All blocks of the field.
    mosaic : Mosaic
        The mosaic that was searched.
    summary : FieldSummary
        Receives the numbers of sources and the seconds.
    model : mapping of str to object
        What the checkpoint says of itself, for the README.
    reference : PlacedReference or None
        The reference catalogue on the mosaic, if there is one.
    verdict : Verdict
        What the examination of the mosaic came to, for the README.
    expected : Expectation, optional
        What to expect of redshifts in these bands, for the README.

    Returns
    -------
    CatalogueFile
        The catalogue that was written.
    """
    start = time.perf_counter()
    counterparts = None
    if reference is not None:
        counterparts = find_counterparts(search, blocks, reference)
        summary.seconds["matching"] = time.perf_counter() - start
        start = time.perf_counter()
    _write_tables(place, search, blocks, mosaic, summary, counterparts)
    summary.seconds["assembling"] = time.perf_counter() - start
    start = time.perf_counter()
    catalogue = CatalogueFile(place / "catalogue.parquet")
    write_catalogue_fits(place / "catalogue.fits", catalogue)
    write_catalogue_votable(place / "catalogue.vot", catalogue)
    write_footprint(place / "moc.fits", mosaic)
    write_pdfs(place / "pdfs.hdf5", catalogue)
    write_pdf_grid(place / "pdf_grid.hdf5", catalogue)
    write_regions(place / "regions.reg", catalogue, wcs=mosaic.wcs)
    told = None if reference is None else reference.told
    sentence = None if expected is None else expected.sentence
    write_readme(place / "README.md", catalogue, model=model, reference=told, verdict=verdict, expected=sentence)
    # The number of workers does not change the result, and is not kept with it.
    write_config(place / "config.toml", inference=search.config.model_copy(update={"workers": 0}))
    summary.seconds["other products"] = time.perf_counter() - start
    return catalogue


def _write_tables(
    place: Path,
    search: Search,
    blocks: Sequence[Block],
    mosaic: Mosaic,
    summary: FieldSummary,
    counterparts: Counterparts | None,
) -> None:
    """Write catalogue and segmentation map strip by strip, and count the sources."""
    with (
        CatalogueWriter(place / "catalogue.parquet") as table,
        SegmentationWriter(place / "segmentation.fits", shape=mosaic.shape, wcs=mosaic.wcs) as segmentation,
    ):
        for strip in assemble(search, blocks, counterparts):
            table.write(strip.catalogue)
            segmentation.draw(strip.segments, ids=strip.ids, score=strip.score, until=strip.drawn)
            summary.sources += len(strip.catalogue)
            summary.detections += int(found_alone(strip.catalogue).sum())
            summary.faint += count_faint(strip.catalogue)
            summary.stars += int((strip.catalogue["class"] == "star").sum())
            for origin in () if counterparts is None else ("matched", "forced", "new"):
                count = int((strip.catalogue["origin"] == origin).sum())
                summary.origins[origin] = summary.origins.get(origin, 0) + count
