"""Which redshifts does EAZY find for photometry?

eazy-py (Brammer 2021) with the settings that its authors use for JWST: all templates together with non-negative weights
at each redshift, absorption by intergalactic gas (Inoue et al. 2014, with the damping wing of Asada et al. 2025), a
template error function, no magnitude prior, the full p(z). It writes only to a temporary directory and prints nothing.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from zpix.errors import InputFileError, MissingExtraError
from zpix.evaluation.grid_pdf import GridPdf
from zpix.evaluation.redshifts import Redshifts
from zpix.evaluation.rival.template_error import TEMPLATE_ERROR, TEMPLATE_ERROR_ANGSTROM
from zpix.evaluation.rival.templates import TemplateSet
from zpix.instruments import transmission

Floats = NDArray[np.float64]

_FILTER_POINTS = 60  # per curve; EAZY averages spectra between them, so that lines are not missed
_NOT_OBSERVED = -99.0  # EAZY's value; fluxes are in µJy, where noise cannot reach it
_NJY_PER_UJY = 1000.0


@dataclass(frozen=True)
class FitSettings:
    """Settings of a fit.

    Attributes
    ----------
    z_min : float, default: 0.01
        Lowest redshift, EAZY's `Z_MIN`.
    z_max : float, default: 20.0
        Highest redshift, `Z_MAX`.
    z_step : float, default: 0.01
        Steps of the redshift grid in units of 1 + z, `Z_STEP`.
    template_error : float, default: 0.2
        Amplitude of the template error function, `TEMP_ERR_A2`.
    systematic_error : float, default: 0.05
        Fraction of each flux that is added to its error in quadrature, `SYS_ERR`.
    param_file : str or Path, optional
        EAZY's `zphot.param`, which is read in place of the settings above; catalogue, filters, templates and template
        error file are still those of zpix.
    """

    z_min: float = 0.01
    z_max: float = 20.0
    z_step: float = 0.01
    template_error: float = 0.2
    systematic_error: float = 0.05
    param_file: str | Path | None = None

    def to_dict(self) -> dict[str, float | str]:
        """Return the settings as JSON values.

        Returns
        -------
        dict
            The settings, or the parameter file alone.
        """
        if self.param_file is not None:
            return {"param_file": str(self.param_file)}
        return {name: value for name, value in vars(self).items() if name != "param_file"}


@dataclass(frozen=True, eq=False)
class Fit(Redshifts):
    """Best fits to N sources.

    Attributes
    ----------
    pdf : GridPdf of length N
        Redshift PDFs.
    z_phot : (N,) float64
        Redshift of the least expected risk (Tanaka et al. 2018), EAZY's `z_min_risk` and the choice of zpix: on
        validation fields its scatter and outliers are better than those of the largest likelihood.
    z_ml : (N,) float64
        Redshift of the largest likelihood, EAZY's `z_phot`.
    chi2 : (N,) float64
        χ² of the best fit, over all bands.
    model_njy : (N, band) float64, nJy
        Best-fit fluxes.
    """

    z_ml: Floats
    chi2: Floats
    model_njy: Floats


class TemplateFitter:
    """Templates seen through bands on a redshift grid, ready to be fitted to photometry.

    Parameters
    ----------
    bands : tuple of str
        NIRCam bands.
    templates : TemplateSet
        Template spectra, fitted together.
    settings : FitSettings, optional
        Settings of the fit.

    Raises
    ------
    MissingExtraError
        If eazy is not installed.
    InputFileError
        If the settings name a `param_file` that does not exist.
    """

    def __init__(self, bands: tuple[str, ...], templates: TemplateSet, settings: FitSettings | None = None) -> None:
        self.bands, self.templates, self.settings = bands, templates, settings or FitSettings()
        param_file = self.settings.param_file
        if param_file is not None and not Path(param_file).is_file():
            raise InputFileError(f"EAZY parameter file '{param_file}' does not exist")
        self._grid: Any = None  # made by the first fit: EAZY builds it with a catalogue

    def fit(self, flux_njy: NDArray[Any], error_njy: NDArray[Any]) -> Fit:
        """Fit N sources.

        Parameters
        ----------
        flux_njy, error_njy : (N, band) float, nJy
            Fluxes, corrected for the dust of the Milky Way, and errors; values that are not finite are not used.

        Returns
        -------
        Fit of length N
            Redshifts and best-fit fluxes.
        """
        n = len(flux_njy)
        if n == 0:
            z = np.linspace(self.settings.z_min, self.settings.z_max, 2)
            nothing = np.zeros(0)
            return Fit(GridPdf(z, np.zeros((0, 2))), nothing, nothing, nothing, np.zeros((0, len(self.bands))))
        with tempfile.TemporaryDirectory(prefix="zpix-eazy-") as folder, _quiet():
            solver = self._solver(Path(folder), np.asarray(flux_njy, float), np.asarray(error_njy, float))
            solver.fit_catalog(n_proc=0, get_best_fit=True, prior=False, beta_prior=False, verbose=False)
        z = np.asarray(solver.zgrid, float)
        likelihood = np.exp(np.asarray(solver.lnp, float) - np.max(solver.lnp, axis=1, keepdims=True))
        fitted = np.any(solver.chi2_fit != 0, axis=1)[:, None]
        pdf = GridPdf(z, np.where(fitted, likelihood, 0.0))
        return Fit(
            pdf=pdf,
            z_phot=pdf.least_risk(),
            z_ml=np.clip(np.asarray(solver.zbest, float), z[0], z[-1]),
            chi2=np.asarray(solver.chi2_best, float),
            model_njy=np.asarray(solver.fmodel, float) * _NJY_PER_UJY,
        )

    def _solver(self, folder: Path, flux: Floats, error: Floats) -> Any:
        """EAZY's `PhotoZ` for these sources; it reads files that are written to `folder`."""
        photoz = _eazy()
        (folder / "FILTER.RES").write_text(filter_file(self.bands), encoding="utf-8")
        np.savetxt(folder / "TEMPLATE_ERROR", np.stack([TEMPLATE_ERROR_ANGSTROM, TEMPLATE_ERROR], axis=1))
        settings = self.settings
        params = {
            "CATALOG_FILE": _catalogue(self.bands, flux, error),
            "FILTERS_RES": str(folder / "FILTER.RES"),
            "TEMPLATES_FILE": str(self.templates.write_list(folder)),
            "TEMP_ERR_FILE": str(folder / "TEMPLATE_ERROR"),
            "PRIOR_ABZP": 23.9,
            "NOT_OBS_THRESHOLD": -90.0,
            "MW_EBV": 0.0,
            "CAT_HAS_EXTCORR": "y",
            "VERBOSITY": 0,
        }
        if settings.param_file is None:
            params |= {
                "Z_MIN": settings.z_min,
                "Z_MAX": settings.z_max,
                "Z_STEP": settings.z_step,
                "TEMP_ERR_A2": settings.template_error,
                "SYS_ERR": settings.systematic_error,
            }
        columns = Table(names=("column", "trans"), dtype=("U16", "U16"))
        for number, band in enumerate(self.bands, start=1):
            columns.add_row((band, f"F{number}"))
            columns.add_row((f"e_{band}", f"E{number}"))
        solver = photoz.PhotoZ(
            param_file=None if settings.param_file is None else str(settings.param_file),
            translate_file=columns,
            params=params,
            load_prior=False,
            n_proc=-1,
            random_draws=1,
            tempfilt=self._grid,
        )
        self._grid = solver.tempfilt
        return solver


def filter_file(bands: tuple[str, ...]) -> str:
    """Write transmission curves in the format of EAZY's `FILTER.RES.latest`.

    Parameters
    ----------
    bands : tuple of str
        NIRCam bands.

    Returns
    -------
    str
        The file's text; curves are numbered from 1 in the order of the bands.
    """
    lines = []
    for band in bands:
        wavelength, throughput = transmission(band)
        passed = np.flatnonzero(throughput > 1e-3 * throughput.max())
        first, last = max(passed[0] - 1, 0), min(passed[-1] + 1, len(wavelength) - 1)
        grid = np.linspace(wavelength[first], wavelength[last], _FILTER_POINTS)
        centre = np.average(wavelength, weights=throughput)
        lines.append(f"{_FILTER_POINTS} jwst_nircam_{band.lower()} lambda_c= {centre:.1f}")
        thinned = np.interp(grid, wavelength, throughput)
        lines += [f"{i} {x:.4f} {y:.6e}" for i, (x, y) in enumerate(zip(grid, thinned, strict=True), start=1)]
    return "\n".join(lines) + "\n"


def _catalogue(bands: tuple[str, ...], flux: Floats, error: Floats) -> Table:
    """The photometry as EAZY reads it, in µJy."""
    n = len(flux)
    unknown = np.full(n, -1.0)
    table = Table({"id": np.arange(n), "ra": unknown, "dec": unknown, "z_spec": unknown})
    observed = np.isfinite(flux) & np.isfinite(error) & (error > 0)
    for column, band in enumerate(bands):
        good = observed[:, column]
        table[band] = np.where(good, flux[:, column] / _NJY_PER_UJY, _NOT_OBSERVED)
        table[f"e_{band}"] = np.where(good, error[:, column] / _NJY_PER_UJY, _NOT_OBSERVED)
    return table


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence what EAZY prints, its progress bars and its warnings."""
    level = logging.root.manager.disable
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(level)


def _eazy() -> Any:
    """Import EAZY when it is first needed."""
    try:
        from eazy import photoz
    except ImportError:
        raise MissingExtraError("eazy", "rival") from None
    return photoz
