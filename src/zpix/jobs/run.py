"""The whole story: a mosaic goes in, one galaxy is owned by one tile, and a catalogue with redshift PDFs comes out."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import (
    Catalogue,
    CatalogueFile,
    CatalogueWriter,
    SegmentationWriter,
    read_catalogue_parquet,
    require_hats,
    write_catalogue_fits,
    write_hats,
    write_pdfs,
    write_readme,
    write_regions,
)
from zpix.config import InferenceConfig, write_config
from zpix.detector import Checkpoint, built_for_pix, default_model, load_checkpoint, novelty_path
from zpix.detector.device import return_freed_memory
from zpix.errors import BandError, ConfigError, ModelError
from zpix.image import Mosaic, Region, SegmentationMap, open_mosaic
from zpix.outputs import refuse_to_replace, resumable_directory
from zpix.plots import colour_composite, detections_figure, save_figure
from zpix.progress import progress_bar
from zpix.search import Block, choose_threads, choose_workers, in_processes, make_blocks, on_cluster
from zpix.search.assembly import assemble
from zpix.search.block import BlockSummary, Search, search_block, search_blocks
from zpix.search.reference import PlacedReference, find_counterparts, read_placed_reference

log = logging.getLogger(__name__)

#: What a finished run consists of.
PRODUCTS = (
    "catalogue.fits", "catalogue.parquet", "pdfs.hdf5", "segmentation.fits", "regions.reg", "detections.png",
    "config.toml", "run.json", "README.md",
)  # fmt: skip
#: What it has only when asked.
FURTHER_PRODUCTS = ("hats",)

# Side of the picture of a run, in pixels: small enough to see single sources.
_PICTURE_PIX = 512
# Mosaics within this factor of the model's pixel scale show it sources of the sizes it knows.
_PIXEL_SCALE_TOLERANCE = 0.05


@dataclass
class Run:
    """A finished run in numbers.

    Attributes
    ----------
    sources, stars, tiles : counts
    origins : sources by origin, with a reference catalogue
    workers : processes that searched the field
    seconds : wall-clock time of `search`, `assemble` and `other products`, and how long all processes together were
        `reading`, at `inference`, `measuring` and `writing parts`; of the search, what was done before an interruption
        is not counted
    """

    sources: int = 0
    stars: int = 0
    tiles: int = 0
    workers: int = 1
    origins: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def run(
    mosaics: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    model: str | Path | None = None,
    config: InferenceConfig | None = None,
    overwrite: bool = False,
    scheduler: str | None = None,
    hats: bool = False,
    reference: str | Path | None = None,
    reference_segmentation: str | Path | None = None,
) -> Catalogue:
    """Find every source of a mosaic and give each a redshift PDF.

    The field is searched block by block. If the call is interrupted, or the machine goes down, the same call goes on
    after the blocks that are finished.

    Parameters
    ----------
    mosaics : path or paths
        A directory of per-band FITS mosaics, a list of files, or one multi-extension file.
    out : directory to make; receives `catalogue.fits`, `catalogue.parquet`, `pdfs.hdf5`, `segmentation.fits`,
        `regions.reg`, `detections.png`, `config.toml`, `run.json` and `README.md`. It appears when all of it is whole.
    model : checkpoint; the shipped model by default
    config : tile size, thresholds, device, precision, kind of intervals, dust map and number of processes
    overwrite : replace `out` if it holds an earlier run
    scheduler : address of a `dask.distributed` scheduler whose workers search the field, in place of this machine;
        they must see the mosaics, the model and `out` under the same paths
    hats : also write the directory `hats`, a HATS catalogue for lsdb
    reference : catalogue of a survey, of whose sources on the mosaic each gets a row: that of the detection that
        matches it, or else what the network says of the source's own box. Columns `reference_id`, `origin` and
        `reference_iou` tell which
    reference_segmentation : FITS map of the reference's identifiers on the mosaic's grid: boxes and masks are then
        those of its segments

    Raises
    ------
    ZpixError
        If the mosaics, the model or the output place cannot be used; nothing is then left at `out`.
    """
    write_run(
        mosaics, out=out, model=model, config=config, overwrite=overwrite, scheduler=scheduler, hats=hats,
        reference=reference, reference_segmentation=reference_segmentation,
    )  # fmt: skip
    return read_catalogue_parquet(Path(out) / "catalogue.parquet")


def write_run(
    mosaics: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    model: str | Path | None = None,
    config: InferenceConfig | None = None,
    overwrite: bool = False,
    scheduler: str | None = None,
    hats: bool = False,
    reference: str | Path | None = None,
    reference_segmentation: str | Path | None = None,
) -> Run:
    """Like `run`, for fields of any size: the catalogue is left on disk, and memory does not grow with it."""
    config = config or InferenceConfig()
    if reference_segmentation is not None and reference is None:
        raise ConfigError("reference_segmentation is the map of a reference catalogue: name the catalogue too")
    products = PRODUCTS + FURTHER_PRODUCTS
    refuse_to_replace(out, products=products, overwrite=overwrite)
    if hats:
        require_hats()
    model = Path(default_model() if model is None else model).absolute()
    checkpoint = load_checkpoint(model)
    check_intervals(config, checkpoint, model)
    if not checkpoint.novelty:
        log.warning("%s knows no ordinary sources: novelty is NaN, OUTSIDE_TRAINING never set", model.name)
    with open_mosaic(mosaics) as mosaic:
        check_mosaic(mosaic, checkpoint)
        check_tile_size(config, checkpoint)
        blocks = make_blocks(mosaic.shape, config)
        known = checkpoint.about
        del checkpoint  # whoever searches loads the network anew
        return_freed_memory()  # this process waits while others search
        survey = None if reference is None else read_placed_reference(reference, reference_segmentation, mosaic)
        about = what_decides(mosaic, model, config) | ({} if survey is None else survey.about)
        with resumable_directory(out, about, products=products, overwrite=overwrite) as work:
            search = Search(
                model,
                tuple(path.absolute() for path in mosaic.paths),
                mosaic.bands,
                config,
                work.parts,
                choose_threads(config, tiles=sum(len(block.tiles) for block in blocks)),
                facts=(
                    ("code_version", version("zpix")),
                    ("model", known.name or "unnamed"),
                    ("mosaic_shape", mosaic.shape),
                    ("mosaic", ", ".join(sorted({path.name for path in mosaic.paths}))),
                    *(() if survey is None else (("reference", survey.path.name),)),
                ),
                reference=None if survey is None else survey.write(work.parts),
                reference_segmentation=None if survey is None else survey.segmentation,
            )
            result = find_sources(search, blocks, scheduler=scheduler)
            write_products(work.products, search, blocks, mosaic, result, model=known.to_header(), survey=survey)
            if hats:
                write_hats(work.products / "hats", work.products / "catalogue.parquet", scheduler=scheduler)
            (work.products / "run.json").write_text(json.dumps({**about, **vars(result)}, indent=2) + "\n")
    log.info("%d sources in %s", result.sources, out)
    log.info("seconds: %s", ", ".join(f"{stage} {spent:.1f}" for stage, spent in result.seconds.items()))
    return result


def find_sources(search: Search, blocks: Sequence[Block], *, scheduler: str | None = None) -> Run:
    """Search the blocks that have no part yet, here or on a cluster."""
    todo = [block for block in blocks if not search.part(block).exists()]
    result = Run(tiles=sum(len(block.tiles) for block in blocks))
    left = sum(len(block.tiles) for block in todo)
    start, found_now = time.perf_counter(), 0
    try:
        with progress_bar("finding sources", result.tiles, done=result.tiles - left) as bar:
            for found in _searched(search, todo, result, scheduler):
                found_now += found.detections
                rate = found_now / (time.perf_counter() - start)
                bar.advance(found.tiles, note=f"{found_now} sources, {rate:.0f} per second")
                for stage, spent in found.seconds.items():
                    result.seconds[stage] = result.seconds.get(stage, 0.0) + spent
    except KeyboardInterrupt:
        log.warning("finished blocks are kept: the same command goes on after them")
        raise
    result.seconds = {"search": time.perf_counter() - start} | result.seconds
    return result


def _searched(search: Search, blocks: Sequence[Block], result: Run, scheduler: str | None) -> Iterator[BlockSummary]:
    """Search blocks with as many processes as suit them."""
    if scheduler is not None:
        return on_cluster(partial(search_block, search), blocks, scheduler=scheduler)
    result.workers = choose_workers(search.config, tiles=sum(len(b.tiles) for b in blocks), blocks=len(blocks))
    if result.workers == 1:
        return search_blocks(search, blocks)
    return in_processes(partial(search_block, search), blocks, workers=result.workers)


def write_products(
    place: Path,
    search: Search,
    blocks: Sequence[Block],
    mosaic: Mosaic,
    result: Run,
    *,
    model: Mapping[str, Any],
    survey: PlacedReference | None,
) -> None:
    """Put the parts together and write the catalogue in every format, the segmentation map, a picture and settings.

    `model` holds the facts of the checkpoint, for the README.
    """
    start = time.perf_counter()
    counterparts = None
    if survey is not None:
        counterparts = find_counterparts(search, blocks, survey)
        result.seconds["matching"] = time.perf_counter() - start
        start = time.perf_counter()
    with (
        CatalogueWriter(place / "catalogue.parquet") as table,
        SegmentationWriter(place / "segmentation.fits", shape=mosaic.shape, wcs=mosaic.wcs) as segmentation,
    ):
        for strip in assemble(search, blocks, counterparts):
            table.write(strip.catalogue)
            segmentation.draw(strip.segments, ids=strip.ids, score=strip.score, until=strip.drawn)
            result.sources += len(strip.catalogue)
            result.stars += int((strip.catalogue["class"] == "star").sum())
            for origin in () if survey is None else ("matched", "forced", "new"):
                count = int((strip.catalogue["origin"] == origin).sum())
                result.origins[origin] = result.origins.get(origin, 0) + count
    result.seconds["assembling"] = time.perf_counter() - start
    start = time.perf_counter()
    catalogue = CatalogueFile(place / "catalogue.parquet")
    write_catalogue_fits(place / "catalogue.fits", catalogue)
    write_pdfs(place / "pdfs.hdf5", catalogue)
    write_regions(place / "regions.reg", catalogue, wcs=mosaic.wcs)
    draw_detections(place / "detections.png", catalogue, mosaic, segmentation=place / "segmentation.fits")
    write_readme(place / "README.md", catalogue, model=model, reference=None if survey is None else survey.told)
    # The number of workers does not change the result, and is not kept with it.
    write_config(place / "config.toml", inference=search.config.model_copy(update={"workers": 0}))
    result.seconds["other products"] = time.perf_counter() - start


def draw_detections(path: Path, catalogue: CatalogueFile, mosaic: Mosaic, *, segmentation: Path) -> None:
    """Picture of a run: outlines of its sources over a colour composite of the mosaic's middle."""
    picture, region = picture_of_middle(mosaic)
    with SegmentationMap(segmentation, shape=mosaic.shape) as segments:
        outlines = segments.read(region)
    shown = [chunk[region.contains(chunk["x"], chunk["y"])] for chunk in catalogue.chunks()]
    figure = detections_figure(
        picture,
        Catalogue.concatenate(shown),
        segmentation=outlines,
        origin_xy=(region.x0, region.y0),
        pixel_scale_arcsec=mosaic.pixel_scale_arcsec,
    )
    save_figure(path, figure)


def picture_of_middle(mosaic: Mosaic) -> tuple[NDArray[np.float32], Region]:
    """Colour composite (y, x, 3) of a mosaic's middle, small enough to look at, and where it is."""
    height, width = (min(_PICTURE_PIX, side) for side in mosaic.shape)
    x0, y0 = (mosaic.shape[1] - width) // 2, (mosaic.shape[0] - height) // 2
    region = Region(x0, y0, x0 + width, y0 + height)
    pixels = mosaic.read(region)
    return colour_composite(pixels.flux, mosaic.bands, valid=pixels.valid), region


def what_decides(mosaic: Mosaic, model: Path, config: InferenceConfig) -> dict[str, Any]:
    """Everything that a result depends on: parts of a run with the same are parts of the same catalogue."""
    paths = [path.absolute() for path in dict.fromkeys(mosaic.paths)]
    files = [path for path in (model, novelty_path(model)) if path.is_file()]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return {
        "zpix": version("zpix"),
        "model": {"path": str(model), "sha256": digest},
        "mosaics": [
            {"path": str(path), "bytes": path.stat().st_size, "changed": path.stat().st_mtime} for path in paths
        ],
        "bands": list(mosaic.bands),
        "shape": list(mosaic.shape),
        "inference": config.model_dump(exclude={"workers"}),
    }


def check_intervals(config: InferenceConfig, checkpoint: Checkpoint, model: Path) -> None:
    """Refuse to give conformal intervals with a model that keeps none."""
    if config.intervals == "conformal" and not checkpoint.about.conformal:
        raise ModelError(
            f"{model}: has no conformal intervals, which zpix train fits on 200 validation redshifts or more: take "
            "another model, or intervals = pdf"
        )


def check_mosaic(mosaic: Mosaic, checkpoint: Checkpoint) -> None:
    """Refuse a mosaic that the model cannot read; warn of missing bands."""
    missing = [band for band in checkpoint.bands if band not in mosaic.bands]
    if len(missing) == len(checkpoint.bands):
        raise BandError(
            f"the mosaic has bands {' '.join(mosaic.bands)}, none of which the model knows; "
            f"it was trained on {' '.join(checkpoint.bands)}"
        )
    if missing:
        log.warning("the mosaic lacks %s: the model gets a mask instead, and n_bands says so", " ".join(missing))
    expected = checkpoint.config.pixel_scale_arcsec
    if abs(mosaic.pixel_scale_arcsec / expected - 1) > _PIXEL_SCALE_TOLERANCE:
        raise ModelError(
            f"the mosaic has pixels of {mosaic.pixel_scale_arcsec:.4f} arcsec, the model was trained on "
            f"{expected:.4f}: bring them onto a grid of such pixels with zpix align --reference FILE"
        )


def check_tile_size(config: InferenceConfig, checkpoint: Checkpoint) -> None:
    """Refuse tiles that the model's backbone was not built for."""
    built = built_for_pix(checkpoint.config)
    if built is not None and config.tile_size != built:
        raise ConfigError(
            f"tile_size is {config.tile_size}, but the model's backbone {checkpoint.config.backbone} was built for "
            f"images of {built} pixels: set tile_size = {built} in [inference]"
        )
