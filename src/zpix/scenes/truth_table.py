"""What is true about each simulated source, as a table?"""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from zpix.image import Region
from zpix.scenes.population import Population
from zpix.scenes.true_segments import TrueSegments

_UNITS = {
    "x": "pix", "y": "pix", "ebv": "mag", "mag_f444w": "mag", "re_arcsec": "arcsec", "pa_deg": "deg",
    "xmin": "pix", "ymin": "pix", "xmax": "pix", "ymax": "pix",
}  # fmt: skip


def truth_table(
    population: Population,
    fluxes: NDArray[np.float32],
    segments: TrueSegments,
    ids: NDArray[np.int32],
    *,
    bands: tuple[str, ...],
    ebv: float,
    region: Region,
    rows: NDArray[np.bool_],
) -> Table:
    """Write what is true of some sources as a table.

    Columns: id (the value in the segmentation map), x, y (pixels from the window's first, integers are
    centres), label (1 galaxy, 2 star), kind (galaxy, quiescent, agn, little_red_dot, star or brown_dwarf; agn is a
    galaxy with an unobscured nucleus), z (0 for stars), z_spec (z if a spectroscopic survey would have measured
    it, else NaN; see `zpix.scenes.spectroscopic_sample`), ebv, flux_<band> in nJy, mag_f444w (AB), re_arcsec, sersic_n,
    axis_ratio, pa_deg (east of north; shapes are those of a galaxy as a whole), snr (of the segment in the
    detection stack), blendedness (share of the segment's light that is not its own), n_pix, xmin, ymin, xmax, ymax
    (half-open box of the segment; zeros if none), detectable.

    Parameters
    ----------
    population : Population of length N
        The sources.
    fluxes : (N, band) float32, nJy
        Total fluxes.
    segments : TrueSegments of N sources
        Their segments.
    ids : (N,) int32
        Their ids.
    bands : tuple of str
        Names of the bands.
    ebv : float, mag
        E(B−V) of the Milky Way.
    region : Region
        The window, from whose first pixel positions count.
    rows : (N,) bool
        Which sources the table has.

    Returns
    -------
    Table
        One row for each of them.
    """
    box = segments.box[rows] - np.array([region.x0, region.y0, region.x0, region.y0])
    n_pix = segments.n_pix[rows]
    box[n_pix == 0] = 0
    chosen = population[rows]
    columns: dict[str, NDArray[Any]] = {
        "id": ids[rows].astype(np.int32),
        "x": chosen.x - region.x0,
        "y": chosen.y - region.y0,
        "label": chosen.label,
        "kind": chosen.kind.astype("U14"),
        "z": chosen.z.astype(float),
        "z_spec": chosen.z_spec.astype(float),
        "ebv": np.full(len(chosen), ebv, np.float32),
    }
    for band, flux in zip(bands, fluxes[rows].T, strict=True):
        columns[f"flux_{band.lower()}"] = flux.astype(np.float32)
    for name in ("re_arcsec", "sersic_n", "axis_ratio", "pa_deg"):
        columns[name] = getattr(chosen, name).astype(np.float32)
    columns |= {
        "mag_f444w": chosen.mag.astype(np.float32),
        "snr": segments.snr[rows],
        "blendedness": segments.blendedness[rows],
        "n_pix": n_pix,
    }
    columns |= {name: box[:, i].astype(np.int32) for i, name in enumerate(("xmin", "ymin", "xmax", "ymax"))}
    columns["detectable"] = n_pix > 0
    units = {name: unit for name, unit in _UNITS.items() if name in columns}
    return Table(columns, units=units | {f"flux_{band.lower()}": "nJy" for band in bands})
