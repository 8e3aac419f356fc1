"""Which spectra does template fitting use, and how are they passed to EAZY?

A template set is a list in the format of EAZY's `TEMPLATES_FILE` (number, file, factor to Å), or single spectra. Lists
name their spectra relative to EAZY's own root; they are searched there, relative to the list, and by their bare name
beside the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from zpix.errors import InputFileError

#: Suffixes of files that EAZY reads as tables with `wave` and `flux`; others it reads as columns of text.
_TABLES = {".fits": "fits", ".csv": "ascii.csv", ".ecsv": "ascii.ecsv"}


@dataclass(frozen=True)
class TemplateSet:
    """Template spectra in files.

    Attributes
    ----------
    name : str
        Name in reports.
    spectra : tuple of (Path, float)
        Each file, with the factor from its wavelengths to Å.
    """

    name: str
    spectra: tuple[tuple[Path, float], ...]

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.spectra)

    def write_list(self, folder: Path) -> Path:
        """Write the set as EAZY reads it, with links to the spectra.

        EAZY splits lines at spaces and tells formats by suffix, so the links have plain names.

        Parameters
        ----------
        folder : Path
            Directory to write to.

        Returns
        -------
        Path
            The list, `templates.param`.
        """
        lines = []
        for number, (path, to_angstrom) in enumerate(self.spectra, start=1):
            link = folder / f"template_{number:03d}{path.suffix}"
            link.symlink_to(path.resolve())
            lines.append(f"{number} {link} {to_angstrom:g}\n")
        listed = folder / "templates.param"
        listed.write_text("".join(lines), encoding="utf-8")
        return listed


def read_template_set(paths: Sequence[str | Path], *, name: str | None = None) -> TemplateSet:
    """Read EAZY template lists (`.param`) and single spectra as one set.

    Parameters
    ----------
    paths : sequence of str or Path
        Files of the lists and spectra.
    name : str, optional
        Name of the set; that of the first file without its suffix by default.

    Returns
    -------
    TemplateSet
        All spectra, in order.

    Raises
    ------
    InputFileError
        If a list or a spectrum is missing or not in EAZY's format.
    """
    spectra: list[tuple[Path, float]] = []
    for given in map(Path, paths):
        if not given.is_file():
            raise InputFileError(f"template file '{given}' does not exist")
        spectra += _listed(given) if given.suffix == ".param" else [(given, 1.0)]
    for path, _ in spectra:
        _check(path)
    if not spectra:
        raise InputFileError(f"template list '{', '.join(map(str, paths))}' names no template")
    return TemplateSet(name or Path(paths[0]).stem, tuple(spectra))


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


def _listed(path: Path) -> list[tuple[Path, float]]:
    """Files and factors of a template list; comments begin with #."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        fields = line.split("#")[0].split()
        if not fields:
            continue
        try:
            named, factor = Path(fields[1]), float(fields[2]) if len(fields) > 2 else 1.0
        except (IndexError, ValueError):
            raise InputFileError(
                f"template list '{path}', line {number} is '{line.strip()}': each line is a number, a file, and "
                "optionally a factor to Å"
            ) from None
        places = (named, path.parent / named, path.parent / named.name)
        place = next((place for place in places if place.is_file()), None)
        if place is None:
            raise InputFileError(f"template list '{path}' names '{named}', which is neither there nor beside the list")
        found.append((place, factor))
    return found


def _check(path: Path) -> None:
    """Refuse files that EAZY cannot read."""
    try:
        if path.suffix in _TABLES:
            known = Table.read(path, format=_TABLES[path.suffix]).colnames
            good = {"wave", "flux"} <= set(known)
        else:
            good = np.loadtxt(path, ndmin=2).shape[1] >= 2
    except (OSError, ValueError, TypeError):
        good = False
    if not good:
        raise InputFileError(f"'{path}' is not a template: a table with wave and flux, or two columns of text")
