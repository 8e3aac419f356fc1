"""Which sources does a field have near its spectra, and what does the redshift head read of each?

Only tiles with a spectrum are searched. Each is kept as a file, so that a search goes on after an interruption.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.catalogue import Photometry, measure_light, measure_stamps, place_masks
from zpix.config import InferenceConfig, ModelConfig
from zpix.detector import Checkpoint, RedshiftHead, SourcePixels
from zpix.detector.cutouts import source_pixels
from zpix.detector.soft_photometry import band_sums, reference_weight, weights_of
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.image import Mosaic, Pixels, Tile, ebv_at
from zpix.progress import progress_bar
from zpix.search import Predictor, make_blocks
from zpix.search.apertures import ReferenceApertures
from zpix.search.seams import SEAM_PIX, claimed, keep_owned, light_reach
from zpix.sources import Detections, Rows

Floats = NDArray[np.float32]
_AT_ONCE = 512  # sources whose pixels are summed at once


@dataclass(frozen=True, eq=False)
class FieldSources(Rows):
    """N sources of a field, as the redshift head reads them.

    Attributes
    ----------
    total : (N, band, sum) float32, nJy
        Sums of the pixels under the weights of the photometry.
    noise : (N, band, sum) float32, nJy
        Their noise; zero where nothing was observed.
    coverage : (N, band) float32
        Observed fraction under the reference weight.
    size : (N, 2) float32, pixels
        Width and height of the box.
    dust : (N,) float32, mag
        E(B−V) of the Milky Way.
    pyramid : (N, H) float32
        What the pyramid adds to the hidden layer; H = 0 for a head without it.
    flux : (N, band) float32, nJy
        Fluxes in the masks; NaN where not observed.
    snr : (N,) float32
        Signal-to-noise ratio in the mask, all bands together.
    label : (N,) int64
        Classes.
    ra, dec : (N,) float64, degrees
        Positions of the light.
    id : (N,) int64
        Identifiers in the reference catalogue; -1 without one.
    """

    total: Floats
    noise: Floats
    coverage: Floats
    size: Floats
    dust: Floats
    pyramid: Floats
    flux: Floats
    snr: Floats
    label: NDArray[np.int64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    id: NDArray[np.int64]

    def divided_by(self, factors: NDArray[np.floating]) -> FieldSources:
        """Give the same sources with fluxes and errors divided by factors.

        Parameters
        ----------
        factors : (band,) float
            Of the bands of the model.

        Returns
        -------
        FieldSources
            As a mosaic would give them that is repaired by these factors.
        """
        by = np.asarray(factors, np.float32)
        return replace(
            self, total=self.total / by[:, None], noise=self.noise / by[:, None], flux=self.flux / by
        )  # fmt: skip


def search_near(
    mosaic: Mosaic,
    checkpoint: Checkpoint,
    config: InferenceConfig,
    *,
    ra: NDArray[np.float64],
    dec: NDArray[np.float64],
    place: Path,
    reference: ReferenceApertures | None = None,
) -> FieldSources:
    """Find the sources of all tiles in which one of several positions lies.

    Parameters
    ----------
    mosaic : Mosaic
        The field, repaired as for a run.
    checkpoint : Checkpoint
        The model, whose head has photometry.
    config : InferenceConfig
        Settings of the search.
    ra, dec : (K,) float64, degrees
        Positions.
    place : Path
        Directory of a file for each tile; those that are there already are not searched again.
    reference : ReferenceApertures, optional
        A reference catalogue on the mosaic; its sources then take the place of those that the network finds.

    Returns
    -------
    FieldSources
        Sources of these tiles, tile by tile.
    """
    x, y = mosaic.pixel(ra, dec)
    tiles = [
        tile
        for block in make_blocks(mosaic.shape, config)
        for tile in block.tiles
        if tile.owned.grown(int(SEAM_PIX)).contains(x, y).any()
    ]
    paths = {tile.index: place / f"tile-{tile.index:06d}.safetensors" for tile in tiles}
    missing = [tile for tile in tiles if not paths[tile.index].exists()]
    with progress_bar("finding sources", len(tiles), done=len(tiles) - len(missing)) as bar:
        predictor = Predictor(checkpoint, config) if missing else None
        for tile in missing:
            assert predictor is not None
            found = _search(tile, mosaic, predictor, checkpoint.config, config, reference)
            tensors = {own.name: torch.from_numpy(getattr(found, own.name)).contiguous() for own in fields(found)}
            write_tensors(paths[tile.index], tensors, {})
            bar.advance()
    parts = []
    for path in paths.values():
        tensors, _ = read_tensors(path)
        parts.append(FieldSources(**{own.name: tensors[own.name].numpy() for own in fields(FieldSources)}))
    return FieldSources.concatenate(parts)


def _search(
    tile: Tile,
    mosaic: Mosaic,
    predictor: Predictor,
    model: ModelConfig,
    config: InferenceConfig,
    reference: ReferenceApertures | None,
) -> FieldSources:
    """The sources of a tile."""
    pixels = mosaic.read(tile.read, bands=predictor.bands)
    owned = tile.owned
    middle = mosaic.sky(np.array([0.5 * (owned.x0 + owned.x1)]), np.array([0.5 * (owned.y0 + owned.y1)]))
    dust = float(ebv_at(*middle, dust=config.dust)[0])
    known = None if reference is None else reference.owned_by(tile, mask_size=predictor.mask_size)
    with _pyramid_part(predictor.redshift_head) as kept:
        found = predictor.predict(
            pixels, dust=dust, within=claimed(tile), reference=None if known is None else known.boxes
        )
    pyramid = kept[0] if kept else np.zeros((len(found), 0), np.float32)
    pyramid = pyramid[len(pyramid) - len(found) :]
    numbered = replace(found, features=np.arange(len(found), dtype=np.float32)[:, None])
    if known is None:
        ids, own = None, keep_owned(numbered, tile)
    else:
        ids, own = known.id, numbered[len(found) - len(known.id) :].shifted(tile.read.x0, tile.read.y0)
    rows = own.features[:, 0].astype(np.int64)
    sums = [_sums(found[part], pixels, model) for part in np.split(rows, range(_AT_ONCE, len(rows), _AT_ONCE))]
    total, noise, coverage, size = (torch.cat(columns).numpy() for columns in zip(*sums, strict=True))
    photometry, position = _measured(own, pixels, tile, config)
    ra, dec = mosaic.sky(*position.T)
    return FieldSources(
        total=total,
        noise=noise,
        coverage=coverage,
        size=size,
        dust=np.full(len(rows), dust, np.float32),
        pyramid=pyramid[rows],
        flux=photometry.flux,
        snr=photometry.snr.astype(np.float32),
        label=np.asarray(own.label, np.int64),
        ra=np.asarray(ra, np.float64),
        dec=np.asarray(dec, np.float64),
        id=np.full(len(rows), -1) if ids is None else np.asarray(ids, np.int64),
    )


def _sums(found: Detections, pixels: Pixels, model: ModelConfig) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums, their noise, coverage and sides of boxes of detections, in pixels of the tile, as the head reads them."""
    flux, error = torch.from_numpy(pixels.flux)[None], torch.from_numpy(pixels.error)[None]
    boxes, masks = torch.from_numpy(found.box), torch.from_numpy(found.mask)
    image = torch.zeros(len(found), dtype=torch.int64)
    seen: SourcePixels = source_pixels(flux, error, boxes, image, masks, size=model.cutout_size_pix)
    weights = weights_of(seen, model.gaussian_sigmas_pix, model.elliptical_widths)
    sums = band_sums(seen, weights, reference_weight(model.gaussian_sigmas_pix))
    return sums.total, sums.noise, sums.coverage, sums.size


def _measured(
    own: Detections, pixels: Pixels, tile: Tile, config: InferenceConfig
) -> tuple[Photometry, NDArray[np.float64]]:
    """Photometry in the masks of sources in pixels of the mosaic, and the positions (N, 2) of their light."""
    probability = place_masks(own)
    origin, threshold = (tile.read.x0, tile.read.y0), config.mask_threshold
    light = measure_light(
        probability, pixels, reach_pix=light_reach(config.margin), origin_xy=origin, threshold=threshold
    )
    return measure_stamps(probability, pixels, origin_xy=origin, threshold=threshold), light.centre_xy


@contextmanager
def _pyramid_part(head: RedshiftHead) -> Iterator[list[Floats]]:
    """Keep what the pyramid's part of a head gives in this context; nothing for a head without one."""
    kept: list[Floats] = []
    part = getattr(head, "pyramid", None)
    if part is None:
        yield kept
        return
    handle = part.register_forward_hook(lambda module, given, gives: kept.append(gives.float().cpu().numpy()))
    try:
        yield kept
    finally:
        handle.remove()
