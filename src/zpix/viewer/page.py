"""What is on the page of a finished run, and which files does it consist of?

index.html, app/       the page itself, the same for every run
data/field.js          what is known of the whole: bands, flags, grid
data/sources.js        what the map, the table and the filters need of every source
data/mixtures.js       redshift PDFs of every source, loaded when a filter asks for P(z > x)
data/sources/X_Y.js    all columns and the mask of the sources in a square of the sky, loaded when it is in view
data/sky/              colour pictures of the sky: tiles at every scale
data/bands/            all bands in grey, one below another: the page mixes any three of them, and cuts stamps
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import FLAGS, Catalogue
from zpix.image import PIVOT_UM, Mosaic, SegmentationMap
from zpix.plots import STRETCH_CURVES, PictureStretch
from zpix.viewer.mask_runs import MaskRuns, read_mask_runs
from zpix.viewer.page_scripts import column, write_script
from zpix.viewer.pyramid import TILE_PIX, pyramid_levels
from zpix.viewer.sky_grid import SkyGrid
from zpix.viewer.sky_tiles import Composite, SkySample, write_sky

#: Side of the squares of sky whose sources are in one file, in pixels.
SQUARE_PIX = 1024
_APP = Path(__file__).with_name("app")
# Magnitudes are kept in thousandths: the largest number stands for fluxes that are not positive, the smallest for bands
# that were not observed.
_NO_FLUX, _NOT_OBSERVED = 32767, -32768
_MIXTURE = ("zmix_weight", "zmix_mean", "zmix_width")
# What the page reads of every source, beside positions and magnitudes.
_OF_ALL = ("id", "ra", "dec", "x", "y", "z_phot", "z160", "z840", "flags", "n_pix")


@dataclass(frozen=True)
class PageField:
    """What a page shows.

    Attributes
    ----------
    title : str
        Name of the field.
    catalogue : Catalogue
        Its sources.
    mosaic : Mosaic
        The images, in which they were found.
    segmentation : SegmentationMap
        Their masks.
    composites : sequence of (str, three sequences of int)
        Names of the colour pictures, and places of the bands that are red, green and blue.
    stretch : {"asinh", "log", "linear"}
        How brightness grows with flux.
    band : str
        Band of the magnitudes at first.
    z_known : (N,) float64 or None
        Redshifts that are known otherwise; NaN where there is none.
    """

    title: str
    catalogue: Catalogue
    mosaic: Mosaic
    segmentation: SegmentationMap
    composites: Sequence[tuple[str, Sequence[Sequence[int]]]]
    stretch: PictureStretch
    band: str
    z_known: NDArray[np.float64] | None = None


def write_page(folder: Path, field: PageField) -> None:
    """Write the page.

    Parameters
    ----------
    folder : Path
        An empty directory.
    field : PageField
        What it shows.
    """
    data = folder / "data"
    shutil.copytree(_APP, folder / "app", ignore=shutil.ignore_patterns("index.html"))
    shutil.copy(_APP / "index.html", folder / "index.html")
    sample = SkySample.of(field.mosaic)
    composites = [
        Composite(name, channels, sample.noise_njy([band for third in channels for band in third]))
        for name, channels in field.composites
    ]
    squares = _squares(field.catalogue)
    write_script(data, "field", _facts(field, squares))
    write_script(data, "sources", _of_all(field))
    write_script(data, "mixtures", {name: field.catalogue[name].astype(np.float32) for name in _MIXTURE})
    runs = read_mask_runs(field.segmentation, field.catalogue["id"])
    for name, rows in squares.items():
        write_script(data, f"sources/{name}", _of_some(field.catalogue[rows], runs.of(rows)))
    noise = [sample.noise_njy([band]) for band in range(len(field.mosaic.bands))]
    write_sky(data, field.mosaic, composites, band_noise_njy=noise, stretch=field.stretch)


def _facts(field: PageField, squares: dict[str, NDArray[np.int64]]) -> dict[str, Any]:
    """What is known of the whole field."""
    catalogue, mosaic = field.catalogue, field.mosaic
    return {
        "title": field.title,
        "version": version("zpix"),
        "model": catalogue.meta.get("model", ""),
        "intervals": catalogue.meta.get("intervals", "pdf"),
        "shape": mosaic.shape,
        "pixel_scale_arcsec": mosaic.pixel_scale_arcsec,
        "grid": asdict(SkyGrid.of(mosaic)),
        "bands": [{"name": band, "um": PIVOT_UM.get(band)} for band in catalogue.bands],
        "images": list(mosaic.bands),
        "composites": [
            {"name": name, "bands": [[mosaic.bands[band] for band in third] for third in channels]}
            for name, channels in field.composites
        ],
        "band": field.band,
        "stretch": field.stretch,
        "stretches": [asdict(curve) for curve in STRETCH_CURVES],
        "tile_pix": TILE_PIX,
        "levels": pyramid_levels(mosaic.shape),
        "square_pix": SQUARE_PIX,
        "squares": sorted(squares),
        "classes": list(catalogue.classes),
        "without_redshift": sorted({str(name) for name in catalogue["class"][~catalogue.has_redshift]}),
        "flags": [{"name": flag.name, "value": flag.value, "description": flag.description} for flag in FLAGS],
        "columns": [{"name": c.name, "unit": c.unit, "description": c.description} for c in catalogue.schema],
        "knows_redshifts": field.z_known is not None,
    }


def _of_all(field: PageField) -> dict[str, Any]:
    """What the map, the table and the filters need of every source."""
    catalogue = field.catalogue
    kinds = {name: number for number, name in enumerate(catalogue.classes)}
    values = {name: column(catalogue[name]) for name in _OF_ALL}
    values["class"] = np.array([kinds[name] for name in catalogue["class"].tolist()], np.uint8)
    values["magnitudes"] = [_thousandths(catalogue.magnitude(band)) for band in catalogue.bands]
    if field.z_known is not None:
        values["z_known"] = field.z_known.astype(np.float32)
    return values


def _of_some(catalogue: Catalogue, runs: MaskRuns) -> dict[str, Any]:
    """All that is known of the sources in a square."""
    values = {name: column(catalogue[name]) for name in catalogue.columns}
    return {"columns": values, "start": runs.start.astype(np.uint32), "runs": runs.runs}


def _thousandths(magnitude: NDArray[np.float64]) -> NDArray[np.int16]:
    """Magnitudes in whole thousandths."""
    shown = np.clip(np.nan_to_num(magnitude * 1000, nan=_NOT_OBSERVED, posinf=_NO_FLUX), _NOT_OBSERVED, _NO_FLUX)
    return np.rint(shown).astype(np.int16)


def _squares(catalogue: Catalogue) -> dict[str, NDArray[np.int64]]:
    """Rows of the sources in each square of the sky, by `COLUMN_ROW` of the squares in the mosaic's pixels."""
    cell = [np.floor(np.nan_to_num(catalogue[name]) / SQUARE_PIX).clip(0).astype(np.int64) for name in ("x", "y")]
    joint = cell[0] + (cell[1] << 32)
    order = np.argsort(joint, kind="stable")
    first = np.flatnonzero(np.diff(joint[order], prepend=-1))
    return {f"{cell[0][rows[0]]}_{cell[1][rows[0]]}": np.sort(rows) for rows in np.split(order, first[1:]) if len(rows)}
