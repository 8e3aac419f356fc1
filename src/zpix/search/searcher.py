"""How is a block of tiles searched: read, find, measure and keep, as overlapping stages?

A thread reads tiles ahead of the network, others measure what was found behind it, and one keeps it. On a processor the
network looks at several tiles side by side, which keeps its cores busier than sharing out each layer. The sources of a
block are one part of the catalogue, and the same whichever process on whichever machine searches it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.catalogue import (
    Catalogue,
    Light,
    Photometry,
    Stamps,
    build_catalogue,
    measure_light,
    measure_stamps,
    place_masks,
    segment_masks,
)
from zpix.config import InferenceConfig
from zpix.detector import Checkpoint
from zpix.image import NoiseCurve, Pixels, Region, Tile, ebv_at
from zpix.progress import in_order
from zpix.search.apertures import ReferenceApertures, TileReference
from zpix.search.blocks import Block
from zpix.search.parts import Part
from zpix.search.predictor import Predictor
from zpix.search.seams import claimed, keep_owned, light_reach
from zpix.sources import ConformalIntervals, Detections, Novelty, NoveltyInBands, WidthCalibration


class SkyImage(Protocol):
    """What a search needs of an image of the sky, such as a `Mosaic` or an `ArrayImage`."""

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (ny, nx) in pixels."""

    @property
    def pixel_scale_arcsec(self) -> float | None:
        """Side of a pixel in arcsec, if it is known."""

    def read(self, region: Region, *, bands: Sequence[str] | None = None, spare: Pixels | None = None) -> Pixels:
        """Pixels of a region in these bands; `spare` may be written over."""

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Right ascension and declination in degrees of positions in pixels."""


@dataclass
class BlockSummary:
    """A block that was searched, in numbers.

    Attributes
    ----------
    tiles : int
        Number of tiles.
    detections : int
        Number of sources of its part.
    seconds : dict of str to float
        How long each stage worked: "reading", "inference", "measuring" and "writing parts".
    """

    tiles: int = 0
    detections: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, spent: float) -> None:
        """Add to the time of a stage.

        Parameters
        ----------
        stage : str
            Its name.
        spent : float
            Seconds.
        """
        self.seconds[stage] = self.seconds.get(stage, 0.0) + spent


class Searcher:
    """A network and an image, ready for blocks.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model.
    image : SkyImage
        What is searched.
    config : InferenceConfig
        Settings of the search.
    keep : callable
        Called with each block and its part, in order.
    reference : ReferenceApertures, optional
        A reference catalogue on the image, each of whose sources is described too.
    facts : mapping of str to object, optional
        What goes into the header of the catalogue.
    noise : NoiseCurve, optional
        Scatter of sums over the error of independent pixels, of each band of the model; by default pixels are taken as
        independent.
    at_once : int, default 1
        Number of batches of tiles that the network looks at, and that are measured, side by side.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        image: SkyImage,
        config: InferenceConfig,
        *,
        keep: Callable[[Block, Part], None],
        reference: ReferenceApertures | None = None,
        facts: Mapping[str, Any] | None = None,
        noise: NoiseCurve | None = None,
        at_once: int = 1,
    ) -> None:
        self.image, self.config, self.reference = image, config, reference
        self.keep, self.facts, self.at_once = keep, dict(facts or {}), at_once
        self.noise = noise
        self.predictor = Predictor(checkpoint, config)
        self.batch_size = self.predictor.batch_size  # tiles given to the network at once, and read ahead of it
        self.calibration = WidthCalibration.from_saved(checkpoint.about.width_calibration)
        self.conformal = None
        if config.intervals == "conformal":
            self.conformal = ConformalIntervals.from_saved(checkpoint.about.conformal)
        self.novelty = NoveltyInBands(
            Novelty.from_arrays({name: value.numpy() for name, value in checkpoint.novelty.items()}),
            checkpoint.described_bands,
            self.predictor.bands,
            self.predictor.features_by_band,
        )
        # Pixels of finished tiles, to be written over: the largest arrays of all, whose memory would fall into pieces.
        self._spare: deque[Pixels] = deque(maxlen=(at_once + 1) * self.batch_size + 1)
        self.z_range = checkpoint.about.z_range or (0.0, 15.0)

    def search(self, blocks: Iterable[Block]) -> Iterator[BlockSummary]:
        """Search blocks and keep their parts.

        Parameters
        ----------
        blocks : iterable of Block
            Blocks of the image.

        Yields
        ------
        BlockSummary
            Of each block, in order, once its part is kept.
        """
        tiles = ((block, tile) for block in blocks for tile in block.tiles)
        with (
            ThreadPoolExecutor(1) as reader,
            ThreadPoolExecutor(self.at_once) as network,
            ThreadPoolExecutor(self.at_once) as measurer,
            ThreadPoolExecutor(1) as writer,
        ):
            windows = in_order(reader, self._read, tiles, ahead=self.at_once * self.batch_size + 1)
            answered = in_order(network, self._predict, self._batches(windows), ahead=self.at_once)
            writing: deque[Future[BlockSummary]] = deque()
            found, measured = BlockSummary(), list[Future[_Measured]]()
            for batch in answered:
                found.add("reading", sum(window.seconds for window in batch.windows))
                found.add("inference", batch.seconds)
                if len(measured) >= self.at_once:  # so many tiles at a time wait to be measured
                    measured[-self.at_once].result()
                pairs = zip(batch.windows, batch.detections, strict=True)
                measured += [measurer.submit(self._measure, *pair) for pair in pairs]
                if len(measured) == len(batch.block.tiles):
                    writing.append(writer.submit(self._finish, batch.block, found, measured))
                    found, measured = BlockSummary(), []
                if len(writing) > 1:
                    yield writing.popleft().result()
            yield from (part.result() for part in writing)

    def _batches(self, windows: Iterable[_Window]) -> Iterator[list[_Window]]:
        """Windows of one block that the network is given together."""
        for _, group in groupby(windows, key=attrgetter("block")):
            while batch := list(islice(group, self.batch_size)):
                yield batch

    def _read(self, place: tuple[Block, Tile]) -> _Window:
        """Pixels of a tile in the model's bands, E(B−V) at its middle, and its sources of the reference."""
        block, tile = place
        start = time.perf_counter()
        spare = self._spare.popleft() if self._spare else None
        pixels = self.image.read(tile.read, bands=self.predictor.bands, spare=spare)
        middle = self.image.sky(0.5 * (tile.owned.x0 + tile.owned.x1), 0.5 * (tile.owned.y0 + tile.owned.y1))
        dust = float(ebv_at(*(np.atleast_1d(angle) for angle in middle), dust=self.config.dust)[0])
        reference = None
        if self.reference is not None:
            reference = self.reference.owned_by(tile, mask_size=self.predictor.mask_size)
        return _Window(block, tile, pixels, dust, reference, time.perf_counter() - start)

    def _predict(self, windows: list[_Window]) -> _Answered:
        """Sources of tiles of one block that the tiles may own; those of the reference come last."""
        start = time.perf_counter()
        reference = [window.reference.boxes for window in windows if window.reference is not None]
        detections = self.predictor.predict_batch(
            [window.pixels for window in windows],
            dust=[window.dust for window in windows],
            within=[claimed(window.tile) for window in windows],
            reference=reference or None,
        )
        return _Answered(windows[0].block, windows, detections, time.perf_counter() - start)

    def _measure(self, window: _Window, detections: Detections) -> _Measured:
        """The detections that the tile may own, then the sources of the reference, and the light in their pixels."""
        start = time.perf_counter()
        tile, pixels, reference = window.tile, window.pixels, window.reference
        found = len(detections) - (0 if reference is None else len(reference.id))
        forced = detections[found:].shifted(tile.read.x0, tile.read.y0)
        detections = keep_owned(detections[:found], tile)
        reference_id = np.full(len(detections), -1)
        if reference is not None:
            reference_id = np.concatenate([reference_id, reference.id])
            detections = Detections.concatenate([detections, forced])
        probability = place_masks(detections)
        if reference is not None:
            own = len(detections) - len(reference.id) + reference.own
            probability = probability.replaced(own, reference.segments)
        threshold = self.config.mask_threshold
        origin = tile.read.x0, tile.read.y0
        photometry = measure_stamps(probability, pixels, origin_xy=origin, threshold=threshold)
        light = measure_light(
            probability,
            pixels,
            origin_xy=origin,
            threshold=threshold,
            reach_pix=light_reach(self.config.margin),
        )
        self._spare.append(pixels)
        snr = photometry.snr  # by the errors that the network is given: its answers were calibrated by this
        redshift = self.calibration.apply(detections.redshift, snr)
        return _Measured(
            tile.index,
            reference_id,
            # segments take the place of masks, the distance that of features
            replace(
                detections, redshift=redshift, mask=detections.mask[:, :0, :0], features=detections.features[:, :0]
            ),
            photometry if self.noise is None else photometry.in_noise(self.noise),
            light if self.noise is None else light.in_noise(self.noise),
            snr,
            self.novelty.distance(detections.features, snr, observed=np.isfinite(photometry.flux)),
            segment_masks(probability, threshold=threshold),
            window.dust,
            time.perf_counter() - start,
        )

    def _finish(self, block: Block, found: BlockSummary, measured: list[Future[_Measured]]) -> BlockSummary:
        """Make the part of a block and keep it."""
        tiles = [future.result() for future in measured]
        start = time.perf_counter()
        segments = Stamps.concatenate([tile.segments for tile in tiles])
        index = np.repeat([tile.index for tile in tiles], [len(tile.detections) for tile in tiles])
        part = Part.of_block(self._catalogue(tiles), segments, index)
        found.add("measuring", sum(tile.seconds for tile in tiles) + time.perf_counter() - start)
        start = time.perf_counter()
        self.keep(block, part)
        found.add("writing parts", time.perf_counter() - start)
        found.tiles, found.detections = len(tiles), len(part)
        return found

    def _catalogue(self, tiles: Sequence[_Measured]) -> Catalogue:
        """The catalogue of the tiles of a block."""
        counts = [len(tile.detections) for tile in tiles]
        photometry = Photometry.concatenate([tile.photometry for tile in tiles])
        light = Light.concatenate([tile.light for tile in tiles])
        ra, dec = self.image.sky(*light.centre_xy.T)
        catalogue = build_catalogue(
            Detections.concatenate([tile.detections for tile in tiles]),
            photometry,
            bands=self.predictor.bands,
            ra=ra,
            dec=dec,
            ebv=np.repeat(np.array([tile.dust for tile in tiles], np.float32), counts),
            blended=np.zeros(len(photometry), bool),  # the neighbours of a block are not known here
            light=light,
            peak_sky=self.image.sky(*light.peak_xy.T.astype(np.float64)),
            pixel_scale_arcsec=self.image.pixel_scale_arcsec,
            z_range=self.z_range,
            classes=self.predictor.classes,
            novelty=np.concatenate([tile.novelty for tile in tiles]),
            conformal=self.conformal,
            snr=np.concatenate([tile.snr for tile in tiles]),
            meta=self.facts,
        )
        if self.reference is None:
            return catalogue
        reference_id = np.concatenate([tile.reference_id for tile in tiles])
        return catalogue.with_columns(
            reference_id=reference_id,
            origin=np.where(reference_id < 0, "new", "forced"),
            reference_iou=np.full(len(reference_id), np.nan),
        )


@dataclass(frozen=True)
class _Window:
    """A tile of a block as it was read: pixels, E(B−V) at its middle, its sources of the reference, and seconds."""

    block: Block
    tile: Tile
    pixels: Pixels
    dust: float
    reference: TileReference | None
    seconds: float


@dataclass(frozen=True)
class _Answered:
    """Tiles of a block, what the network found in each, and seconds."""

    block: Block
    windows: list[_Window]
    detections: list[Detections]
    seconds: float


@dataclass(frozen=True)
class _Measured:
    """What a tile holds: detections without masks, their ids in the reference (-1: none), and what was measured."""

    index: int
    reference_id: NDArray[np.int64]
    detections: Detections
    photometry: Photometry
    light: Light
    snr: NDArray[np.float64]
    novelty: NDArray[np.float32]
    segments: Stamps
    dust: float
    seconds: float
