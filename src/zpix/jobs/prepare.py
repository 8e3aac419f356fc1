"""What can a model learn from? Tiles of a survey or of the simulated sky, with what is known of their sources."""

from __future__ import annotations

import json
import logging
import multiprocessing
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from zpix.config import Config, SimulationConfig, as_config
from zpix.errors import CatalogueError, ConfigError, StoreError
from zpix.image import Mosaic, MosaicPaths, Region, SegmentationMap, examine_mosaic, open_mosaic
from zpix.progress import in_order, progress_bar, waiting
from zpix.sources import ReferenceSources, has_redshift
from zpix.surveys import read_reference_catalogue
from zpix.surveys.redshift_labels import choose_labels, tiles_of
from zpix.surveys.redshift_lists import RedshiftList, read_redshifts
from zpix.surveys.spectroscopy import (
    RADIUS_ARCSEC,
    Compilation,
    check_place,
    compile_redshifts,
    write_compilation,
)
from zpix.training.about import store_counts
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.annotation import annotate, check_fractions, cut_tiles, split_by_position
from zpix.training.coco_store import store_from_coco
from zpix.training.mock import MockTile, draw_tile
from zpix.training.store import SPLITS, Labels, Split, Store, StoreWriter

log = logging.getLogger(__name__)

#: In a store, the table of its redshifts: where each is from, and what became of it.
COMPILATION_NAME = "redshifts.parquet"


def prepare(
    mosaics: MosaicPaths | None = None,
    *,
    out: str | Path,
    segmentation: str | Path | None = None,
    catalogue: str | Path | None = None,
    redshifts: str | Path | Sequence[str | Path] = (),
    radius_arcsec: float = RADIUS_ARCSEC,
    mock: int | None = None,
    coco: str | Path | Sequence[str | Path] = (),
    pixel_scale: float | None = None,
    zero_point: float = 31.4,
    bands: Sequence[str] | None = None,
    dust: str | float = "sfd",
    tile_size_pix: int = 512,
    fractions: tuple[float, float, float] = (0.7, 0.1, 0.2),
    block_tiles: int = 2,
    seed: int = 0,
    workers: int = 1,
    labels: Labels | None = None,
    dry_run: bool = False,
    config: str | Path | Config | SimulationConfig | None = None,
) -> dict[str, Any]:
    """Make a training store of annotated tiles, split into train, validation and test.

    There are four ways: mosaics with `segmentation` and `catalogue` are cut into tiles, which are split by sky
    position; with `mock` tiles are simulated, each a sky of its own; with `coco` the training data of DeepDISC are
    read; lists of `redshifts` alone are compiled into one table. An interrupted call goes on after its last whole tile.
    `mock` starts processes: in a script, call it under `if __name__ == "__main__":`.

    Parameters
    ----------
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        A directory of FITS mosaics, several files, or one file of several bands; a file may be named by its band, as
        for `run`.
    out : str or Path
        Store to make; for lists of redshifts alone the table: `.parquet`, `.fits` or `.csv`.
    segmentation : str or Path, optional
        FITS file with an image on the mosaics' grid whose values are the catalogue's identifiers, in any HDU.
    catalogue : str or Path, optional
        Photometric catalogue of JADES, or a table with id (also `number`, `label` and others), ra, dec; a class
        (`label`, `FLAG_ST`) and redshifts (`z`, `z_spec`) if it has them.
    redshifts : str, Path or sequence of these, optional
        Lists of spectroscopic redshifts, the most trusted first: `PATH`, or `PATH:COLUMN=BEST,NEXT,...` to say which
        qualities are secure.
    radius_arcsec : float, default: 0.3
        Separation in arcsec within which redshifts are of one source.
    mock : int, optional
        Number of tiles to simulate.
    coco : str, Path or sequence of these, optional
        JSON files of COCO annotations as DeepDISC reads them, with images in FITS or numpy's format. Images of a file
        whose name has train, val or test go to that split, others are split by `fractions`.
    pixel_scale : float, optional
        For `coco`: side of a pixel in arcsec, where the files do not tell it.
    zero_point : float, default: 31.4
        For `coco`: AB magnitude of a pixel of value one; 31.4 for nJy.
    bands : sequence of str, optional
        Bands to keep, in the order in which a model wants them; by default all of the mosaics, and in a mock those of
        `[model]` in `config`, which are the nine of JADES if it has none.
    dust : str or float, default: "sfd"
        E(B-V) of mosaics: "sfd", "dustmaps", a number in magnitudes, or the path of a HEALPix map.
    tile_size_pix : int, default: 512
        Side of a tile in pixels.
    fractions : tuple of float, default: (0.7, 0.1, 0.2)
        Shares of train, validation and test.
    block_tiles : int, default: 2
        Side, in tiles of a mosaic, of the blocks that stay in one split.
    seed : int, default: 0
        Seed of the split, or of the simulated skies.
    workers : int, default: 1
        Number of processes that draw simulated tiles; the store is the same for any number.
    labels : {"all", "spectroscopic"}, optional
        Redshifts to learn from. With "spectroscopic" only the catalogue's `z_spec` and the lists count, not its `z`; of
        simulated sources those that a survey like JADES would have measured. The default is "spectroscopic" with lists
        of redshifts, else "all".
    dry_run : bool, default: False
        Only count the redshifts, sources and tiles of mosaics; nothing is written. Not for the other ways.
    config : str, Path, Config or SimulationConfig, optional
        For `mock`: the path of a TOML file with `[simulation]`, or the settings themselves.

    Returns
    -------
    dict of str to object
        Counts: of redshifts in the lists and what became of them, of the catalogue's sources, and of tiles, sources and
        redshifts of each split.

    Raises
    ------
    ConfigError
        If arguments are missing or out of their range.
    CatalogueError
        If spectroscopic redshifts are asked for and there are none, the catalogue has no identifiers, or most of its
        sources do not lie on their own segments.
    StoreError
        If the mosaics are smaller than a tile.
    OutputError
        If `out` exists as something else, or was begun with other settings.

    Examples
    --------
    >>> zpix.prepare(out="mock.zarr", mock=100, tile_size_pix=512)  # doctest: +SKIP
    """
    shares: dict[Split, float] = dict(zip(SPLITS, fractions, strict=True))
    lists = [redshifts] if isinstance(redshifts, (str, Path)) else list(redshifts)
    if labels is not None and labels not in get_args(Labels):
        raise ConfigError(f"labels = '{labels}': allowed are {', '.join(get_args(Labels))}")
    wanted = _named_once(bands)
    _refuse_several(coco, mock is not None, mosaics or segmentation or catalogue)
    _refuse_without_use(coco, mock, mosaics, lists=lists, labels=labels, dry_run=dry_run)
    if coco:
        return store_from_coco(
            [coco] if isinstance(coco, (str, Path)) else coco, out, bands=wanted, tile_size=tile_size_pix,
            pixel_scale=pixel_scale, zero_point=zero_point, dust=dust, fractions=shares, seed=seed,
        )  # fmt: skip
    if mock is not None:
        settings_of_mock = as_config(config, "simulation")
        return _draw_mock(
            out, mock, seed=seed, config=settings_of_mock.simulation, bands=wanted or settings_of_mock.model.bands,
            tile_size=tile_size_pix, shares=shares, workers=workers, labels=labels or "all",
        )  # fmt: skip
    if lists and not mosaics and segmentation is None and catalogue is None:
        return _compile_lists(lists, out, radius_arcsec)
    if not mosaics or segmentation is None or catalogue is None:
        raise ConfigError(
            "prepare needs mosaics with segmentation map and catalogue, or mock, coco, or redshifts alone"
        )
    chosen = labels or ("spectroscopic" if lists else "all")
    settings = {
        "catalogue": Path(catalogue).name, "redshifts": [Path(one).name for one in lists],
        "radius_arcsec": radius_arcsec, "fractions": shares, "block_tiles": block_tiles, "seed": seed,
        "dust": str(dust), "labels": chosen,
    }  # fmt: skip
    with open_mosaic(mosaics) as mosaic:
        sources, compilation = _known_sources(catalogue, lists, mosaic, labels=chosen, radius_arcsec=radius_arcsec)
        with SegmentationMap(segmentation, shape=mosaic.shape, identifiers=sources.id) as areas:
            areas.require_own_segments(sources.id, *mosaic.pixel(sources.ra, sources.dec), name=str(catalogue))
            survey = _Survey(mosaic, areas, sources, compilation, wanted or mosaic.bands, tile_size_pix, settings)
            return survey.count() if dry_run else survey.cut(out, dust=dust)


def _refuse_several(*ways: object) -> None:
    """Refuse more than one of what tiles can be made of."""
    if sum(bool(way) for way in ways) > 1:
        raise ConfigError("prepare draws mock tiles, reads COCO files or cuts mosaics: give one of them")


def _refuse_without_use(
    coco: object, mock: int | None, mosaics: object, *, lists: Sequence[object], labels: str | None, dry_run: bool
) -> None:
    """Refuse what would be left aside without a word."""
    drawn = mock is not None
    if dry_run and (coco or drawn or (lists and not mosaics)):
        raise ConfigError("dry_run counts tiles of mosaics: it cannot go with mock, coco, or redshifts alone")
    if lists and (coco or drawn):
        raise ConfigError("redshifts are of sources of mosaics: COCO files and mock tiles have redshifts of their own")
    if labels is not None and coco:
        raise ConfigError(f"labels = '{labels}': redshifts of COCO files do not say whether they are spectroscopic")


def _named_once(bands: Sequence[str] | None) -> tuple[str, ...] | None:
    """Bands in upper case; none may be named twice."""
    wanted = None if bands is None else tuple(band.strip().upper() for band in bands)
    if wanted is not None and len(set(wanted)) < len(wanted):
        raise ConfigError(f"bands = {','.join(wanted)}: each band can be named once")
    return wanted


def _compile_lists(lists: Sequence[str | Path], out: str | Path, radius_arcsec: float) -> dict[str, Any]:
    """Compile lists of redshifts into one table."""
    check_place(out)
    read = [read_redshifts(one) for one in lists]
    _remark_on_hours(read)
    compilation = compile_redshifts(read, radius_arcsec=radius_arcsec)
    write_compilation(compilation.table(), out)
    return {"redshifts": compilation.counts}


def _remark_on_hours(lists: Sequence[RedshiftList]) -> None:
    """Say how right ascensions were read that could be hours too, where no field tells which they are."""
    for one in lists:
        if np.isfinite(one.ra).any() and np.nanmax(one.ra) < 24:
            log.warning(
                "'%s' has right ascensions up to %.3f, read as degrees: name the column ra_hours if they are hours",
                one.name, np.nanmax(one.ra),
            )  # fmt: skip


def _known_sources(
    catalogue: str | Path, lists: Sequence[str | Path], mosaic: Mosaic, *, labels: Labels, radius_arcsec: float
) -> tuple[ReferenceSources, Compilation]:
    """Read the sources of a survey, and the redshifts of the lists, in the field of its mosaics."""
    height, width = mosaic.shape
    corners = mosaic.sky(np.array([0, width, 0, width]), np.array([0, 0, height, height]))
    spectroscopic = labels == "spectroscopic"
    sources = read_reference_catalogue(catalogue, spectroscopic=spectroscopic).near(*corners, path=catalogue)
    compilation = compile_redshifts([read_redshifts(one).near(*corners) for one in lists], radius_arcsec=radius_arcsec)
    if spectroscopic and not np.isfinite(sources.redshift).any() and not len(compilation):
        raise CatalogueError(
            f"'{catalogue}' has no redshift in a column 'z_spec', nor do tables of redshifts give one: labels ="
            " spectroscopic needs them"
        )
    return sources, compilation


class _Survey:
    """A survey that is cut into tiles: its mosaic, its sources, and which redshifts they are given."""

    def __init__(
        self,
        mosaic: Mosaic,
        areas: SegmentationMap,
        sources: ReferenceSources,
        compilation: Compilation,
        bands: Sequence[str],
        tile_size: int,
        settings: dict[str, Any],
    ) -> None:
        self.mosaic, self.areas, self.compilation, self.bands = mosaic, areas, compilation, tuple(bands)
        missing = [band for band in self.bands if band not in mosaic.bands]
        if missing:
            log.warning("the mosaics lack %s: a model learns to do without", " ".join(missing))
        self.tiles: list[Region] = cut_tiles(mosaic.shape, tile_size)
        if not self.tiles:
            raise StoreError(
                f"the mosaics are {mosaic.shape[1]} × {mosaic.shape[0]} pixels, smaller than a tile of {tile_size}"
            )
        self.splits = split_by_position(
            self.tiles, fractions=settings["fractions"], block_tiles=settings["block_tiles"], seed=settings["seed"]
        )
        self.labels = choose_labels(
            sources, compilation, mosaic=mosaic, segmentation=areas, tiles=self.tiles,
            radius_arcsec=settings["radius_arcsec"],
        )  # fmt: skip
        self.counts: dict[str, Any] = {
            "redshifts": compilation.counts,
            "sources": {"listed": len(sources), "stars": int((~has_redshift(sources.label)).sum())},
            "labels": self.labels.counts(),
        }
        self.sources = replace(sources, redshift=self.labels.redshift_of(sources))
        self.tile_size, self.settings = tile_size, {"mosaics": [path.name for path in mosaic.paths], **settings}

    def count(self) -> dict[str, Any]:
        """Count tiles and redshifts of each split, and cut nothing."""
        at = tiles_of(self.tiles, *self.mosaic.pixel(self.sources.ra, self.sources.dec))
        labelled = Counter(self.splits[tile] for tile in at[np.isfinite(self.sources.redshift)])
        return self.counts | {
            split: {"tiles": self.splits.count(split), "redshifts": labelled[split]} for split in SPLITS
        }

    def cut(self, out: str | Path, *, dust: str | float) -> dict[str, Any]:
        """Cut the tiles that the store does not have yet."""
        # Files of the same names with other redshifts are another store: so the counts belong to the settings.
        settings = {**self.settings, "counts": self.counts}
        writer = StoreWriter(
            out, bands=self.bands, tile_size=self.tile_size, pixel_scale_arcsec=self.mosaic.pixel_scale_arcsec,
            settings=settings,
        )  # fmt: skip
        with waiting("examining the mosaics"):
            seen = examine_mosaic(self.mosaic, pixel_scale_arcsec=self.mosaic.pixel_scale_arcsec)
        measured = {own.band: own.measured_factor for own in seen.bands}
        factors = np.array([measured.get(band, 1.0) for band in self.bands], np.float32)
        with progress_bar("annotating tiles", len(self.tiles), done=writer.position) as bar:
            for index in range(writer.position, len(self.tiles)):
                tile = annotate(
                    self.mosaic, self.areas, self.sources, self.tiles[index], bands=self.bands, dust=dust,
                    error_factor=factors,
                )  # fmt: skip
                writer.add(self.splits[index], tile)
                bar.advance()
        learnt = {split: writer.labelled(split) for split in SPLITS}
        labels = self.labels.found_in(np.concatenate(list(learnt.values())), self.sources)
        counts = {**self.counts, "labels": labels.counts()}
        if self.settings["redshifts"]:
            table = self.compilation.table()
            last = slice(len(labels.row) - len(table), None)
            table["source_id"] = labels.identifier(self.sources)[last]
            table["use"] = labels.use(self.sources, learnt)[last]
            write_compilation(table, Path(out) / COMPILATION_NAME, overwrite=True)
        writer.close({"kind": "survey", **settings, "counts": counts})
        return counts | store_counts(Store(out))


def _draw_mock(
    out: str | Path,
    tiles: int,
    *,
    seed: int,
    config: SimulationConfig,
    bands: tuple[str, ...],
    tile_size: int,
    shares: dict[Split, float],
    workers: int,
    labels: Labels,
) -> dict[str, Any]:
    """Draw simulated tiles straight into a store, without FITS in between.

    Every tile is a sky of its own, seeded by (seed, tile), so the splits are apart; the store is the same for any
    number of workers.
    """
    from zpix.scenes import Sky

    check_fractions(shares)
    Sky(seed, bands, config)  # refuses catalogues that cannot be used, before anything is written
    if tiles < 1 or workers < 1:
        raise ConfigError(f"mock = {tiles} tiles and workers = {workers}: both must be 1 or more")
    splits: list[Split] = []
    for split in SPLITS:
        splits += [split] * round(shares[split] * tiles)
    left: list[Split] = ["train"] * tiles
    splits = [*splits, *left][:tiles]
    settings = {"simulation": json.loads(config.model_dump_json()), "seed": seed, "tiles": tiles, "labels": labels}
    writer = StoreWriter(
        out, bands=bands, tile_size=tile_size, pixel_scale_arcsec=config.pixel_scale_arcsec, settings=settings
    )
    jobs = (MockTile(seed, index, tile_size, bands, config, labels) for index in range(writer.position, tiles))
    with progress_bar("drawing scenes", tiles, done=writer.position) as bar:
        try:
            for tile in _drawn(jobs, workers):
                writer.add(splits[writer.position], tile)
                bar.advance()
        except Exception:
            if writer.position == 0:  # what can never be drawn leaves no half store
                shutil.rmtree(out, ignore_errors=True)
            raise
    writer.close({"kind": "mock", **settings})
    return store_counts(Store(out))


def _drawn(jobs: Iterator[MockTile], workers: int) -> Iterator[AnnotatedTile]:
    """Draw tiles in their order, by this process or by several."""
    if workers == 1:
        yield from map(draw_tile, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from in_order(pool, draw_tile, jobs, ahead=2 * workers)
