"""What does a window of a simulated sky look like?

A sky is a function of its seed. It is drawn in cells, each with random numbers of its own, so that any window
can be observed at any time, in any order and by any number of workers, and windows fit together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS, Region
from zpix.instruments import transmission
from zpix.scenes.band_psf import BandPsf
from zpix.scenes.census import draw_population
from zpix.scenes.conditions import Conditions, draw_conditions
from zpix.scenes.crowding import crowded
from zpix.scenes.jaguar import JaguarCatalogue, read_jaguar
from zpix.scenes.observation import Observation
from zpix.scenes.observing_record import observing_record
from zpix.scenes.population import Population
from zpix.scenes.render import Stamp, render
from zpix.scenes.scene import Scene, SceneLight
from zpix.scenes.stamp_sizes import HALO_SIZE, STAMP_SIZES, drawn_in_parts, largest_fluxes, stamp_sizes
from zpix.scenes.streams import CELL, FIELD, cell_stream, cells_of, stream
from zpix.scenes.true_segments import FAINTEST_OF_PEAK, TrueSegments, detection_weights, draw_segments, significance
from zpix.scenes.truth_table import truth_table
from zpix.scenes.user_psf import user_psfs
from zpix.sources import GALAXY, STAR
from zpix.spectra import family_of

_LABEL_MARGIN = 64  # pixels around a window in which segments of its sources may go on
_REACH = STAMP_SIZES[-1] // 2
_HALO_FROM_MAG = 21.0  # stars that are fainter have no light beyond the largest stamp


@dataclass(frozen=True)
class Sky:
    """An endless simulated sky, seen in some bands to some depth.

    Attributes
    ----------
    seed : int
        Seed of all its random numbers.
    bands : tuple of str, default: the nine of JADES
        Names of the bands, of one instrument or several.
    config : SimulationConfig
        What it is drawn with; the defaults if not given.
    psf_seed : int, optional
        Seed of the PSFs and of the pupil's angle, where several skies share them.

    Raises
    ------
    BandError
        If a band is of no instrument.
    ConfigError
        If a family of spectra is unknown.
    InputFileError, CatalogueError
        If a catalogue of galaxies cannot be read.
    """

    seed: int
    bands: tuple[str, ...] = JADES_BANDS
    config: SimulationConfig = field(default_factory=SimulationConfig)
    psf_seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse bands, catalogues and families that cannot be used before anything is drawn."""
        for band in self.bands:
            transmission(band)
        for name, _ in self.config.spectra:
            family_of(name)
        _ = self._catalogue

    @property
    def _catalogue(self) -> JaguarCatalogue | None:
        """Galaxies to draw from, if the user gives a catalogue; `read_jaguar` keeps them."""
        paths = self.config.catalogues
        return read_jaguar(paths, self.bands, self.config.limit_mag) if paths else None

    @cached_property
    def _field(self) -> dict[str, float]:
        """Numbers that the whole field shares: E(B−V), depth, pupil angle."""
        rng, config = stream(self.seed, FIELD), self.config
        ebv, log_depth, angle = rng.uniform(size=3)
        angle = angle if self.psf_seed is None else stream(self.psf_seed, FIELD).uniform()
        low, high = config.ebv_range
        shallow = np.log(config.depth_range)
        return {
            "ebv": float(config.ebv if config.ebv is not None else low + (high - low) * ebv),
            "depth": float(np.exp(shallow[0] + (shallow[1] - shallow[0]) * log_depth)),
            # three roll angles, as a field has few visits, so that few transfer functions are kept
            "angle": float(config.psf_angle_deg if config.psf_angle_deg is not None else 20 * int(3 * angle)),
        }

    @property
    def ebv(self) -> float:
        """E(B−V) of the Milky Way in mag."""
        return self._field["ebv"]

    @property
    def depth(self) -> float:
        """Error image in units of the deep field's."""
        return self._field["depth"]

    @property
    def error(self) -> NDArray[np.float64]:
        """Typical rms of one pixel by an error image that fits the depth, (band,) float64, nJy."""
        return self._observation.error

    @cached_property
    def conditions(self) -> Conditions:
        """What was drawn for the field, beside E(B−V), depth and position angle."""
        return draw_conditions(self.seed, self.bands, self.config, psf_seed=self.psf_seed)

    @property
    def drawn(self) -> dict[str, Any]:
        """What was drawn for the field, in words and numbers fit for JSON."""
        return observing_record(self._observation, self.ebv)

    @cached_property
    def _observation(self) -> Observation:
        """How the sky is observed."""
        given = user_psfs(self.config.psf_files, pixel_scale_arcsec=self.config.psf_pixel_scale_arcsec)
        angle, conditions = self._field["angle"], self.conditions
        psfs = tuple(
            BandPsf(band, angle, given.get(band), stretch)
            for band, stretch in zip(self.bands, conditions.stretch, strict=True)
        )
        return Observation(self.seed, self.bands, angle, self.config, self.depth, conditions, psfs)

    @cached_property
    def _census(self) -> SimulationConfig:
        """What its population is drawn with."""
        return crowded(self.seed, self.config)

    @property
    def reach_pix(self) -> int:
        """Distance in pixels from which a source can put light into a window."""
        return HALO_SIZE // 2 if self.config.star_haloes else _REACH

    def cells(self, region: Region) -> list[tuple[int, int]]:
        """List the cells that a region touches.

        Parameters
        ----------
        region : Region
            In pixels of the sky.

        Returns
        -------
        list of (int, int)
            Row and column of each cell, row by row.
        """
        return cells_of(region, self.config.cell_size_pix)

    def cell_population(self, row: int, column: int) -> Population:
        """Draw the sources of one cell.

        Parameters
        ----------
        row, column : int
            Of the cell.

        Returns
        -------
        Population
            The sources, with positions in the sky's pixels; a few lie just outside the cell.
        """
        return _cell_population(self.seed, self._census, row, column, self._catalogue)

    def observe(
        self,
        region: Region,
        *,
        bounds: Region | None = None,
        first_ids: dict[tuple[int, int], int] | None = None,
    ) -> Scene:
        """Draw image, error, segments and truth of a window.

        Parameters
        ----------
        region : Region
            The window in pixels of the sky, which has no edges.
        bounds : Region, optional
            Where segments end: the field that the window is part of, or by default the window.
        first_ids : dict, optional
            Id of the first source of each cell; by default sources are numbered from 1 in this window alone.

        Returns
        -------
        Scene
            What is seen and what is true.
        """
        return next(self.realisations(region, bounds=bounds, first_ids=first_ids))

    def realisations(
        self,
        region: Region,
        *,
        bounds: Region | None = None,
        first_ids: dict[tuple[int, int], int] | None = None,
        with_light: bool = False,
    ) -> Iterator[Scene]:
        """Observe the same window again and again: scenes that differ in noise alone.

        The first is that of `observe`; the others cost a sixth of it. Segments and truth are shared.

        Parameters
        ----------
        region : Region
            The window, as in `observe`.
        bounds : Region, optional
            Where segments end, as in `observe`.
        first_ids : dict, optional
            Id of the first source of each cell, as in `observe`.
        with_light : bool, default: False
            Whether scenes have their noiseless light, source by source.

        Yields
        ------
        Scene
            One observation after another, without end.
        """
        labelled = region.grown(_LABEL_MARGIN).intersection(bounds or region)
        population, ids = self._sources(labelled, first_ids)
        fluxes, sizes, near = self._light(population, labelled)
        population, ids, fluxes, sizes = population[near], ids[near], fluxes[near], sizes[near]
        stamps: dict[int, Stamp] | None = {} if with_light else None
        model, segments = self._draw(region, labelled, population, fluxes, sizes, stamps)
        owner = segments.owner[region.shifted(-labelled.x0, -labelled.y0).slices]
        inside = region.contains(population.x, population.y)
        inside[np.unique(owner[owner >= 0])] = True
        if first_ids is None:
            ids = np.where(inside, np.cumsum(inside), 0).astype(np.int32)
        segmentation = np.zeros(region.shape, np.int32)
        segmentation[owner >= 0] = ids[owner[owner >= 0]]
        table = truth_table(
            population, fluxes, segments, ids, bands=self.bands, ebv=self.ebv, region=region, rows=inside
        )
        light = None
        if stamps is not None:
            own = {int(ids[row]): stamp for row, stamp in stamps.items() if inside[row]}
            light = SceneLight.seen(self._observation, region, model, own)
        for realisation in itertools.count():
            yield Scene(self._observation.pixels(region, model, realisation), segmentation, table, self.ebv, light)

    def _sources(
        self, region: Region, first_ids: dict[tuple[int, int], int] | None
    ) -> tuple[Population, NDArray[np.int32]]:
        """Sources that may put light into a region, and their ids: of cells far from it only bright stars."""
        parts, ids = [], []
        near = set(self.cells(region.grown(_REACH)))
        for cell in self.cells(region.grown(self.reach_pix)):
            population = self.cell_population(*cell)
            first = 0 if first_ids is None else first_ids.get(cell, -(1 << 30))
            rows = np.arange(len(population))
            if cell not in near:
                rows = np.flatnonzero((population.label == STAR) & (population.mag < _HALO_FROM_MAG))
                if not len(rows):
                    continue
                population = population[rows]
            parts.append(population)
            ids.append(first + rows)
        return Population.concatenate(parts), np.concatenate(ids).astype(np.int32)

    def _light(
        self, population: Population, region: Region
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.intp]]:
        """Fluxes and sides of stamps of all sources, and the rows of those whose stamp touches the region."""
        # fluxes are computed only where a stamp for the largest that can be would touch the region
        distance = np.maximum(
            np.maximum(region.x0 - population.x, population.x - region.x1),
            np.maximum(region.y0 - population.y, population.y - region.y1),
        )
        bound = self._stamp_sizes(population, largest_fluxes(population.mag, self.bands))
        rows = np.flatnonzero(distance < bound / 2)
        fluxes = np.zeros((len(population), len(self.bands)), np.float32)
        fluxes[rows] = population[rows].fluxes(self.bands, ebv=self.ebv, catalogue=self._catalogue)
        sizes = self._stamp_sizes(population, fluxes)
        return fluxes, sizes, rows[distance[rows] < sizes[rows] / 2]

    def _stamp_sizes(self, population: Population, fluxes: NDArray[np.float32]) -> NDArray[np.int64]:
        """Sides of the stamps of sources, (N,)."""
        return stamp_sizes(
            population,
            fluxes,
            self.error,
            bands=self.bands,
            pixel_scale_arcsec=self.config.pixel_scale_arcsec,
            star_haloes=self.config.star_haloes,
        )

    def _draw(
        self,
        region: Region,
        labelled: Region,
        population: Population,
        fluxes: NDArray[np.float32],
        sizes: NDArray[np.int64],
        kept: dict[int, Stamp] | None,
    ) -> tuple[NDArray[np.float32], TrueSegments]:
        """Noiseless light of the window, (band, y, x) nJy, and the segments of the region to be labelled.

        Stamps of galaxies are put into `kept`, by the row of the source.
        """
        model = np.zeros((len(self.bands), *region.shape), np.float32)
        weights = detection_weights(self.bands, self._observation.detection_sigma)
        stamps: list[tuple[Region, NDArray[np.float32]]] = []
        scale = self.config.pixel_scale_arcsec
        in_parts = np.flatnonzero(
            drawn_in_parts(population, fluxes, self.error, bands=self.bands, pixel_scale_arcsec=scale)
        )
        shares = population[in_parts].part_shares(self.bands)
        for stamp in render(
            population,
            fluxes,
            bands=self.bands,
            sizes=sizes,
            pixel_scale_arcsec=scale,
            psf_angle_deg=self._field["angle"],
            part_shares=dict(zip(in_parts.tolist(), shares, strict=True)),
            psfs=dict(zip(self.bands, self._observation.seen_psfs, strict=True)),
            window=labelled,
        ):
            shared = region.intersection(stamp.region)
            here = shared.shifted(-region.x0, -region.y0).slices
            model[(slice(None), *here)] += stamp.light[
                (slice(None), *shared.shifted(-stamp.region.x0, -stamp.region.y0).slices)
            ]
            total = fluxes[stamp.row] if sizes[stamp.row] > STAMP_SIZES[-1] else None
            stamps.append((stamp.region, significance(stamp.light, weights, total)))
            if kept is not None and population.label[stamp.row] == GALAXY:
                kept[stamp.row] = stamp
        segments = draw_segments(
            labelled,
            self._observation.in_local_noise(stamps, labelled),
            threshold=self.config.segment_threshold,
            min_pixels=self.config.detectable_pixels,
            min_snr=self.config.detectable_snr,
            all_pieces=self.config.segment_pieces == "detectable",
            faintest_of_peak=0.0 if self.config.star_haloes else FAINTEST_OF_PEAK,
        )
        return model, segments


def draw_scene(
    seed: int,
    *,
    shape: tuple[int, int] = (512, 512),
    bands: tuple[str, ...] = JADES_BANDS,
    config: SimulationConfig | None = None,
) -> Scene:
    """Draw a piece of a sky of its own; the same for the same seed.

    Parameters
    ----------
    seed : int
        Seed of all random numbers.
    shape : (ny, nx), pixels, default: (512, 512)
        Rows and columns.
    bands : tuple of str, default: the nine of JADES
        Names of the bands.
    config : SimulationConfig, optional
        What the sky is drawn with.

    Returns
    -------
    Scene
        What is seen and what is true.
    """
    return Sky(seed, tuple(bands), config or SimulationConfig()).observe(Region.whole(shape))


@lru_cache(maxsize=256)
def _cell_population(
    seed: int, config: SimulationConfig, row: int, column: int, catalogue: JaguarCatalogue | None
) -> Population:
    """Sources of one cell, kept for the last cells."""
    rng = cell_stream(seed, CELL, cell=(row, column))
    size = config.cell_size_pix
    population = draw_population(rng, width_pix=size, height_pix=size, config=config, catalogue=catalogue)
    return replace(population, x=population.x + column * size, y=population.y + row * size)
