"""What do spectra of a field make of a model that was not taught such a sky?

    python experiments/adapted_fields.py --out skies --family kcorrect --family populations \
        --family fsps=TEMPLATES/fsps_QSF_12_v3.param --foreign sfhz=TEMPLATES/corr_sfhz_13.param

For each `--family` a model is taught on all others, as in experiments/foreign_sky.py, whose directory can be shared,
and is then adapted to a field of that family; the model that is taught on all is adapted to a field of each `--foreign`
family and, to see that nothing gets worse at home, to one of a family that it was taught (`--own`). Foreign fields have
zero points that scatter by 3 %, band by band, and PSFs that are wider or narrower by up to 10 %. Spectra are drawn with
the bias of a survey to bright and line-emitting galaxies (`zpix.scenes.spectroscopic_sample`), in numbers of
`--spectra`; with `--wrong` some labels are those of other galaxies. Scores are of F444W < 28 on the whole field, of all
galaxies and of those that a survey would have measured, without those whose spectra were given; the model as it was is
scored on the same galaxies each time. Two in five of the measured are never given, so that some are left. What exists
is not made again; an interrupted call goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

import zpix
from zpix.config import BAND_SETS, Config, SimulationConfig, override
from zpix.detector import default_model
from zpix.evaluation import read_truth, score_catalogue, score_redshifts
from zpix.evaluation.score_json import scores_dict
from zpix.outputs import write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.skies import DEPTHS, RECIPE, Family, as_deep, mixed, natural
from experiments.foreign.teaching import draw, teach
from experiments.markdown import print_table, with_error

BAND, FAINTEST = "F444W", 28.0
_COLUMNS = {
    "bias": "bias", "sigma_nmad": "σ_NMAD", "outlier_fraction": "outliers", "coverage_68": "in 68 %",
    "coverage_95": "in 95 %", "crps": "CRPS",
}  # fmt: skip
_ZERO_POINT_MAG, _PSF_SCATTER = 0.033, 0.1
_NEVER_GIVEN = 0.4


@dataclass(frozen=True)
class AdaptedCase:
    """A model, and the sky that it is adapted to.

    Attributes
    ----------
    name : str
        Of the rows.
    model : Path
        The model before.
    family : Family
        Spectra of the field.
    taught : tuple of Family
        Spectra that the model was taught, of which the mock of an adaptation is made.
    foreign : bool
        Whether zero points and PSFs of the field are not those that the model knows.
    """

    name: str
    model: Path
    family: Family
    taught: tuple[Family, ...]
    foreign: bool


def main() -> None:
    """Draw, teach, adapt, test, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--out", type=Path, required=True, help="directory of models, fields and results")
    add("--family", type=Family.parse, action="append", required=True, help="NAME or NAME=TEMPLATES, taught")
    add("--foreign", type=Family.parse, action="append", default=[], help="NAME=TEMPLATES, never taught")
    add("--own", type=Family.parse, help="a taught family, on whose sky nothing may get worse")
    add("--model", type=Path, help="checkpoint that was taught on all families; made here by default")
    add("--detector", type=Path, default=default_model(), help="checkpoint that finds the sources")
    add("--recipe", type=Path, default=RECIPE, help="TOML file: what is taught, and how; and [adaptation]")
    add("--only-foreign", action="store_true", help="only the model that was taught on all")
    add("--left-out", nargs="+", help="names of the families that are left out in turn; all by default")
    add("--tiles", type=int, default=1600, help="tiles to learn colours from")
    add("--calibrate-on", type=int, default=60, help="tiles that widths and intervals are fitted on")
    add(
        "--survey",
        choices=DEPTHS,
        default="JADES",
        help="whose bands and depth a field has; the model serves any bands",
    )
    add("--spectra", type=int, nargs="+", default=[0, 30, 100, 200, 700, 2145], help="numbers of spectra")
    add("--wrong", type=float, nargs="+", default=[0.0], help="shares of wrong labels, such as 0 0.08")
    add("--seed", type=int, default=93001, help="of the fields")
    add("--size", type=int, default=8192, help="side of a field in pixels: 17 arcmin² hold some hundred spectra")
    add("--workers", type=int, default=2, help="processes that draw")
    asked = options.parse_args()
    config = zpix.load_config(asked.recipe)
    results: dict[str, Any] = {}
    for case in cases(asked, config):
        field = drawn(adapted(asked) / "fields", case, asked, config.simulation)
        for wrong in asked.wrong:
            for count in asked.spectra:
                name = f"{case.name}, {count} spectra" + (f", {wrong:.0%} wrong" if wrong and count else "")
                results[name] = measure(case, field, (count, wrong if count else 0.0), asked, config)
                write_json(adapted(asked) / "adapted.json", results)
    print_results(results)


def adapted(asked: argparse.Namespace) -> Path:
    """Directory of the fields and results in the bands of a survey."""
    name = "adapted" if asked.survey == "JADES" else f"adapted-{asked.survey.replace(' ', '-')}"
    return Path(asked.out / name)


def cases(asked: argparse.Namespace, config: Config) -> list[AdaptedCase]:
    """List models and skies; models are taught unless they exist."""

    def taught(families: Sequence[Family]) -> Path:
        draw(
            asked.out / "colours", asked.family, tiles=asked.tiles, seed=8101, config=config, detector=asked.detector,
            workers=asked.workers,
        )  # fmt: skip
        return teach(
            asked.out / "models", families, colours=asked.out / "colours", detector=asked.detector, config=config,
            calibration=(asked.calibrate_on, 7101),
        )  # fmt: skip

    listed = []
    if asked.foreign or asked.own:
        whole = asked.model or taught(asked.family)
        every = tuple(asked.family)
        listed += [AdaptedCase(f"{own.name}, never taught", whole, own, every, foreign=True) for own in asked.foreign]
        listed += (
            [AdaptedCase(f"{asked.own.name}, taught", whole, asked.own, every, foreign=False)] if asked.own else []
        )
    for family in [] if asked.only_foreign else asked.family:
        if asked.left_out and family.name not in asked.left_out:
            continue
        others = tuple(other for other in asked.family if other != family)
        listed.append(AdaptedCase(f"{family.name}, left out", taught(others), family, others, foreign=True))
    return listed


def foreign_sky(simulation: SimulationConfig, family: Family, survey: str = "JADES") -> SimulationConfig:
    """Settings of a field with spectra of one family, zero points of 3 % and PSFs that are wrong by up to 10 %."""
    sky = as_deep(mixed(natural(simulation), [family]), survey)
    return override(
        sky, zero_point_scatter_mag=_ZERO_POINT_MAG, psf_width_scatter=_PSF_SCATTER, matched_fraction=0.0,
        spectral_scatter=0.0, density_range=(1.0, 1.0),
    )  # fmt: skip


def drawn(place: Path, case: AdaptedCase, asked: argparse.Namespace, simulation: SimulationConfig) -> Path:
    """Return the field of a case, drawn unless it exists."""
    field = place / ("foreign" if case.foreign else "own") / case.family.name / str(asked.seed)
    if not (field / "simulation.json").is_file():
        sky = foreign_sky(simulation, case.family, asked.survey)
        if not case.foreign:
            sky = override(as_deep(mixed(natural(simulation), [case.family]), asked.survey), zero_point_scatter_mag=0.0)
        zpix.simulate(
            field, size_pix=asked.size, seed=asked.seed, bands=BAND_SETS[asked.survey], config=sky,
            workers=asked.workers, overwrite=True,
        )  # fmt: skip
    return field


def measure(
    case: AdaptedCase, field: Path, spectra: tuple[int, float], asked: argparse.Namespace, config: Config
) -> dict[str, Any]:
    """Adapt a model to a field, search the field with it, and score it and the model as it was; unless that is done."""
    name = f"{spectra[0]}-{spectra[1]:g}"
    place = adapted(asked) / "results" / case.model.parent.name / field.parent.parent.name / case.family.name
    kept = place / f"{name}.json"
    if kept.is_file():
        return dict(json.loads(kept.read_text("utf-8")))
    lists, given = list_of_spectra(place / f"{name}.fits", field, *spectra, seed=asked.seed)
    # without families of its own the recipe would teach the default one, and so perhaps the one that is left out
    taught = config.model_copy(update={"simulation": mixed(config.simulation, case.taught)})
    account = zpix.adapt(
        field, out=place / f"{name}-model", redshifts=lists, model=case.model, config=taught,
        workers=asked.workers, overwrite=True,
    )  # fmt: skip
    results = {"as it was": (case.model, place / "before"), "adapted": (account.model, place / f"{name}-result")}
    scores = {}
    for what, (model, result) in results.items():
        if not (result / "run.json").is_file():
            zpix.write_run(field, out=result, model=model, overwrite=True)
        scores[what] = score(field, result, given, seed=asked.seed)
    told = {"changed": account.chosen, "flux_factors": account.factors.named(), "suspects": len(account.suspects())}
    write_json(kept, {**told, "scores": scores})
    return {**told, "scores": scores}


def never_given(count: int, *, seed: int) -> NDArray[np.bool_]:
    """Choose the sources of a truth, (count,), whose spectra are never given."""
    return np.random.default_rng([seed, 82]).uniform(size=count) < _NEVER_GIVEN


def list_of_spectra(
    path: Path, field: Path, count: int, wrong: float, *, seed: int
) -> tuple[tuple[Path, ...], NDArray[np.float64]]:
    """Write a list of spectra, and return it with the true redshifts of those; nothing for none.

    Those that a survey would have measured (`z_spec` of the truth) come first, at random; if there are fewer than asked
    for, others follow, the brightest first.
    """
    if not count:
        return (), np.zeros(0)
    truth, rng = Table.read(field / "truth.fits"), np.random.default_rng([seed, 81])
    measured = np.isfinite(np.asarray(truth["z_spec"], float))
    possible = np.asarray(truth["detectable"], bool) & (np.asarray(truth["z"]) > 0.01)
    possible &= ~(measured & never_given(len(truth), seed=seed))
    truth, measured = truth[possible], measured[possible]
    first, rest = rng.permutation(np.flatnonzero(measured)), np.flatnonzero(~measured)
    rest = rest[np.argsort(np.asarray(truth["mag_f444w"])[rest])]
    rows = np.concatenate([first, rest])[:count]
    z = np.asarray(truth["z"], float)[rows]
    label = np.where(rng.uniform(size=len(z)) < wrong, rng.permutation(np.asarray(truth["z"], float))[: len(z)], z)
    columns = {"id": truth["id"][rows], "ra": truth["ra"][rows], "dec": truth["dec"][rows], "z_spec": label}
    path.parent.mkdir(parents=True, exist_ok=True)
    Table({**columns, "z_spec_flag": np.full(len(z), "A")}).write(path, overwrite=True)
    return (path,), z


def score(field: Path, result: Path, given: NDArray[np.float64], *, seed: int) -> dict[str, Any]:
    """Score redshifts of all galaxies and of those like the measured ones, without those whose spectra were given."""
    truth = read_truth(field / "truth.fits", band=BAND)
    report = score_catalogue(zpix.read_catalogue(result / "catalogue.parquet"), truth, band=BAND)
    known = Table.read(field / "truth.fits")
    measured = np.isfinite(np.asarray(known["z_spec"], float)) & never_given(len(known), seed=seed)
    measured_z = np.asarray(known["z"], float)[measured]
    z = report.sample.z_true
    kept = (report.magnitude < FAINTEST) & ~np.isin(z, given)
    samples = {"all": report.sample[kept], "as those measured": report.sample[kept & np.isin(z, measured_z)]}
    return scores_dict({n: score_redshifts(own, rng=np.random.default_rng(0)) for n, own in samples.items()})


def print_results(results: Mapping[str, Any]) -> None:
    """Print one table for all galaxies and one for those like the measured ones."""
    for kind in ("all", "as those measured"):
        rows = [
            [name, what, result["changed"] if what == "adapted" else "", str(scores[kind]["count"]),
             *(with_error(scores[kind][column]) for column in _COLUMNS)]
            for name, result in results.items()
            for what, scores in result["scores"].items()
        ]  # fmt: skip
        print_table([f"{kind}, {BAND} < {FAINTEST:g}", "model", "changed", "galaxies", *_COLUMNS.values()], rows)


if __name__ == "__main__":
    main()
