"""The whole story: a mosaic goes in, one galaxy is owned by one tile, and a catalogue with redshift PDFs comes out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import (
    Catalogue,
    Photometry,
    build_catalogue,
    measure_masks,
    touching_masks,
    without_duplicates,
    write_catalogue_fits,
    write_catalogue_parquet,
    write_pdfs,
    write_regions,
    write_segmentation,
)
from zpix.config import InferenceConfig, write_config
from zpix.detector import Checkpoint, load_checkpoint
from zpix.errors import BandError, ConfigError, ModelError
from zpix.image import Mosaic, Region, SegmentationMap, Tile, ebv_at, make_tiles, open_mosaic
from zpix.inference import Predictor, keep_owned, merge
from zpix.outputs import output_directory
from zpix.plots import colour_composite, detections_figure, save_figure
from zpix.progress import track
from zpix.sources import Detections, WidthCalibration

log = logging.getLogger(__name__)

#: What a finished run consists of.
PRODUCTS = (
    "catalogue.fits", "catalogue.parquet", "pdfs.hdf5", "segmentation.fits", "regions.reg", "detections.png",
    "config.toml",
)  # fmt: skip

# Side of the picture of a run, in pixels: small enough to see single sources.
_PICTURE_PIX = 512
# Mosaics within this factor of the model's pixel scale show it sources of the sizes it knows.
_PIXEL_SCALE_TOLERANCE = 0.05


@dataclass(frozen=True)
class Field:
    """Everything found in a mosaic: N detections, what was measured under their masks, and E(B−V) (N,)."""

    detections: Detections
    photometry: Photometry
    dust: NDArray[np.float32]


def run(
    mosaics: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    model: str | Path | None = None,
    config: InferenceConfig | None = None,
    overwrite: bool = False,
) -> Catalogue:
    """Find every source of a mosaic and give each a redshift PDF.

    Parameters
    ----------
    mosaics : path or paths
        A directory of per-band FITS mosaics, a list of files, or one multi-extension file.
    out : directory to make; receives `catalogue.fits`, `catalogue.parquet`, `pdfs.hdf5`, `segmentation.fits`,
        `regions.reg`, `detections.png` and `config.toml`. It appears when everything in it is whole.
    model : checkpoint; the shipped model by default
    config : tile size, thresholds, device, precision and dust map
    overwrite : replace `out` if it holds an earlier run

    Raises
    ------
    ZpixError
        If the mosaics, the model or the output place cannot be used; nothing is then left at `out`.
    """
    config = config or InferenceConfig()
    with output_directory(out, products=PRODUCTS, overwrite=overwrite) as place:
        checkpoint = load_checkpoint(default_model() if model is None else model)
        with open_mosaic(mosaics) as mosaic:
            check_mosaic(mosaic, checkpoint)
            check_tile_size(config, checkpoint)
            field = find_sources(mosaic, checkpoint, config)
            catalogue = make_catalogue(field, mosaic, checkpoint, config)
            write_products(place, catalogue, field, mosaic, config)
    log.info("%d sources in %s", len(catalogue), out)
    return catalogue


def find_sources(mosaic: Mosaic, checkpoint: Checkpoint, config: InferenceConfig) -> Field:
    """Detect tile by tile and keep each source once."""
    predictor = Predictor(checkpoint, config)
    tiles = make_tiles(mosaic.shape, tile_size=config.tile_size, margin=config.margin)
    parts = [
        _search_tile(tile, mosaic, predictor, config) for tile in track(tiles, "finding sources", total=len(tiles))
    ]
    rows = merge([(tile, field.detections) for tile, field in zip(tiles, parts, strict=True)])
    detections = Detections.concatenate([part.detections for part in parts])[rows]
    single = without_duplicates(detections, max_iou=config.nms_iou, threshold=config.mask_threshold)
    rows, detections = rows[single], detections[single]
    photometry = Photometry.concatenate([part.photometry for part in parts])[rows]
    calibration = WidthCalibration.from_about(checkpoint.about)
    return Field(
        replace(detections, redshift=calibration.apply(detections.redshift, photometry.snr)),
        photometry,
        np.concatenate([part.dust for part in parts])[rows],
    )


def make_catalogue(field: Field, mosaic: Mosaic, checkpoint: Checkpoint, config: InferenceConfig) -> Catalogue:
    """Positions, point estimates, intervals and flags of the sources of a field."""
    ra, dec = mosaic.sky(*field.photometry.centre_xy.T)
    return build_catalogue(
        field.detections,
        field.photometry,
        bands=checkpoint.bands,
        ra=ra,
        dec=dec,
        ebv=field.dust,
        blended=touching_masks(field.detections, threshold=config.mask_threshold),
        z_range=tuple(checkpoint.about.get("z_range", (0.0, 15.0))),
        meta={
            "code_version": version("zpix"),
            "model": checkpoint.about.get("name", "unnamed"),
            "mosaic_shape": list(mosaic.shape),
            "mosaic": ", ".join(sorted({path.name for path in mosaic.paths})),
        },
    )


def write_products(place: Path, catalogue: Catalogue, field: Field, mosaic: Mosaic, config: InferenceConfig) -> None:
    """Write the catalogue in every format, the PDFs, the segmentation map, regions, a picture and settings."""
    write_catalogue_fits(place / "catalogue.fits", catalogue)
    write_catalogue_parquet(place / "catalogue.parquet", catalogue)
    write_pdfs(place / "pdfs.hdf5", catalogue)
    write_regions(place / "regions.reg", catalogue, wcs=mosaic.wcs)
    write_segmentation(
        place / "segmentation.fits",
        field.detections,
        shape=mosaic.shape,
        wcs=mosaic.wcs,
        ids=catalogue["id"],
        threshold=config.mask_threshold,
    )
    draw_detections(place / "detections.png", catalogue, mosaic, segmentation=place / "segmentation.fits")
    write_config(place / "config.toml", inference=config)


def draw_detections(path: Path, catalogue: Catalogue, mosaic: Mosaic, *, segmentation: Path) -> None:
    """Picture of a run: outlines of its sources over a colour composite of the mosaic's middle."""
    picture, region = picture_of_middle(mosaic)
    with SegmentationMap(segmentation, shape=mosaic.shape) as segments:
        outlines = segments.read(region)
    figure = detections_figure(
        picture,
        catalogue,
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


def default_model() -> Path:
    """Path of the model that ships with zpix."""
    path = Path(str(files("zpix") / "models" / "default.safetensors"))
    if not path.is_file():
        raise ModelError(f"{path}: the shipped model is missing from this installation; name one with --model")
    return path


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
    built = checkpoint.config.built_for_pix
    if built is not None and config.tile_size != built:
        raise ConfigError(
            f"tile_size is {config.tile_size}, but the model's backbone {checkpoint.config.backbone} was built for "
            f"images of {built} pixels: set tile_size = {built} in [inference]"
        )


def _search_tile(tile: Tile, mosaic: Mosaic, predictor: Predictor, config: InferenceConfig) -> Field:
    """Read a tile, find its sources, and measure those it may own."""
    pixels = mosaic.read(tile.read, bands=predictor.bands)
    middle = mosaic.sky(0.5 * (tile.owned.x0 + tile.owned.x1), 0.5 * (tile.owned.y0 + tile.owned.y1))
    dust = float(ebv_at(*(np.atleast_1d(angle) for angle in middle), dust=config.dust)[0])
    detections = keep_owned(predictor.predict(pixels, dust=dust), tile)
    photometry = measure_masks(
        detections, pixels, origin_xy=(tile.read.x0, tile.read.y0), threshold=config.mask_threshold
    )
    return Field(detections, photometry, np.full(len(detections), dust, np.float32))
