"""What does the middle of a field look like, and which sources were found there?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, CatalogueFile
from zpix.image import Mosaic, Region, SegmentationMap
from zpix.plots.composite import colour_composite
from zpix.plots.field_figure import detections_figure
from zpix.plots.style import save_figure

# Side of the picture in pixels: small enough to see single sources.
_PICTURE_PIX = 512


def draw_detections(path: Path, catalogue: CatalogueFile, mosaic: Mosaic, *, segmentation: Path) -> None:
    """Draw the picture of a run: outlines of its sources over a colour composite of the mosaic's middle.

    Parameters
    ----------
    path : Path
        PNG file to write.
    catalogue : CatalogueFile
        The catalogue of the run.
    mosaic : Mosaic
        The mosaic that was searched.
    segmentation : Path
        FITS map of the catalogue's identifiers.
    """
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
    """Make a colour composite of a mosaic's middle, small enough to look at.

    Parameters
    ----------
    mosaic : Mosaic
        The mosaic to look at.

    Returns
    -------
    picture : (y, x, 3) float32
        Colours from 0 to 1.
    region : Region
        Where on the mosaic it is.
    """
    height, width = (min(_PICTURE_PIX, side) for side in mosaic.shape)
    x0, y0 = (mosaic.shape[1] - width) // 2, (mosaic.shape[0] - height) // 2
    region = Region(x0, y0, x0 + width, y0 + height)
    pixels = mosaic.read(region)
    return colour_composite(pixels.flux, mosaic.bands, valid=pixels.valid), region


def picture_figure(path: Path) -> Figure:
    """Put a picture of a run, as `draw_detections` has drawn it, on a figure.

    Parameters
    ----------
    path : Path
        PNG file.

    Returns
    -------
    matplotlib.figure.Figure
        The picture, without axes.
    """
    picture = imread(path)
    figure = Figure(figsize=(picture.shape[1] / 150, picture.shape[0] / 150), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture)
    axes.set_axis_off()
    return figure
