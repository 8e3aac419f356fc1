"""Which template spectra do files in the formats of EAZY hold?

A template set is a list in the format of EAZY's `TEMPLATES_FILE` (number, file, factor to Å), or single spectra. Lists
name their spectra relative to EAZY's own root; they are searched there, relative to the list, and by their bare name
beside the list. A spectrum is two columns of text or a table with `wave` and `flux`; one that changes with redshift has
a column of fluxes for each redshift, and the redshifts in its header (`NZ`, `Z0`, `Z1`, ...).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray

from zpix.errors import InputFileError

#: Suffixes of files that EAZY reads as tables with `wave` and `flux`; others it reads as columns of text.
_TABLES = {".fits": "fits", ".csv": "ascii.csv", ".ecsv": "ascii.ecsv"}


@dataclass(frozen=True, eq=False)
class TemplateFile:
    """One template spectrum as its file has it.

    Attributes
    ----------
    redshifts : (Z,) float64
        Redshifts, increasing; 0 alone for a spectrum that does not change with redshift.
    wavelength : (W,) float64, Å
        Rest-frame wavelengths, increasing.
    f_lambda : (Z, W) float64
        Flux per wavelength at each redshift, of any scale.
    """

    redshifts: NDArray[np.float64]
    wavelength: NDArray[np.float64]
    f_lambda: NDArray[np.float64]


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


def read_template(path: Path, to_angstrom: float = 1.0) -> TemplateFile:
    """Read one template spectrum.

    Parameters
    ----------
    path : Path
        Text of two columns, or a table with `wave` and `flux`.
    to_angstrom : float, default: 1.0
        Factor from its wavelengths to Å.

    Returns
    -------
    TemplateFile
        The spectrum, of one redshift or several.

    Raises
    ------
    InputFileError
        If the file is not a template, or its redshifts do not fit its fluxes.
    """
    _check(path)
    redshifts = np.zeros(1)
    if path.suffix in _TABLES:
        wavelength, flux, header = _read_table(path)
        if flux.ndim == 2 and flux.shape[1] > 1:
            redshifts = np.array([float(header.get(f"Z{j}", np.nan)) for j in range(flux.shape[1])])
        flux = flux.reshape(len(wavelength), -1).T
    else:
        wavelength, flux = np.loadtxt(path, usecols=(0, 1), unpack=True)
        flux = flux[None]
    if not (np.diff(redshifts) > 0).all():
        raise InputFileError(
            f"template '{path}' has {len(flux)} columns of flux but its header has no increasing redshifts "
            f"Z0 to Z{len(flux) - 1}"
        )
    usable = np.isfinite(wavelength).all() and np.isfinite(flux).all() and (np.diff(wavelength) >= 0).all()
    if not usable or wavelength[0] <= 0:
        raise InputFileError(f"template '{path}' needs finite fluxes at positive, increasing wavelengths")
    return TemplateFile(redshifts, wavelength * to_angstrom, flux)


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
            good = {"wave", "flux"} <= set(_columns(path))
        else:
            good = np.loadtxt(path, ndmin=2).shape[1] >= 2
    except (OSError, ValueError, TypeError, StopIteration):
        good = False
    if not good:
        raise InputFileError(f"'{path}' is not a template: a table with wave and flux, or two columns of text")


def _read_table(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], Mapping[str, Any]]:
    """Wavelengths, fluxes and header of a table."""
    if path.suffix != ".fits":
        table = Table.read(path, format=_TABLES[path.suffix])
        return np.asarray(table["wave"], float), np.asarray(table["flux"], float), table.meta
    with fits.open(path) as file:  # an astropy Table of a spectrum with many redshifts takes a hundred times as long
        hdu = _first_table(file)
        return np.asarray(hdu.data["wave"], float), np.asarray(hdu.data["flux"], float), dict(hdu.header)


def _columns(path: Path) -> list[str]:
    """Names of the columns of a table."""
    if path.suffix != ".fits":
        return list(Table.read(path, format=_TABLES[path.suffix]).colnames)
    with fits.open(path) as file:
        return list(_first_table(file).columns.names)


def _first_table(file: fits.HDUList) -> fits.BinTableHDU:
    """The first extension that is a table."""
    return next(hdu for hdu in file if isinstance(hdu, fits.BinTableHDU))
