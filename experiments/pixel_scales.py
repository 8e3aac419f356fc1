"""Does a field of other pixels, brought to the model's, score as it does with the model's own pixels?

    python experiments/pixel_scales.py --out scales

Fields are drawn with pixels of 0.03″, resampled to larger ones with `zpix align`, and searched with `zpix run
--resample`. Completeness, redshifts and outliers are those of F444W < 28; the sky and its noise are the same for all
pixels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import zpix
from zpix.sources import sigma_nmad

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table

FAINTEST = 28.0
MODEL_SCALE_ARCSEC = 0.03


@dataclass(frozen=True)
class Score:
    """What fields of one pixel scale come to, F444W < 28.

    Attributes
    ----------
    found, sources : int
        True sources that were found, and all.
    errors : (N,) float64
        Δz / (1 + z) of the galaxies found.
    """

    found: int
    sources: int
    errors: np.ndarray

    @property
    def completeness(self) -> float:
        """Share of the true sources that were found."""
        return self.found / self.sources

    def cells(self) -> list[str]:
        """Completeness with its binomial error, σ_NMAD with that of a Gaussian, and the share of outliers."""
        share, number = self.completeness, len(self.errors)
        sigma, outliers = sigma_nmad(self.errors), float(np.mean(np.abs(self.errors) > 0.15))
        return [
            str(self.sources),
            f"{share:.3f} ± {np.sqrt(share * (1 - share) / self.sources):.3f}",
            f"{sigma:.4f} ± {1.17 * sigma / np.sqrt(number):.4f}",
            f"{outliers:.3f} ± {np.sqrt(outliers * (1 - outliers) / number):.3f}",
        ]


def score_scale(
    scale_arcsec: float, out: Path, *, size_pix: int, seeds: Sequence[int], model: Path | None = None
) -> Score:
    """Draw, search and score fields of a pixel scale; what is there already is kept.

    `size_pix` is the side of a field in pixels of the model's scale.
    """
    found, sources, errors = 0, 0, []
    for seed in seeds:
        field, place = out / f"field-{seed}", out / f"{scale_arcsec:g}-{seed}"
        if not (field / "truth.fits").is_file():
            zpix.simulate(field, size_pix=size_pix, seed=seed)
        mosaics, result = field, place / "result"
        if not result.is_dir():
            if scale_arcsec != MODEL_SCALE_ARCSEC:
                mosaics = place / "mosaics"
                zpix.align(field, out=mosaics, pixel_scale=scale_arcsec, overwrite=True)
            zpix.run(mosaics, out=result, model=model, resample=True)
        report = zpix.evaluate(result, field / "truth.fits", out=place / "evaluation")
        assert report.detection is not None
        below = int(np.flatnonzero(report.detection.mag_limits == FAINTEST)[0])
        found += int(report.detection.completeness_below.count[below])
        sources += int(report.detection.completeness_below.total[below])
        bright = report.magnitude < FAINTEST
        errors.append(((report.sample.z_phot - report.sample.z_true) / (1 + report.sample.z_true))[bright])
    return Score(found, sources, np.concatenate(errors))


def main() -> None:
    """Score every pixel scale and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory of fields and results")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument(
        "--scales", type=float, nargs="+", default=[0.03, 0.04, 0.06], help="sides of pixels in arcsec"
    )
    options.add_argument("--seeds", type=int, nargs="+", default=[777, 778, 779], help="one field each")
    options.add_argument("--size", type=int, default=1024, help="side of a field in pixels of 0.03 arcsec")
    asked = options.parse_args()
    rows = []
    for scale in asked.scales:
        score = score_scale(scale, asked.out, size_pix=asked.size, seeds=asked.seeds, model=asked.model)
        rows.append([f"{scale:g}″", *score.cells()])
    print_table(["pixels", "sources, F444W < 28", "completeness", "σ_NMAD", "outliers"], rows)


if __name__ == "__main__":
    main()
