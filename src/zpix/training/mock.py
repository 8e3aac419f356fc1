"""What does a simulated tile look like as a tile to learn from?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from zpix.config import SimulationConfig
from zpix.image import Region, measured_factors
from zpix.sources import STAR
from zpix.sources.classes import has_redshift
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.store import Labels

if TYPE_CHECKING:  # drawing scenes needs packages that cutting mosaics does without
    from zpix.scenes import Scene


@dataclass(frozen=True)
class MockTile:
    """A tile of a simulated sky of its own.

    Attributes
    ----------
    seed : int
        Of all tiles of a store.
    index : int
        Number of the tile; its sky follows from both.
    size : int, pixels
        Side of the tile.
    bands : tuple of str
        Bands that are drawn.
    simulation : SimulationConfig
        What the sky holds and how it is observed.
    labels : {"all", "spectroscopic"}, default "all"
        Which redshifts are known: all, or those that a spectroscopic survey would have measured.
    """

    seed: int
    index: int
    size: int
    bands: tuple[str, ...]
    simulation: SimulationConfig
    labels: Labels = "all"


def draw_tile(tile: MockTile) -> AnnotatedTile:
    """Draw a simulated tile with its labels, and measure its noise.

    Parameters
    ----------
    tile : MockTile
        The tile.

    Returns
    -------
    AnnotatedTile
        The same for the same tile.
    """
    return next(draw_again(tile, measured=True))


def draw_again(tile: MockTile, *, measured: bool = False, with_light: bool = False) -> Iterator[AnnotatedTile]:
    """Draw a simulated tile in one realisation of its noise after another, without end.

    Parameters
    ----------
    tile : MockTile
        The tile.
    measured : bool, default: False
        Whether the scatter of its empty sky is measured, as it is in a mosaic before a run: once, in the first
        realisation, for all.
    with_light : bool, default: False
        Whether tiles have their light without noise, and what is true of their sources.

    Yields
    ------
    AnnotatedTile
        The same sources in other noise.
    """
    from zpix.scenes import Sky

    region = Region.whole((tile.size, tile.size))
    share, psf_seed = tile.simulation.psf_shared_tiles, None
    if share > 1:
        psf_seed = _seed_from(tile.seed, tile.index // share, share)
    factors = None
    sky = Sky(_seed_from(tile.seed, tile.index), tile.bands, tile.simulation, psf_seed)
    for scene in sky.realisations(region, with_light=with_light):
        seen = _annotated(scene, tile.labels, spikes_alone=not tile.simulation.star_haloes)
        if measured and factors is None:
            scale = tile.simulation.pixel_scale_arcsec
            factors = measured_factors(seen.flux, seen.error, pixel_scale_arcsec=scale)
        yield replace(seen, error_factor=factors)


def _seed_from(*numbers: int) -> int:
    """A seed that follows from some numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def _annotated(scene: Scene, labels: Labels, *, spikes_alone: bool) -> AnnotatedTile:
    """A scene as a tile to learn from.

    Spikes may reach into it from stars far outside: unless `spikes_alone`, they are sky, so that a field of many tiles
    has each star once.
    """
    segmentation = scene.segmentation
    if not spikes_alone:
        x, y = np.asarray(scene.truth["x"]), np.asarray(scene.truth["y"])
        outside = (scene.truth["label"] == STAR) & ~Region.whole(segmentation.shape).contains(x, y)
        segmentation = np.where(np.isin(segmentation, scene.truth["id"][outside]), 0, segmentation)
    identifiers, numbered = np.unique(segmentation, return_inverse=True)
    truth = scene.truth[np.searchsorted(scene.truth["id"], identifiers[identifiers > 0])]
    offset = 0 if (identifiers == 0).any() else 1
    label = np.asarray(truth["label"], np.int64)
    return AnnotatedTile(
        flux=scene.pixels.flux,
        error=scene.pixels.error,
        segmentation=(numbered.reshape(scene.segmentation.shape) + offset).astype(np.int32),
        dust=float(scene.ebv),
        label=label,
        redshift=np.where(has_redshift(label), truth["z" if labels == "all" else "z_spec"], np.nan).astype(np.float32),
        source_id=np.asarray(truth["id"], np.int64),
        light=scene.light,
        truth=None if scene.light is None else truth,
    )
