"""How are template spectra passed to EAZY?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from zpix.spectra.template_files import TemplateSet, read_template_set

__all__ = ["TemplateSet", "read_template_set", "write_template_set"]


def write_template_set(
    folder: Path, angstrom: NDArray[np.float64], f_lambda: NDArray[np.float64], redshifts: Sequence[float], *, name: str
) -> TemplateSet:
    """Write spectra that change with redshift in the format of EAZY's `sfhz` templates, one FITS table each.

    Parameters
    ----------
    folder : Path
        Directory to write to.
    angstrom : (wavelength,) float64, Å
        Rest-frame wavelengths.
    f_lambda : (template, redshift, wavelength) float64
        Flux densities per unit wavelength, of any scale.
    redshifts : sequence of float
        Redshift of each spectrum of a template, increasing; EAZY uses the nearest.
    name : str
        Name of the set and prefix of its files.

    Returns
    -------
    TemplateSet
        The written files.
    """
    spectra = []
    meta = {"NZ": len(redshifts), **{f"Z{i}": float(z) for i, z in enumerate(redshifts)}}
    for number, flux in enumerate(f_lambda, start=1):
        path = folder / f"{name}_{number:03d}.fits"
        if len(redshifts) > 1:
            Table({"wave": angstrom, "flux": flux.T}, meta=meta).write(path)
        else:  # one spectrum for all redshifts
            Table({"wave": angstrom, "flux": flux[0]}).write(path)
        spectra.append((path, 1.0))
    return TemplateSet(name, tuple(spectra))
