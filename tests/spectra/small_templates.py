"""Template spectra in EAZY's formats: power laws with breaks and lines, a young one, a mature one, an old one."""

from pathlib import Path

import numpy as np
from astropy.table import Table

WAVE = np.unique(np.concatenate([np.geomspace(400.0, 70_000.0, 4000), np.arange(3600.0, 7000.0, 1.0)]))
#: Slope of f_λ, strength of the break at 4000 Å, equivalent width of Hα in Å.
KINDS = {"young": (-2.2, 1.0, 200.0), "mature": (-1.0, 1.25, 20.0), "old": (0.6, 1.6, 0.0)}


def template_flux(kind: str) -> np.ndarray:
    """f_λ on `WAVE`."""
    slope, strength, width = KINDS[kind]
    flux = (WAVE / 5500.0) ** slope * np.where(WAVE < 4000.0, 1.0 / strength, 1.0) * (WAVE > 912.0)
    continuum = flux.copy()
    for line, share in ((6564.6, 1.0), (4862.7, 0.4), (5008.2, 1.2), (3728.5, 0.6)):
        at = np.interp(line, WAVE, continuum)
        flux += at * width * share * np.exp(-0.5 * ((WAVE - line) / 3.0) ** 2) / (3.0 * np.sqrt(2 * np.pi))
    return flux


def write_templates(folder: Path, *, with_redshifts: bool = False) -> Path:
    """Write a list and its spectra: text, and FITS for the last, which may change with redshift."""
    lines = []
    for number, kind in enumerate(KINDS, start=1):
        flux = template_flux(kind)
        if kind != "old":
            np.savetxt(folder / f"{kind}.dat", np.stack([WAVE, flux], axis=1))
            lines.append(f"{number} templates/{kind}.dat 1.0")
            continue
        if with_redshifts:  # young at the second redshift
            meta = {"NZ": 2, "Z0": 0.0, "Z1": 4.0}
            columns = np.stack([flux, template_flux("young")], axis=1)
            Table({"wave": WAVE, "flux": columns}, meta=meta).write(folder / f"{kind}.fits")
        else:
            Table({"wave": WAVE, "flux": flux}).write(folder / f"{kind}.fits")
        lines.append(f"{number} {kind}.fits 1.0  # a table")
    path = folder / "small.param"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
