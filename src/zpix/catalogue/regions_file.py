"""How does one see the catalogue in SAOImage DS9?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.parquet_file import CatalogueFile
from zpix.catalogue.table import Catalogue
from zpix.image.grids import sky_positions
from zpix.outputs import whole_file
from zpix.sources import box_centres

if TYPE_CHECKING:
    from astropy.wcs import WCS

_DECIMALS = 7  # of degrees: 0.4 mas
# astropy's regions takes a semicolon for the end of a line, also in a comment.
_HEADER = """# Region file format: DS9 version 4.1
# zpix catalogue: boxes of the sources with their ids and z_phot, galaxies green and stars yellow
global color=green width=1 font="helvetica 9 normal roman" select=1 edit=1 move=1 delete=1 fixed=0
icrs
"""


def write_regions(path: str | Path, catalogue: Catalogue | CatalogueFile, *, wcs: WCS) -> None:
    """Write `regions.reg`: one box per source in ICRS coordinates, labelled with id and z_phot.

    Parameters
    ----------
    path : str or Path
        File to write; it appears whole or not at all.
    catalogue : Catalogue or CatalogueFile
        In memory or on disk; may be empty.
    wcs : astropy.wcs.WCS
        Of the mosaic whose pixels the boxes refer to.
    """
    with whole_file(path) as temporary, temporary.open("w", encoding="ascii") as stream:
        stream.write(_HEADER)
        for chunk in catalogue.chunks():
            stream.writelines(_lines(chunk, wcs))


def _lines(catalogue: Catalogue, wcs: WCS) -> Iterator[str]:
    box = catalogue.box.astype(np.float64)
    ra, dec, width, height, angle = _on_sky(wcs, *box_centres(box).T)
    width, height = width * (box[:, 2] - box[:, 0]), height * (box[:, 3] - box[:, 1])
    of_class = (catalogue["class"], catalogue.has_redshift)
    columns = (catalogue["id"], *of_class, catalogue["z_phot"], ra, dec, width, height, angle)
    for number, kind, has_redshift, z, *place in zip(*(column.tolist() for column in columns), strict=True):
        label, colour = (f"z={z:.2f}", "") if has_redshift else (kind, " color=yellow")
        yield ('box({:.7f},{:.7f},{:.3f}",{:.3f}",{:.3f}) '.format(*place) + f"# text={{{number} {label}}}{colour}\n")


def _on_sky(wcs: WCS, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """ICRS position in degrees, arcsec per pixel along x and y, and the angle of DS9 boxes in degrees; each (N,).

    DS9 turns a box in sky coordinates counter-clockwise, as seen with north up and east left, from the
    direction of decreasing right ascension.
    """
    ra, dec = sky_positions(wcs, x, y)
    steps = []
    for dx, dy in ((1, 0), (0, 1)):
        ra_next, dec_next = sky_positions(wcs, x + dx, y + dy)
        west = -((ra_next - ra + 180) % 360 - 180) * np.cos(np.deg2rad(dec)) * 3600
        steps.append((west, (dec_next - dec) * 3600))
    (west_x, north_x), (west_y, north_y) = steps
    angle = np.rad2deg(np.arctan2(north_x, west_x))
    ra = np.where(ra.round(_DECIMALS) == 360.0, 0.0, ra)
    return ra, dec, np.hypot(west_x, north_x), np.hypot(west_y, north_y), angle
