"""How is a catalogue made from detections?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.catalogue.flags import quality_flags
from zpix.catalogue.light import Light
from zpix.catalogue.schema import (
    INTERVALS,
    QUANTILES,
    flux_column,
    flux_error_column,
    probability_column,
    total_column,
    total_error_column,
)
from zpix.catalogue.segments import Photometry
from zpix.catalogue.table import Catalogue
from zpix.sources import DEFAULT_CLASSES, ConformalIntervals, Detections, ZMixture, class_names, has_redshift

Columns = dict[str, NDArray[Any]]


def build_catalogue(
    detections: Detections,
    photometry: Photometry,
    *,
    bands: Sequence[str],
    ra: ArrayLike,
    dec: ArrayLike,
    ebv: ArrayLike,
    blended: ArrayLike,
    light: Light | None = None,
    peak_sky: tuple[ArrayLike, ArrayLike] | None = None,
    pixel_scale_arcsec: float | None = None,
    z_range: tuple[float, float],
    classes: Sequence[str] = DEFAULT_CLASSES,
    novelty: NDArray[np.floating] | None = None,
    conformal: ConformalIntervals | None = None,
    snr: NDArray[np.floating] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Catalogue:
    """Make the catalogue of N detections, with ids from 1 to N in the order given.

    Parameters
    ----------
    detections : Detections of length N
        Boxes in the pixels of the whole mosaic.
    photometry : Photometry of length N
        From `measure_masks`, with a column of flux for each of `bands`.
    bands : sequence of str
        Names of the bands.
    ra, dec : (N,) float, degrees
        ICRS positions of `light.centre_xy`, or without it of `photometry.centre_xy`; NaN where the mosaic has no WCS.
    ebv : (N,) float, mag
        E(B−V) of the Milky Way.
    blended : (N,) bool
        Which masks touch others, from `touching_masks`.
    light : Light of length N, optional
        From `measure_light`; without it positions are those of the masks, and sizes and total fluxes are NaN.
    peak_sky : pair of (N,) float, degrees, optional
        ICRS positions of `light.peak_xy`; NaN by default.
    pixel_scale_arcsec : float, arcsec, optional
        Side of a pixel; without it half-light radii are NaN.
    z_range : (float, float)
        Redshifts between which the model was trained.
    classes : sequence of str, default ("galaxy", "star")
        Classes of the model, in its order.
    novelty : (N,) float, optional
        From `Novelty.distance`; NaN by default.
    conformal : ConformalIntervals, optional
        Gives the intervals of 68 % and 95 % in place of quantiles. Flags follow the PDFs in either case.
    snr : (N,) float, optional
        Signal-to-noise ratios that `conformal` was fitted with; those of `photometry` by default.
    meta : mapping, optional
        Facts for the headers; `z_range`, `intervals` (pdf or conformal) and further classes are added. Of the bands in
        `missing_bands` there are columns, and the catalogue does not count them among its bands.

    Returns
    -------
    Catalogue
        One row per detection.
    """
    centre = photometry.centre_xy if light is None else light.centre_xy
    columns = _places(detections, centre) | _classes(detections, classes) | _redshifts(detections.redshift)
    columns |= {"ra": np.asarray(ra), "dec": np.asarray(dec), "ebv": np.asarray(ebv)}
    columns["novelty"] = np.full(len(detections), np.nan) if novelty is None else np.asarray(novelty)
    columns["flags"] = _flags(columns, detections, photometry, blended=np.asarray(blended, bool), z_range=z_range)
    columns |= _fluxes(photometry, bands)
    if peak_sky is not None:
        columns |= dict(zip(("ra_peak", "dec_peak"), map(np.asarray, peak_sky), strict=True))
    if light is not None:
        columns |= _shapes(light, bands, pixel_scale_arcsec)
    if conformal is not None:
        columns |= _conformal_ends(conformal, detections.redshift, photometry.snr if snr is None else snr)
    intervals = "pdf" if conformal is None else "conformal"
    facts = {**(meta or {}), "z_range": [float(z) for z in z_range], "intervals": intervals}
    if not set(classes) <= set(DEFAULT_CLASSES):
        facts["classes"] = list(classes)
    return Catalogue(columns, tuple(bands), facts)


def _places(detections: Detections, centre_xy: NDArray[np.float64]) -> Columns:
    """Ids and positions in pixels."""
    return {
        "id": np.arange(1, len(detections) + 1),
        **dict(zip("xy", centre_xy.T, strict=True)),
        **dict(zip(("x0", "y0", "x1", "y1"), detections.box.T, strict=True)),
    }


def _classes(detections: Detections, classes: Sequence[str]) -> Columns:
    """What a source is, and probabilities of all classes but galaxies; zero for stars if the model has none."""
    shares = dict(zip(classes, detections.class_probability.T, strict=True))
    shares = {"star": np.zeros(len(detections), np.float32), **shares}
    probabilities = {probability_column(name): share for name, share in shares.items() if name != "galaxy"}
    return {"score": detections.score, "class": class_names(detections.label), **probabilities}


def _redshifts(redshift: ZMixture) -> Columns:
    """Point estimates, quantiles and mixtures."""
    quantiles = redshift.quantile(np.array(list(QUANTILES.values())))
    return {
        "z_phot": redshift.least_risk(),
        "z_mode": redshift.mode(),
        "z_mean": redshift.mean(),
        **dict(zip(QUANTILES, quantiles.T, strict=True)),
        "zmix_weight": redshift.weights,
        "zmix_mean": redshift.means,
        "zmix_width": redshift.widths,
    }


def _fluxes(photometry: Photometry, bands: Sequence[str]) -> Columns:
    """What was measured in the masks, band by band."""
    fluxes = {flux_column(band): photometry.flux[:, index] for index, band in enumerate(bands)}
    errors = {flux_error_column(band): photometry.flux_error[:, index] for index, band in enumerate(bands)}
    return {"n_bands": photometry.n_bands, "n_pix": photometry.n_pix, **fluxes, **errors}


def _shapes(light: Light, bands: Sequence[str], pixel_scale_arcsec: float | None) -> Columns:
    """What was measured of the light beyond the masks."""
    a, b = light.axes_pix.T
    totals = {total_column(band): light.total[:, index] for index, band in enumerate(bands)}
    errors = {total_error_column(band): light.total_error[:, index] for index, band in enumerate(bands)}
    scale = np.nan if pixel_scale_arcsec is None else pixel_scale_arcsec
    radii = {"kron_radius": light.kron_radius, "half_light_radius": light.half_light_pix * scale}
    return {"a": a, "b": b, "theta": light.theta_deg, **radii, **totals, **errors}


def _flags(
    columns: Columns,
    detections: Detections,
    photometry: Photometry,
    *,
    blended: NDArray[np.bool_],
    z_range: tuple[float, float],
) -> NDArray[np.int32]:
    """Quality flags, from the PDFs in any case."""
    return quality_flags(
        edge=photometry.edge,
        saturated=photometry.saturated,
        blended=blended,
        flux=photometry.flux,
        flux_error=photometry.flux_error,
        redshift=detections.redshift,
        interval=np.stack([columns[name] for name in INTERVALS[0.68]], axis=1),
        z_phot=columns["z_phot"],
        is_star=~has_redshift(detections.label),
        novelty=columns["novelty"],
        z_range=z_range,
    )


def _conformal_ends(
    conformal: ConformalIntervals, redshift: ZMixture, snr: NDArray[np.floating]
) -> dict[str, NDArray[np.float64]]:
    """The columns of intervals, with conformal ones in place of quantiles."""
    ends: dict[str, NDArray[np.float64]] = {}
    for share, names in INTERVALS.items():
        ends |= zip(names, conformal.interval(redshift, snr, level=share).T, strict=True)
    return ends
