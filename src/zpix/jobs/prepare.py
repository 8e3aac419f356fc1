"""What can a model learn from? Tiles of a survey or of the simulated sky, with what is known of their sources."""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from zpix.config import SimulationConfig
from zpix.errors import CatalogueError, ConfigError, StoreError
from zpix.image import JADES_BANDS, SegmentationMap, open_mosaic
from zpix.progress import in_order, progress_bar
from zpix.sources import has_redshift
from zpix.surveys import read_reference_catalogue
from zpix.surveys.redshift_labels import choose_labels, tiles_of
from zpix.surveys.spectroscopy import (
    RADIUS_ARCSEC,
    check_place,
    compile_redshifts,
    read_redshifts,
    write_compilation,
)
from zpix.training.about import store_counts
from zpix.training.annotation import annotate, check_fractions, cut_tiles, split_by_position
from zpix.training.mock import MockTile, draw_tile
from zpix.training.store import SPLITS, Labels, Split, Store, StoreWriter

if TYPE_CHECKING:  # drawing scenes needs packages that cutting mosaics does without
    pass

log = logging.getLogger(__name__)


#: In a store, the table of its redshifts: where each is from, and what became of it.
COMPILATION_NAME = "redshifts.parquet"


DEFAULT_FRACTIONS: Mapping[Split, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}


def prepare(
    mosaics: str | Path | Sequence[str | Path],
    *,
    segmentation: str | Path,
    catalogue: str | Path,
    out: str | Path,
    redshifts: Sequence[str | Path] = (),
    radius_arcsec: float = RADIUS_ARCSEC,
    bands: Sequence[str] | None = None,
    tile_size: int = 512,
    fractions: Mapping[Split, float] = DEFAULT_FRACTIONS,
    block_tiles: int = 2,
    seed: int = 0,
    dust: str | float = "sfd",
    labels: Labels | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Cut mosaics, segmentation map and catalogue into a training store, split by sky position.

    Parameters
    ----------
    segmentation : FITS image on the mosaics' grid whose values are the catalogue's ids
    catalogue : photometric catalogue of JADES, or a table with id, ra, dec; a class (`label`, `FLAG_ST`) and redshifts
        (`z`, `z_spec`) if it has them
    redshifts : lists of spectroscopic redshifts, the most trusted first, as for `compile_redshifts`
    radius_arcsec : within it, redshifts are of one source
    tile_size : pixels; block_tiles : tiles along a side of the blocks that stay in one split
    labels : with "spectroscopic", only the catalogue's `z_spec` and the lists count, not its `z`; the default if there
        are lists, since a survey's own `z` is photometric
    dry_run : only count; nothing is written to `out`

    Returns
    -------
    counts of redshifts in the lists and of what became of them, of the catalogue's sources, of redshifts that were left
    out (`zpix.surveys.redshift_labels`), and of tiles, sources and redshifts of each split
    """
    labels = labels or ("spectroscopic" if redshifts else "all")
    _check_labels(labels)
    spectroscopic = labels == "spectroscopic"
    sources = read_reference_catalogue(catalogue, spectroscopic=spectroscopic)
    compilation = compile_redshifts([read_redshifts(one) for one in redshifts], radius_arcsec=radius_arcsec)
    if spectroscopic and not np.isfinite(sources.redshift).any() and not len(compilation):
        raise CatalogueError(
            f"'{catalogue}' has no redshift in a column 'z_spec', nor do tables of redshifts give one: labels ="
            " spectroscopic needs them"
        )
    with open_mosaic(mosaics) as mosaic, SegmentationMap(segmentation, shape=mosaic.shape) as areas:
        wanted = tuple(bands or mosaic.bands)
        missing = [band for band in wanted if band not in mosaic.bands]
        if missing:
            log.warning("the mosaics lack %s: a model learns to do without", " ".join(missing))
        tiles = cut_tiles(mosaic.shape, tile_size)
        if not tiles:
            raise StoreError(
                f"the mosaics are {mosaic.shape[1]} × {mosaic.shape[0]} pixels, smaller than a tile of {tile_size}"
            )
        splits = split_by_position(tiles, fractions=fractions, block_tiles=block_tiles, seed=seed)
        chosen = choose_labels(
            sources, compilation, mosaic=mosaic, segmentation=areas, tiles=tiles, radius_arcsec=radius_arcsec
        )
        stars = int((~has_redshift(sources.label)).sum())
        counts: dict[str, Any] = {
            "redshifts": compilation.counts,
            "sources": {"listed": len(sources), "stars": stars},
            "labels": chosen.counts(),
        }
        sources = replace(sources, redshift=chosen.redshift_of(sources))
        if dry_run:
            at = tiles_of(tiles, *mosaic.pixel(sources.ra, sources.dec))
            labelled = Counter(splits[tile] for tile in at[np.isfinite(sources.redshift)])
            return counts | {split: {"tiles": splits.count(split), "redshifts": labelled[split]} for split in SPLITS}
        settings = {
            "mosaics": [path.name for path in mosaic.paths],
            "catalogue": Path(catalogue).name,
            "redshifts": [Path(one).name for one in redshifts],
            "radius_arcsec": radius_arcsec,
            "fractions": dict(fractions),
            "block_tiles": block_tiles,
            "seed": seed,
            "dust": str(dust),
            "labels": labels,
            "counts": counts,  # files of the same names with other redshifts are another store
        }
        writer = StoreWriter(
            out, bands=wanted, tile_size=tile_size, pixel_scale_arcsec=mosaic.pixel_scale_arcsec, settings=settings
        )
        with progress_bar("annotating tiles", len(tiles), done=writer.position) as bar:
            for index in range(writer.position, len(tiles)):
                writer.add(splits[index], annotate(mosaic, areas, sources, tiles[index], bands=wanted, dust=dust))
                bar.advance()
    learnt = {split: writer.labelled(split) for split in SPLITS}
    chosen = chosen.found_in(np.concatenate(list(learnt.values())), sources)
    counts["labels"] = chosen.counts()
    if redshifts:
        table = compilation.table()
        last = slice(len(chosen.row) - len(table), None)
        table["source_id"] = chosen.identifier(sources)[last]
        table["use"] = chosen.use(sources, learnt)[last]
        write_compilation(table, Path(out) / COMPILATION_NAME, overwrite=True)
    writer.close({"kind": "survey", **settings, "counts": counts})
    return counts | store_counts(Store(out))


def prepare_redshifts(
    redshifts: Sequence[str | Path], *, out: str | Path, radius_arcsec: float = RADIUS_ARCSEC
) -> dict[str, Any]:
    """Compile lists of spectroscopic redshifts into one table: Parquet, FITS or CSV, by the ending of `out`.

    Parameters
    ----------
    redshifts : lists, the most trusted first: `PATH`, or `PATH:COLUMN=BEST,NEXT,...` to say which qualities are secure
    radius_arcsec : within it, redshifts are of one source

    Returns
    -------
    counts of the redshifts of each list and of all, and of what became of them (`zpix.surveys.spectroscopy`)
    """
    check_place(out)
    compilation = compile_redshifts([read_redshifts(one) for one in redshifts], radius_arcsec=radius_arcsec)
    write_compilation(compilation.table(), out)
    return {"redshifts": compilation.counts}


def prepare_mock(
    out: str | Path,
    *,
    tiles: int,
    seed: int,
    config: SimulationConfig | None = None,
    bands: Sequence[str] = JADES_BANDS,
    tile_size: int = 512,
    fractions: Mapping[Split, float] = DEFAULT_FRACTIONS,
    workers: int = 1,
    labels: Labels = "all",
) -> dict[str, Any]:
    """Draw simulated tiles straight into a training store, without FITS in between.

    Every tile is a sky of its own, seeded by (seed, tile), so the splits are apart; the same store comes out whatever
    the number of `workers`. With `labels` "spectroscopic", only sources that a survey would have measured have a
    redshift (`zpix.scenes.spectroscopic_sample`); the others train everything else.
    """
    from zpix.scenes import Sky

    config = config or SimulationConfig()
    check_fractions(fractions)
    _check_labels(labels)
    Sky(seed, tuple(bands), config)  # refuses catalogues that cannot be used, before anything is written
    if tiles < 1 or workers < 1:
        raise ConfigError(f"tiles = {tiles} and workers = {workers}: both must be 1 or more")
    splits: list[Split] = []
    for split in SPLITS:
        splits += [split] * round(fractions[split] * tiles)
    splits = [*splits, *["train"] * tiles][:tiles]  # type: ignore[list-item, assignment]
    settings = {"simulation": json.loads(config.model_dump_json()), "seed": seed, "tiles": tiles, "labels": labels}
    writer = StoreWriter(
        out, bands=tuple(bands), tile_size=tile_size, pixel_scale_arcsec=config.pixel_scale_arcsec, settings=settings
    )
    jobs = (MockTile(seed, index, tile_size, tuple(bands), config, labels) for index in range(writer.position, tiles))
    with (
        ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool,
        progress_bar("drawing scenes", tiles, done=writer.position) as bar,
    ):
        for tile in in_order(pool, draw_tile, jobs, ahead=2 * workers):
            writer.add(splits[writer.position], tile)
            bar.advance()
    writer.close({"kind": "mock", **settings})
    return store_counts(Store(out))


def _check_labels(labels: str) -> None:
    if labels not in get_args(Labels):
        raise ConfigError(f"labels = '{labels}': allowed are {', '.join(get_args(Labels))}")
