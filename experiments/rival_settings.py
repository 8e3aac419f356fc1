"""Which settings of photutils and EAZY are best on validation fields?

    python experiments/rival_settings.py FIELD [FIELD ...] --templates LIST.param [...] --out settings.json

FIELDs are directories of `zpix simulate` with validation seeds. First, completeness and purity of photutils are
measured for every combination of smoothing, threshold, size and contrast; then, with the detections of the best,
redshifts for every aperture, amplitude of the template error function and systematic error. The best are the defaults
of `DetectionSettings`, `PhotometrySettings` and `FitSettings`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zpix.catalogue import magnitude_ab
from zpix.evaluation import (
    RedshiftSample,
    Truth,
    in_field,
    match_truth,
    read_truth,
    redshift_sample,
    score_detection,
    score_redshifts,
)
from zpix.evaluation.rival import (
    DetectionSettings,
    FitSettings,
    PhotometrySettings,
    RivalSources,
    TemplateFitter,
    TemplateSet,
    find_and_measure,
    read_template_set,
)
from zpix.evaluation.rival.detection import find_segments, stacked
from zpix.image import open_mosaic
from zpix.scenes.psf_images import psf_images
from zpix.sources.source_table import read_source_table

_SMOOTHING = (2.0, 3.0, 4.0)
_THRESHOLD = (4.0, 6.0, 8.0, 10.0, 12.0)
_MIN_PIXELS = (8, 12, 16)
_CONTRAST = (0.0005, 0.001, 0.002)
_RADIUS_ARCSEC = (0.1, 0.15, 0.2)
_TEMPLATE_ERROR = (0.0, 0.2, 0.5)
_SYSTEMATIC_ERROR = (0.03, 0.05, 0.1)
_APERTURE_PIX = 5.0
_MAG_LIMIT = 28.5
_MAG_REDSHIFTS = 28.0
_FOREIGN_LIGHT = 0.05  # share of the light in the segment of a source with neighbours


@dataclass(frozen=True)
class Found:
    """Detections without photometry, which can be matched with the truth.

    Attributes
    ----------
    columns : dict of str to (N,) float64
        Positions "ra" and "dec" in degrees, "x" and "y" in pixels.
    box : (N, 4) float64, pixels
        Boxes.
    meta : dict
        `mosaic_shape`.
    """

    columns: dict[str, np.ndarray]
    box: np.ndarray
    meta: dict

    def __len__(self) -> int:
        """Return the number of detections."""
        return len(self.box)

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a column."""
        return self.columns[name]


def main() -> None:
    """Scan detection, then photometry and fit, and write all results."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("fields", nargs="+", type=Path)
    options.add_argument("--templates", nargs="+", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--detection-only", action="store_true")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    detection = scan_detection(asked.fields)
    best = DetectionSettings(**max(detection, key=_merit)["settings"])
    templates = read_template_set(asked.templates)
    redshifts = [] if asked.detection_only else scan_redshifts(asked.fields, templates, best)
    asked.out.write_text(json.dumps({"detection": detection, "redshifts": redshifts}, indent=1) + "\n")
    for row in sorted(detection, key=_merit)[-5:]:
        logging.info("%s", row)
    for row in sorted(redshifts, key=lambda row: -row["outlier_fraction"])[-5:]:
        logging.info("%s", row)


def scan_detection(fields: list[Path]) -> list[dict]:
    """Measure completeness and purity to F444W = 28.5 of all fields together, for each combination of settings."""
    counts: dict[tuple, np.ndarray] = {}
    for field in fields:
        truth = read_truth(field / "truth.fits")
        with open_mosaic(field) as mosaic:
            stack, weight = stacked(mosaic, DetectionSettings())
            for combination in itertools.product(_SMOOTHING, _THRESHOLD, _MIN_PIXELS, _CONTRAST):
                settings = _detection(*combination)
                segments = find_segments(stack, weight, aperture_radius_pix=_APERTURE_PIX, settings=settings)
                ra, dec = mosaic.sky(segments.x, segments.y)
                columns = {"ra": ra, "dec": dec, "x": segments.x, "y": segments.y}
                found = Found(columns, segments.box, {"mosaic_shape": mosaic.shape})
                # settings are chosen by the magnitude of the stack: F444W itself is measured later
                magnitude = magnitude_ab(segments.total_njy)
                counts[combination] = counts.get(combination, np.zeros((2, 2), int)) + _counted(found, truth, magnitude)
        logging.info("detection scanned in %s", field)
    rows = []
    for combination, ((found, true), (pure, detected)) in counts.items():
        settings = {
            name: getattr(_detection(*combination), name)
            for name in ("smoothing_fwhm_pix", "threshold_sigma", "min_pixels", "deblend_contrast")
        }
        rows.append(
            {
                "settings": settings,
                "completeness": float(found / true),
                "purity": float(pure / detected),
                "true": int(true),
            }
        )
    return rows


def scan_redshifts(fields: list[Path], templates: TemplateSet, detection: DetectionSettings) -> list[dict]:
    """Measure scatter and outliers at F444W < 28 of all fields together, for each aperture and settings of the fit."""
    measured = {radius: [_measured(field, radius, detection) for field in fields] for radius in _RADIUS_ARCSEC}
    bands = measured[_RADIUS_ARCSEC[0]][0][0].bands
    rows = []
    fitter = TemplateFitter(bands, templates)
    for radius, template_error, systematic in itertools.product(_RADIUS_ARCSEC, _TEMPLATE_ERROR, _SYSTEMATIC_ERROR):
        fitter = fitter.with_settings(FitSettings(template_error=template_error, systematic_error=systematic))
        flux, error, z_true, alone = (
            np.concatenate(parts)
            for parts in zip(
                *((s.photometry.flux_njy, s.photometry.error_njy, z, alone) for s, z, alone in measured[radius]),
                strict=True,
            )
        )
        known = np.isfinite(z_true)
        fit = fitter.fit(flux[known], error[known])
        row = {"radius_arcsec": radius, "template_error": template_error, "systematic_error": systematic}
        least_risk = redshift_sample(fit.pdf, fit.z_phot, z_true[known])
        rows.append(row | _scores(least_risk))
        rows[-1]["largest_likelihood"] = _scores(redshift_sample(fit.pdf, fit.z_ml, z_true[known]))
        rows[-1]["without_neighbours"] = _scores(least_risk[alone[known]])
        logging.info("%s", rows[-1])
    return rows


def _scores(sample: RedshiftSample) -> dict[str, float]:
    """Scores of a sample, rounded."""
    scores = score_redshifts(sample, rng=np.random.default_rng(0), n_bootstrap=0)
    names = ("sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95", "crps")
    return {"count": scores.count} | {name: round(getattr(scores, name).value, 4) for name in names}


def _merit(row: dict) -> float:
    """Sum of completeness and purity: a missed source is as bad as a spurious one."""
    return row["completeness"] + row["purity"]


def _detection(smoothing: float, threshold: float, pixels: int, contrast: float) -> DetectionSettings:
    """Settings of one combination."""
    return DetectionSettings(
        smoothing_fwhm_pix=smoothing, threshold_sigma=threshold, min_pixels=pixels, deblend_contrast=contrast
    )


def _counted(found: Found, truth: Truth, magnitude: np.ndarray) -> np.ndarray:
    """Counts [[found, true], [pure, detected]] down to the magnitude limit."""
    scores = score_detection(
        match_truth(found, truth), detected_mag=magnitude, true_mag=truth.magnitude, in_field=in_field(found, truth),
        detectable=truth.detectable, band="F444W", mag_limits=(_MAG_LIMIT,),
    )  # fmt: skip
    return np.array([[f.count[0], f.total[0]] for f in (scores.completeness_below, scores.purity_below)])


def _measured(field: Path, radius: float, detection: DetectionSettings) -> tuple[RivalSources, np.ndarray, np.ndarray]:
    """Sources of a field, true redshifts of galaxies with F444W < 28 (NaN for others), and which have no neighbours."""
    truth = read_truth(field / "truth.fits")
    foreign = read_source_table(field / "truth.fits").number("blendedness")
    with open_mosaic(field) as mosaic:
        sources = find_and_measure(
            mosaic, psf_images(mosaic.bands, mosaic.pixel_scale_arcsec), detection=detection,
            photometry=PhotometrySettings(aperture_radius_arcsec=radius),
        )  # fmt: skip
    matching = match_truth(sources, truth)
    z = np.full(len(sources), np.nan)
    z[matching.left] = np.where(truth.magnitude < _MAG_REDSHIFTS, truth.z, np.nan)[matching.right]
    alone = np.zeros(len(sources), bool)
    alone[matching.left] = foreign[matching.right] < _FOREIGN_LIGHT
    return sources, z, alone


if __name__ == "__main__":
    main()
