"""What was drawn for a field, for those who compare results with it?"""

from __future__ import annotations

from typing import Any

from zpix.scenes.observation import Observation


def observing_record(observation: Observation, ebv: float) -> dict[str, Any]:
    """Write down how a field is observed.

    Parameters
    ----------
    observation : Observation
        The observation.
    ebv : float, mag
        E(B−V) of the Milky Way.

    Returns
    -------
    dict of str to object
        `ebv` (mag), `depth` (error in units of the deep field's), `psf_angle_deg`, `matched_to` (a band or None) and
        `bands`: for each, `error_njy` (typical, of a pixel, by its error image), `noise_over_error` (rms of a pixel
        over that), `noise_correlation_pix` (Gaussian σ of the core, before matching), `depth_mag` (how much deeper
        than its field), `zero_point_mag` (how much brighter it looks, all chips together), `psf_width` (factor),
        `psf_ellipticity` and `psf_ellipticity_angle_deg` (before matching), and `sky_njy` (the constant per pixel).
    """
    conditions = observation.conditions
    image = observation.error * observation.noise_ratio / observation.noise_over_error
    bands = {}
    for number, band in enumerate(observation.bands):
        stretch = conditions.stretch[number]
        bands[band] = {
            "error_njy": float(image[number]),
            "noise_over_error": float(observation.noise_over_error[number]),
            "noise_correlation_pix": conditions.kernels[number].core_sigma_pix
            if observation.config.correlated_noise
            else 0.0,
            "depth_mag": conditions.depth_mag[number],
            "zero_point_mag": conditions.zero_point_mag[number],
            "psf_width": stretch.width if stretch else 1.0,
            "psf_ellipticity": stretch.ellipticity if stretch else 0.0,
            "psf_ellipticity_angle_deg": stretch.angle_deg if stretch else 0.0,
            "sky_njy": float(observation.sky_njy[number]),
        }
    return {
        "ebv": ebv,
        "depth": observation.depth,
        "psf_angle_deg": observation.angle_deg,
        "matched_to": conditions.matched_to,
        "bands": bands,
    }
