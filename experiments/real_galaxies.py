"""Are redshifts of real galaxies right, when these are drawn into simulated fields?

    python experiments/real_galaxies.py --photometry jades_spectroscopic_photometry.csv --out real --model MODEL \
        --templates corr_sfhz_13.param --templates fsps_QSF_12_v3.param

The galaxies have the fluxes that were measured of them in the sky (total, nJy), the redshifts of their spectra, and
sizes and shapes of the galaxies of the mock that are nearest in magnitude and redshift. They lie among galaxies of the
mock. Those whose listed redshift is probably another galaxy's (`suspect`) are left out, and those that a band was not
measured of are drawn into fields without that band. Template fitting is run on the same fields, with each template set.
With `--bands "JADES with ACS"` the bands of HST are drawn as well. With `--in-turns` the model is adapted to each field
with the spectra of all real galaxies but those of one part, which are then asked about, and so for each part.
Few galaxies are drawn many times, each in other noise, so errors are those of resampling galaxies.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

import zpix
from zpix.config import BAND_SETS, SimulationConfig
from zpix.evaluation import RedshiftSample, read_truth, score_catalogue
from zpix.evaluation.redshifts import OUTLIER_LIMIT
from zpix.image import JADES_BANDS
from zpix.outputs import write_json
from zpix.scenes.census import draw_population
from zpix.sources import GALAXY, sigma_nmad

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.template_fits import TemplateFits
from experiments.markdown import print_table, with_error

_SIDE_PIX, _PIXEL_ARCSEC = 2000, 0.03  # one arcmin²
_LIMIT_MAG = 30.5
_FEWEST_IN_TURNS = 20
_SCORES = ("bias", "sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95")


@dataclass(frozen=True)
class RealGalaxies:
    """N galaxies with the bands that all of them were measured in.

    Attributes
    ----------
    bands : tuple of str
        Names of the bands.
    flux : (N, band) float64, nJy
        Total fluxes.
    z : (N,) float64
        Redshifts of their spectra, each a little different, by which they are known again in a field.
    """

    bands: tuple[str, ...]
    flux: NDArray[np.float64]
    z: NDArray[np.float64]


def main() -> None:
    """Draw the fields, measure, and print the scores."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--photometry", type=Path, required=True, help="CSV file of fluxes and redshifts")
    add("--out", type=Path, required=True, help="directory of fields and results")
    add("--model", type=Path, help="checkpoint; the shipped model by default")
    add("--templates", type=Path, action="append", default=[], help="EAZY template set; may be given again")
    add("--bands", choices=BAND_SETS, default="JADES", help="survey whose bands are drawn")
    add("--in-turns", type=int, default=0, metavar="PARTS", help="adapt the model to the spectra of all other parts")
    add("--workers", type=int, default=2, help="processes that draw the mock of an adaptation")
    add("--seeds", type=int, nargs="+", default=list(range(92001, 92009)), help="one field each")
    add("--size", type=int, default=2048, help="side of a field in pixels")
    asked = options.parse_args()
    rivals = TemplateFits(asked.templates) if asked.templates else None
    samples: dict[str, list[RedshiftSample]] = {}
    for group in read_galaxies(asked.photometry, BAND_SETS[asked.bands]):
        for seed in asked.seeds:
            place = asked.out / f"{len(group.bands)}-bands" / str(seed)
            for method, sample in measure(place, group, seed, rivals, asked).items():
                samples.setdefault(method, []).append(sample)
    scores = {method: resampled(RedshiftSample.concatenate(parts)) for method, parts in samples.items()}
    write_json(asked.out / "real.json", scores)
    rows = [
        [method, str(score["galaxies"]), str(score["drawn"]), *(with_error(score[name]) for name in _SCORES)]
        for method, score in scores.items()
    ]
    print_table(["method", "galaxies", "drawn", "bias", "σ_NMAD", "outliers", "in 68 %", "in 95 %"], rows)


def read_galaxies(path: Path, bands: tuple[str, ...] = JADES_BANDS) -> list[RealGalaxies]:
    """Read galaxies with a sound redshift, those with all of the bands and those without some."""
    table = Table.read(path, format="ascii.csv")
    table = table[np.asarray(table["suspect"]) == 0]
    flux = np.stack([np.ma.filled(np.ma.asarray(table[f"flux_{b.lower()}"], float), np.nan) for b in bands], 1)
    z = np.asarray(table["z_spec"], float) + 1e-6 * np.arange(len(table))
    groups = []
    for pattern in np.unique(np.isfinite(flux), axis=0)[::-1]:
        rows = (np.isfinite(flux) == pattern).all(axis=1)
        known_bands = tuple(band for band, known in zip(bands, pattern, strict=True) if known)
        groups.append(RealGalaxies(known_bands, np.maximum(flux[rows][:, pattern], 0.0), z[rows]))
    return groups


def measure(
    place: Path, group: RealGalaxies, seed: int, rivals: TemplateFits | None, asked: argparse.Namespace
) -> dict[str, RedshiftSample]:
    """Draw one field unless it exists, and score the real galaxies in it with every method."""
    field = place / "field"
    if not (field / "simulation.json").is_file():
        place.mkdir(parents=True, exist_ok=True)
        listed = write_catalogue(place / "galaxies.fits", group, seed)
        sky = SimulationConfig(ebv=0.0, limit_mag=_LIMIT_MAG)
        zpix.simulate(
            field, size_pix=asked.size, seed=seed, bands=group.bands, catalogue=listed, config=sky, overwrite=True
        )  # fmt: skip
    name = "shipped" if asked.model is None else asked.model.parent.name
    result = place / "results" / name
    if not (result / "run.json").is_file():
        zpix.write_run(field, out=result, model=asked.model, overwrite=True)
    truth, catalogue = read_truth(field / "truth.fits"), zpix.read_catalogue(result / "catalogue.parquet")
    found = {"zpix": score_catalogue(catalogue, truth).sample}
    if asked.in_turns and len(group.z) >= _FEWEST_IN_TURNS:
        found["zpix, adapted in turns"] = adapted_in_turns(place / "in turns" / name, field, group, seed, asked)
    if rivals is not None:
        fitted = rivals.samples(place / "fits", field, catalogue, lambda truth: _is_among(truth.z, group.z))
        found |= {method: sample for method, sample in fitted.items() if method != "zpix"}
    return {method: sample[_is_among(sample.z_true, group.z)] for method, sample in found.items()}


def adapted_in_turns(
    place: Path, field: Path, group: RealGalaxies, seed: int, asked: argparse.Namespace
) -> RedshiftSample:
    """Redshifts of the real galaxies of each part, by a model that was adapted with the spectra of the others."""
    truth, known = read_truth(field / "truth.fits"), Table.read(field / "truth.fits")
    part = np.random.default_rng([seed, 21]).permutation(np.arange(len(group.z)) % asked.in_turns)
    samples = []
    for number in range(asked.in_turns):
        own, result = group.z[part == number], place / f"{number}-result"
        if not (result / "run.json").is_file():
            rows = known[_is_among(np.asarray(known["z"], float), group.z[part != number])]
            spectra = Table({name: rows[name] for name in ("id", "ra", "dec")} | {"z_spec": rows["z"]})
            spectra["z_spec_flag"] = np.full(len(rows), "A")
            place.mkdir(parents=True, exist_ok=True)
            spectra.write(place / f"{number}.fits", overwrite=True)
            account = zpix.adapt(
                field, redshifts=place / f"{number}.fits", out=place / f"{number}-model", model=asked.model,
                workers=asked.workers, overwrite=True,
            )  # fmt: skip
            zpix.write_run(field, out=result, model=account.model, overwrite=True)
        sample = score_catalogue(zpix.read_catalogue(result / "catalogue.parquet"), truth).sample
        samples.append(sample[_is_among(sample.z_true, own)])
    return RedshiftSample.concatenate(samples)


def write_catalogue(path: Path, group: RealGalaxies, seed: int) -> Path:
    """Write galaxies of one arcmin² of the mock, and the real ones, as a JAGUAR catalogue."""
    rng = np.random.default_rng([seed, 20])
    mock = draw_population(
        rng, width_pix=_SIDE_PIX, height_pix=_SIDE_PIX, config=SimulationConfig(limit_mag=_LIMIT_MAG)
    )  # fmt: skip
    mock = mock[mock.label == GALAXY]
    real_mag = 31.4 - 2.5 * np.log10(group.flux[:, group.bands.index("F444W")])
    like = np.array(
        [np.argmin((mock.mag - m) ** 2 + (np.log1p(mock.z) - np.log1p(z)) ** 2 / 0.01)
         for m, z in zip(real_mag, group.z, strict=True)]
    )  # fmt: skip
    both = np.concatenate([np.arange(len(mock)), like])
    flux = np.concatenate([mock.fluxes(group.bands), group.flux])
    side_deg = _SIDE_PIX * _PIXEL_ARCSEC / 3600
    table = Table(
        {
            "RA": np.linspace(0, side_deg, len(both)),  # positions say the area alone, which is one arcmin²
            "DEC": rng.permutation(np.linspace(0, side_deg, len(both))),
            "redshift": np.concatenate([mock.z, group.z]),
            "Re_maj": mock.re_arcsec[both],
            "sersic_n": mock.sersic_n[both],
            "axis_ratio": mock.axis_ratio[both],
            "position_angle": rng.uniform(0, 180, len(both)),
            **{f"NRC_{band}_fnu": flux[:, column] for column, band in enumerate(group.bands)},
        }
    )
    table.write(path, overwrite=True)
    return path


def resampled(sample: RedshiftSample, draws: int = 500) -> dict[str, Any]:
    """Score a sample, with errors from resampling galaxies: the same galaxy in other noise is not another one."""
    of, which = np.unique(sample.z_true, return_inverse=True)
    rows = [np.flatnonzero(which == number) for number in range(len(of))]
    rng = np.random.default_rng(0)
    resampled = [
        _values(sample[np.concatenate([rows[number] for number in rng.integers(len(of), size=len(of))])])
        for _ in range(draws)
    ]
    scatter = {name: float(np.std([value[name] for value in resampled])) for name in _SCORES}
    values = _values(sample)
    return {"galaxies": len(of), "drawn": len(sample)} | {
        name: {"value": values[name], "error": scatter[name]} for name in _SCORES
    }


def _values(sample: RedshiftSample) -> dict[str, float]:
    """Return the scores of a sample."""
    error = sample.error
    return {
        "bias": float(np.median(error)),
        "sigma_nmad": float(sigma_nmad(error)),
        "outlier_fraction": float(np.mean(np.abs(error) > OUTLIER_LIMIT)),
        "coverage_68": float(sample.inside_68.mean()),
        "coverage_95": float(sample.inside_95.mean()),
    }


def _is_among(z: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which redshifts (N,) are those of the real galaxies, (N,)."""
    return np.asarray(np.isclose(z[:, None], known, rtol=0, atol=1e-7).any(axis=1))


if __name__ == "__main__":
    main()
