"""Does zpix beat template fitting on a field whose truth is known?

Five contestants on the same galaxies: zpix; the rival with templates that the user gives and with those of the
simulation itself, on its own photometry; and both again on perfect photometry, true fluxes with the errors of an
aperture.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue
from zpix.errors import CatalogueError, InputFileError
from zpix.evaluation import (
    HIGH_REDSHIFTS,
    MAG_LIMITS,
    OUTLIER_LIMIT,
    Comparison,
    Contestant,
    GridPdf,
    Redshifts,
    Truth,
    common_galaxies,
    compare,
    read_truth,
    write_comparison,
)
from zpix.evaluation.rival import (
    FitSettings,
    RivalSources,
    TemplateFitter,
    find_and_measure,
    flux_scale,
    pulls,
    read_template_set,
    simulation_templates,
)
from zpix.image import ebv_at, open_mosaic
from zpix.jobs.run import run
from zpix.outputs import output_directory
from zpix.plots import comparison_figure, save_figure
from zpix.progress import track
from zpix.scenes.psf import transfer_function
from zpix.scenes.user_psf import user_psfs
from zpix.sources import ZMixture, sigma_nmad
from zpix.sources.source_table import read_source_table
from zpix.spectra.milky_way import milky_way_transmission

Floats = NDArray[np.float64]

#: What a comparison writes.
PRODUCTS = ("comparison.json", "comparison.png")
#: The simulation's own templates have no errors that would have to be allowed for.
_OWN_TEMPLATES = FitSettings(template_error=0.0, systematic_error=0.02)
_PSF_SIDE_PIX = 101
# Pulls are given for galaxies in this range of magnitude: brighter ones show colour gradients, not noise.
_NOISY_MAG = (27.0, 29.0)


def compare_with_rival(
    field: str | Path,
    *,
    out: str | Path,
    templates: Sequence[str | Path],
    model: str | Path | None = None,
    psfs: str | Path | None = None,
    eazy_param: str | Path | None = None,
    band: str = "F444W",
    seed: int = 0,
    overwrite: bool = False,
) -> Comparison:
    """Run zpix and the rival on one simulated field and score both on the same sources.

    Parameters
    ----------
    field : directory of `zpix simulate`
    out : directory to make; receives `comparison.json` and `comparison.png`
    templates : EAZY template lists (`.param`) or single templates, fitted together
    model : checkpoint; the shipped model by default
    psfs : directory of FITS images of PSFs, named by band; the simulator's where there is none
    eazy_param : EAZY's `zphot.param`, for all but catalogue, filters, templates and template error file
    band : of the magnitudes
    seed : of noise, empty apertures and bootstrap

    Raises
    ------
    ZpixError
        If the field is not one of `zpix simulate`, a file cannot be read, or the extra `rival` is missing.
    """
    folder = Path(field)
    if not (folder / "truth.fits").is_file():
        raise InputFileError(f"'{folder}' has no truth.fits: give a directory that zpix simulate has made")
    chosen = read_template_set(templates)
    with (
        output_directory(out, products=PRODUCTS, overwrite=overwrite) as place,
        tempfile.TemporaryDirectory(prefix="zpix-rival-") as scratch,
    ):
        catalogue = run(folder, out=Path(scratch) / "zpix", model=model)
        with open_mosaic(folder) as mosaic:
            bands, shape = mosaic.bands, mosaic.shape
            rival = find_and_measure(mosaic, psf_images(bands, mosaic.pixel_scale_arcsec, psfs), seed=seed)
        fitters = {
            f"{chosen.name} templates": TemplateFitter(bands, chosen, FitSettings(param_file=eazy_param)),
            "simulation's templates": TemplateFitter(bands, simulation_templates(Path(scratch)), _OWN_TEMPLATES),
        }
        comparison = _contest(folder, catalogue, rival, fitters, shape=shape, band=band, seed=seed)
        write_comparison(place / "comparison.json", comparison)
        save_figure(place / "comparison.png", comparison_figure(comparison))
    return comparison


def psf_images(bands: Sequence[str], pixel_scale_arcsec: float, files: str | Path | None = None) -> dict[str, Floats]:
    """Centred PSF images (101 × 101) on pixels of `pixel_scale_arcsec`: the user's from a directory, else the model's.

    The simulator's PSFs depend on roll angle; matching averages over it.
    """
    given = user_psfs(None if files is None else str(files))
    images = {}
    for band in bands:
        transfer: NDArray
        if band in given:
            transfer = given[band].transfer_function(
                _PSF_SIDE_PIX, oversampling=1, pixel_scale_arcsec=pixel_scale_arcsec
            )  # fmt: skip
        else:
            transfer = transfer_function(band, _PSF_SIDE_PIX, pixel_scale_arcsec=pixel_scale_arcsec)
        images[band] = np.fft.fftshift(np.fft.irfft2(transfer, (_PSF_SIDE_PIX, _PSF_SIDE_PIX)))
    return images


def _contest(
    field: Path,
    catalogue: Catalogue,
    rival: RivalSources,
    fitters: Mapping[str, TemplateFitter],
    *,
    shape: tuple[int, int],
    band: str,
    seed: int,
) -> Comparison:
    """Fit templates to measured and to perfect photometry, and score everything on the same galaxies."""
    truth = read_truth(field / "truth.fits", band=band)
    detectors = {
        "zpix": Contestant.of(catalogue, catalogue.magnitude(band), truth),
        "photutils": Contestant.of(rival, rival.magnitude(band), truth),
    }
    galaxies = common_galaxies(truth, detectors, shape)
    if not len(galaxies):
        raise CatalogueError(f"'{field}': no galaxy was found by both zpix and photutils")
    own, rows = (detectors[name].rows(galaxies) for name in ("zpix", "photutils"))
    dust = milky_way_transmission(rival.bands, ebv_at(rival["ra"], rival["dec"]))  # (N, band)
    measured = rival.photometry.brightened(1 / dust)
    true_njy = _true_fluxes(field, rival.bands)[galaxies] / dust[rows]
    noise = measured.aperture_error_njy[rows]
    perfect = true_njy + noise * np.random.default_rng([seed, 1]).standard_normal(noise.shape)

    redshifts = {"zpix": Redshifts(catalogue.redshift[own], catalogue["z_phot"][own])}
    probabilities = {"zpix": ("zpix", _beyond(catalogue.redshift))}
    on_perfect, scales, largest_likelihood = {}, {}, {}
    for name, fitter in track(fitters.items(), "template fitting", len(fitters)):
        fit = fitter.fit(measured.flux_njy, measured.error_njy)
        redshifts[name] = Redshifts(fit.pdf[rows], fit.z_phot[rows])
        probabilities[name] = ("photutils", _beyond(fit.pdf))
        largest_likelihood[name] = _point_scores(fit.z_ml[rows], truth, galaxies)
        scales[name] = _by_band(rival.bands, flux_scale(measured, fit))
        fit = fitter.fit(perfect, noise)
        on_perfect[f"{name}, perfect photometry"] = Redshifts(fit.pdf, fit.z_phot)
    noisy = (truth.magnitude[galaxies] > _NOISY_MAG[0]) & (truth.magnitude[galaxies] < _NOISY_MAG[1])
    pull = pulls(measured.select(rows[noisy]), true_njy[noisy])
    return compare(
        truth,
        galaxies,
        detectors=detectors,
        redshifts=redshifts | on_perfect,
        probabilities=probabilities,
        shape=shape,
        band=band,
        seed=seed,
        notes={
            "field": field.name,
            "n_templates": {name: len(fitter.templates) for name, fitter in fitters.items()},
            "fit_settings": {name: fitter.settings.to_dict() for name, fitter in fitters.items()},
            "with_largest_likelihood": largest_likelihood,
            "flux_scale": scales,
            "noise_correlation": _by_band(rival.bands, rival.photometry.correlation),
            "pull_median": _by_band(rival.bands, _quantile(pull, 0.5)),
            "pull_sigma": _by_band(rival.bands, 0.5 * (_quantile(pull, 0.8413) - _quantile(pull, 0.1587))),
        },
    )


def _true_fluxes(field: Path, bands: tuple[str, ...]) -> Floats:
    """Total fluxes of the truth in nJy, (M, band), behind the Milky Way's dust as observed."""
    table = read_source_table(field / "truth.fits")
    return np.stack([table.number(f"flux_{band.lower()}", what=f"{band} flux") for band in bands], axis=1)


def _point_scores(z_phot: Floats, truth: Truth, galaxies: NDArray[np.intp]) -> dict[str, float]:
    """Scatter and outliers of point estimates of the galaxies brighter than the middle magnitude limit."""
    bright = truth.magnitude[galaxies] < MAG_LIMITS[1]
    z = truth.z[galaxies][bright]
    error = (z_phot[bright] - z) / (1 + z)
    if not len(error):
        return {}
    return {"sigma_nmad": sigma_nmad(error), "outlier_fraction": float(np.mean(np.abs(error) > OUTLIER_LIMIT))}


def _beyond(pdf: ZMixture | GridPdf) -> dict[float, Floats]:
    return {z: pdf.probability_between(z, np.inf) for z in HIGH_REDSHIFTS}


def _quantile(pull: Floats, level: float) -> Floats:
    """Of each band, over the sources observed in all, (band,); NaN without sources."""
    seen = pull[np.isfinite(pull).all(axis=1)]
    return np.quantile(seen, level, axis=0) if len(seen) else np.full(pull.shape[1], np.nan)


def _by_band(bands: tuple[str, ...], values: Floats) -> dict[str, float | None]:
    rounded = zip(bands, np.round(values, 4).tolist(), strict=True)
    return {band: value if np.isfinite(value) else None for band, value in rounded}
