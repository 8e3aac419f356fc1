"""Are the redshifts of zpix better than those of other methods, on a simulated field?

All methods are scored on the same galaxies. The others are template fitting with the user's templates and with those of
the simulation, and further methods by name; they use the photometry of photutils, and then perfect photometry: true
fluxes with the errors of an aperture.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    RedshiftPdf,
    Redshifts,
    Truth,
    common_galaxies,
    read_truth,
    score_contestants,
    write_comparison,
)
from zpix.evaluation.rival import (
    RIVALS,
    Fit,
    Rival,
    RivalSources,
    RivalTask,
    find_and_measure,
    flux_scale,
    pulls,
    read_template_set,
)
from zpix.image import ebv_at, open_mosaic
from zpix.jobs.run import run
from zpix.outputs import output_directory
from zpix.plots import comparison_figure, save_figure
from zpix.progress import track
from zpix.scenes.psf_images import psf_images
from zpix.sources import sigma_nmad
from zpix.sources.source_table import read_source_table
from zpix.spectra.milky_way import milky_way_transmission

Floats = NDArray[np.float64]

#: What a comparison writes.
PRODUCTS = ("comparison.json", "comparison.png")
# Pulls are given for galaxies in this range of magnitude: brighter ones show colour gradients, not noise.
_NOISY_MAG = (27.0, 29.0)


def compare(
    field: str | Path,
    *,
    out: str | Path,
    templates: str | Path | Sequence[str | Path],
    model: str | Path | None = None,
    psfs: str | Path | None = None,
    eazy_param: str | Path | None = None,
    rivals: Sequence[str] = (),
    band: str = "F444W",
    seed: int = 0,
    overwrite: bool = False,
) -> Comparison:
    """Run zpix and template fitting on one simulated field, and score both on the same galaxies.

    The directory receives `comparison.json` and `comparison.png`. The extra `rival` must be installed.

    Parameters
    ----------
    field : str or Path
        Directory of a field that `simulate` has drawn.
    out : str or Path
        Directory to make.
    templates : str, Path or sequence of these
        EAZY template lists (`.param`) or single templates, fitted together.
    model : str or Path, optional
        Checkpoint; the shipped model by default.
    psfs : str or Path, optional
        Directory of FITS images of PSFs, named by band; the simulator's PSF is used where there is none.
    eazy_param : str or Path, optional
        EAZY's `zphot.param`, for all settings but catalogue, filters, templates and template error file.
    rivals : sequence of str, default: ()
        Names of further methods that take part, of `zpix.evaluation.rival.RIVALS`.
    band : str, default: "F444W"
        Band of the magnitudes.
    seed : int, default: 0
        Seed of noise, empty apertures and bootstrap.
    overwrite : bool, default: False
        Whether an earlier comparison at `out` is replaced.

    Returns
    -------
    Comparison
        Scores of every method; `tables()` gives them as text.

    Raises
    ------
    ZpixError
        If the field is not one of `simulate`, a file cannot be read, or the extra `rival` is missing.
    """
    folder = Path(field)
    if not (folder / "truth.fits").is_file():
        raise InputFileError(f"'{folder}' has no truth.fits: give a directory that zpix simulate has made")
    chosen = read_template_set([templates] if isinstance(templates, (str, Path)) else templates)
    makers = {name: RIVALS[name] for name in ("eazy", "eazy-simulation", *rivals)}  # unknown names fail at once
    with (
        output_directory(out, products=PRODUCTS, overwrite=overwrite) as place,
        tempfile.TemporaryDirectory(prefix="zpix-rival-") as scratch,
    ):
        catalogue = run(folder, out=Path(scratch) / "zpix", model=model)
        with open_mosaic(folder) as mosaic:
            bands, shape = mosaic.bands, mosaic.shape
            rival = find_and_measure(mosaic, psf_images(bands, mosaic.pixel_scale_arcsec, psfs), seed=seed)
        task = RivalTask(folder, bands, Path(scratch), chosen, None if eazy_param is None else Path(eazy_param))
        methods = {name: make(task) for name, make in makers.items()}
        titled = {method.title or name: method for name, method in methods.items()}
        comparison = _contest(folder, catalogue, rival, titled, shape=shape, band=band, seed=seed)
        write_comparison(place / "comparison.json", comparison)
        save_figure(place / "comparison.png", comparison_figure(comparison))
    return comparison


def _contest(
    field: Path,
    catalogue: Catalogue,
    found: RivalSources,
    rivals: Mapping[str, Rival],
    *,
    shape: tuple[int, int],
    band: str,
    seed: int,
) -> Comparison:
    """Let rivals measure redshifts on measured and on perfect photometry, and score all on the same galaxies."""
    truth = read_truth(field / "truth.fits", band=band)
    detectors = {
        "zpix": Contestant.of(catalogue, catalogue.magnitude(band), truth),
        "photutils": Contestant.of(found, found.magnitude(band), truth),
    }
    galaxies = common_galaxies(truth, detectors, shape)
    if not len(galaxies):
        raise CatalogueError(f"'{field}': no galaxy was found by both zpix and photutils")
    own, rows = (detectors[name].rows(galaxies) for name in ("zpix", "photutils"))
    dust = milky_way_transmission(found.bands, ebv_at(found.ra, found.dec))  # (N, band)
    true_njy = _true_fluxes(field, found.bands)[galaxies] / dust[rows]
    measured = replace(found, photometry=found.photometry.brightened(1 / dust))
    perfect = _perfect(measured[rows], true_njy, seed=seed)

    redshifts = {"zpix": Redshifts(catalogue.redshift[own], catalogue["z_phot"][own])}
    probabilities = {"zpix": ("zpix", _beyond(catalogue.redshift))}
    on_perfect: dict[str, Redshifts] = {}
    notes: dict[str, dict[str, Any]] = {"settings": {}, "with_largest_likelihood": {}, "flux_scale": {}}
    for name, rival in track(rivals.items(), "redshifts of other methods", len(rivals)):
        answer = rival.redshifts(measured)
        redshifts[name] = answer[rows]
        probabilities[name] = ("photutils", _beyond(answer.pdf))
        notes["settings"][name] = rival.settings()
        if isinstance(answer, Fit):
            notes["with_largest_likelihood"][name] = _point_scores(answer.z_ml[rows], truth, galaxies)
            notes["flux_scale"][name] = _by_band(found.bands, flux_scale(measured.photometry, answer))
        if rival.uses_photometry_alone:
            on_perfect[f"{name}, perfect photometry"] = rival.redshifts(perfect)
    noisy = (truth.magnitude[galaxies] > _NOISY_MAG[0]) & (truth.magnitude[galaxies] < _NOISY_MAG[1])
    pull = pulls(measured.photometry[rows[noisy]], true_njy[noisy])
    return score_contestants(
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
            **notes,
            "noise_correlation": _by_band(found.bands, found.photometry.correlation),
            "pull_median": _by_band(found.bands, _quantile(pull, 0.5)),
            "pull_sigma": _by_band(found.bands, 0.5 * (_quantile(pull, 0.8413) - _quantile(pull, 0.1587))),
        },
    )


def _perfect(sources: RivalSources, true_njy: Floats, *, seed: int) -> RivalSources:
    """The sources with true fluxes that have the noise of an aperture."""
    noise = sources.photometry.aperture_error_njy
    flux = true_njy + noise * np.random.default_rng([seed, 1]).standard_normal(noise.shape)
    return replace(sources, photometry=replace(sources.photometry, flux_njy=flux, error_njy=noise))


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


def _beyond(pdf: RedshiftPdf) -> dict[float, Floats]:
    """P(> z) of each source for each redshift limit."""
    return {z: pdf.probability_between(z, np.inf) for z in HIGH_REDSHIFTS}


def _quantile(pull: Floats, level: float) -> Floats:
    """Of each band, over the sources observed in all, (band,); NaN without sources."""
    seen = pull[np.isfinite(pull).all(axis=1)]
    return np.quantile(seen, level, axis=0) if len(seen) else np.full(pull.shape[1], np.nan)


def _by_band(bands: tuple[str, ...], values: Floats) -> dict[str, float | None]:
    """Return one value per band by name, rounded; None for what is not finite."""
    rounded = zip(bands, np.round(values, 4).tolist(), strict=True)
    return {band: value if np.isfinite(value) else None for band, value in rounded}
