"""Do redshifts and detections hold on skies that a model was not taught on?

    python experiments/foreign_sky.py --out skies --family kcorrect --family populations \
        --family fsps=TEMPLATES/fsps_QSF_12_v3.param --foreign sfhz=TEMPLATES/corr_sfhz_13.param

For each `--family` a model is taught on all others, in the bands of the test fields, and tested on it. The model that
is taught on all (`--model`, or one made as the others are) is tested on each, on the families that only tests use
(`--foreign`), and on observations half as far again outside the taught ranges.
Galaxies are drawn once and shared by all models, which learn them with the spectra of their families. What exists is
not made again: an interrupted call goes on. With `--templates` EAZY is scored beside `--model` on the galaxies that
photutils has found, too. Scores go to `foreign.json` and are printed as tables.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import zpix
from zpix.config import Config, SimulationConfig, override
from zpix.detector import default_model
from zpix.evaluation import RedshiftSample, score_redshifts
from zpix.evaluation.score_json import scores_dict
from zpix.image import JADES_BANDS
from zpix.outputs import write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.scoring import EDGES, LIMITS, inside_intervals, score, search
from experiments.foreign.skies import RECIPE, Family, beyond, drawn_field
from experiments.foreign.teaching import draw, teach
from experiments.foreign.template_fits import TemplateFits, brighter_than
from experiments.markdown import print_table, with_error

_COLUMNS = {
    "bias": "bias",
    "sigma_nmad": "σ_NMAD",
    "outlier_fraction": "outliers",
    "coverage_68": "in 68 %",
    "coverage_95": "in 95 %",
    "crps": "CRPS",
}


@dataclass(frozen=True)
class Test:
    """A model and the sky that it is tested on.

    Attributes
    ----------
    name : str
        Of the row.
    model : Path
        The model.
    family : Family
        Spectra of the fields.
    kind : {"varied", "beyond"}
        Whether observations vary as they were taught, or half as far again.
    """

    name: str
    model: Path
    family: Family
    kind: str


def main() -> None:
    """Draw, teach, test, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--out", type=Path, required=True, help="directory of colours, models, fields and results")
    add("--family", type=Family.parse, action="append", required=True, help="NAME or NAME=TEMPLATES, taught")
    add("--foreign", type=Family.parse, action="append", default=[], help="NAME=TEMPLATES, never taught")
    add("--model", type=Path, help="checkpoint that was taught on all families; made here by default")
    add(
        "--alone",
        action="store_true",
        help="test --model alone, and teach no other; outside the taught ranges if asked",
    )
    add("--detector", type=Path, default=default_model(), help="checkpoint that finds the sources")
    add("--recipe", type=Path, default=RECIPE, help="TOML file: what is taught, and how")
    add("--tiles", type=int, default=400, help="tiles to learn colours from")
    add("--seeds", type=int, nargs="+", default=[91001, 91002, 91003], help="of the fields to test on")
    add("--seeds-beyond", type=int, nargs="+", help="of the fields outside the taught ranges; the same by default")
    add("--templates", type=Path, action="append", help="template list that EAZY fits beside --model; repeatable")
    add("--conformal", action="store_true", help="search the fields again, to see how often conformal intervals hold")
    add("--size", type=int, default=2048, help="side of these fields in pixels")
    add("--calibrate-on", type=int, default=60, help="tiles that widths and intervals are fitted on")
    add("--workers", type=int, default=2, help="processes that draw")
    asked = options.parse_args()
    config = zpix.load_config(asked.recipe)
    if asked.alone and asked.model is None:
        options.error("--alone needs --model")
    if not asked.alone:
        draw(
            asked.out / "colours", asked.family, tiles=asked.tiles, seed=8101, config=config, detector=asked.detector,
            workers=asked.workers,
        )  # fmt: skip
    config = in_bands_of_fields(config)
    results = {}
    for test in tests(asked, config):
        kept = asked.out / "scores" / test.model.parent.name / f"{test.name}.json"
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            seeds = asked.seeds_beyond or asked.seeds if test.kind == "beyond" else asked.seeds
            write_json(kept, measure(test, asked.out, simulation=config.simulation, seeds=seeds, size=asked.size))
        results[test.name] = json.loads(kept.read_text("utf-8"))
    write_json(asked.out / "foreign.json", results)
    print_redshifts(results)
    print_detection(results)
    if asked.conformal:
        print_conformal(conformal(asked, config))
    if asked.templates:
        print_rivals(beside_templates(asked, config))


def in_bands_of_fields(config: Config) -> Config:
    """Settings of models in the bands of the test fields, which learn faster than in random sets of many."""
    model = override(config.model, bands=JADES_BANDS)
    return config.model_copy(update={"model": model, "pretraining": override(config.pretraining, bands_seen="all")})


def tests(asked: argparse.Namespace, config: Config) -> list[Test]:
    """List all tests; their models are taught unless they exist."""

    def taught(families: Sequence[Family]) -> Path:
        return teach(
            asked.out / "models", families, colours=asked.out / "colours", detector=asked.detector, config=config,
            calibration=(asked.calibrate_on, 7101),
        )  # fmt: skip

    if asked.alone:
        named = [*((own, "taught") for own in asked.family), *((own, "never taught") for own in asked.foreign)]
        listed = [Test(f"{family.name}, {what}", asked.model, family, "varied") for family, what in named]
        if asked.seeds_beyond:
            beyond_ranges = "observed outside the taught ranges"
            listed += [Test(f"{family.name}, {beyond_ranges}", asked.model, family, "beyond") for family, _ in named]
        return listed
    whole = asked.model or taught(asked.family)
    listed = [Test(f"{family.name}, taught", whole, family, "varied") for family in asked.family]
    for family in asked.family:
        others = taught([other for other in asked.family if other != family])
        listed.append(Test(f"{family.name}, left out", others, family, "varied"))
        listed.append(Test(f"{family.name}, observed outside the taught ranges", whole, family, "beyond"))
    for family in asked.foreign:
        listed.append(Test(f"{family.name}, never taught", whole, family, "varied"))
        listed.append(Test(f"{family.name}, observed outside the taught ranges", whole, family, "beyond"))
    return listed


def measure(test: Test, out: Path, *, simulation: SimulationConfig, seeds: Sequence[int], size: int) -> dict[str, Any]:
    """Draw the fields of a test unless they exist, search them, and score them as one."""
    sky = simulation if test.kind == "varied" else beyond(simulation)
    searched = []
    for seed in seeds:
        field = drawn_field(out / "fields" / test.kind, test.family, seed, size=size, simulation=sky)
        result = out / "results" / test.model.parent.name / test.kind / test.family.name / str(seed)
        searched.append(search(field, test.model, result))
    return score(searched)


def conformal(asked: argparse.Namespace, config: Config) -> dict[str, Any]:
    """How often conformal intervals of each model hold on the fields of its tests, unless that is known."""
    results = {}
    for test in tests(asked, config):
        if test.kind != "varied":
            continue
        kept = asked.out / "scores" / test.model.parent.name / f"{test.name}, conformal.json"
        if not kept.is_file():
            place = asked.out / "results" / test.model.parent.name / "conformal" / test.family.name
            searched = [
                search(asked.out / "fields" / "varied" / test.family.name / str(seed), test.model, place / str(seed),
                       conformal=True)
                for seed in asked.seeds
            ]  # fmt: skip
            write_json(kept, inside_intervals(searched))
        results[test.name] = json.loads(kept.read_text("utf-8"))
    return results


def print_conformal(results: Mapping[str, Any]) -> None:
    """Print how often conformal intervals hold."""
    rows = [
        [name, str(told["count"]), *(f"{told[share]:.3f}" for share in ("in 68 %", "in 95 %"))]
        for name, told in results.items()
    ]
    print_table(["sky, conformal intervals", "galaxies", "in 68 %", "in 95 %"], rows)


def beside_templates(asked: argparse.Namespace, config: Config) -> dict[str, Any]:
    """Score the model and EAZY on the same galaxies of the fields of each family, unless that is done."""
    rivals, results = TemplateFits(asked.templates), {}
    for family in [*asked.family, *asked.foreign]:
        samples: dict[str, list[RedshiftSample]] = {}
        for seed in asked.seeds:
            field = drawn_field(
                asked.out / "fields" / "varied", family, seed, size=asked.size, simulation=config.simulation
            )  # fmt: skip
            result = asked.out / "results" / asked.model.parent.name / "varied" / family.name / str(seed)
            catalogue = search(field, asked.model, result).catalogue
            fits = asked.out / "fits" / family.name / str(seed)
            for method, sample in rivals.samples(fits, field, catalogue, brighter_than(LIMITS[-1])).items():
                samples.setdefault(method, []).append(sample)
        scores = {
            method: score_redshifts(RedshiftSample.concatenate(own), rng=np.random.default_rng(0))
            for method, own in samples.items()
        }
        results[family.name] = scores_dict(scores)
        write_json(asked.out / "beside_templates.json", results)
    return results


def print_rivals(results: Mapping[str, Any]) -> None:
    """Print the scores of the model and of EAZY on the same galaxies."""
    rows = [
        [name, method, str(own["count"]), *(with_error(own[column]) for column in _COLUMNS)]
        for name, scored in results.items()
        for method, own in scored.items()
    ]
    print_table(["sky", "method", "galaxies", *_COLUMNS.values()], rows)


def print_redshifts(results: Mapping[str, Any]) -> None:
    """Print the scores of redshifts, F444W < 28."""
    header = ["sky", "galaxies", *_COLUMNS.values(), "OUTSIDE_TRAINING", "outliers without it"]
    rows = []
    for name, result in results.items():
        scores, flags = result["redshifts"]["F444W < 28"], result["flags"]
        marked = [f"{flags[kind]:.3f}" for kind in ("OUTSIDE_TRAINING", "outliers without it")]
        rows.append([name, str(scores["count"]), *(with_error(scores[column]) for column in _COLUMNS), *marked])
    print_table(header, rows)


def print_detection(results: Mapping[str, Any]) -> None:
    """Print what was found, by magnitude and in all."""
    kinds = ("completeness", "purity", "fragments", "within 0.05 arcsec")
    bins = [f"{low:g} to {high:g}" for low, high in pairwise(EDGES)]
    stars = "bright stars found, and once and called stars"
    rows = []
    for name, result in results.items():
        for kind in kinds:
            counted = result["detection"][kind]
            whole = sum(counted["count"]) / max(sum(counted["total"]), 1)
            rows.append([name, kind, *(f"{value:.3f}" for value in counted["value"]), f"{whole:.3f}"])
        found = result["detection"][stars]
        rows.append(
            [name, stars, *[""] * len(bins), f"{found['count'][0]}, {found['count'][1]} of {found['total'][0]}"]
        )
    print_table(["sky", "", *bins, f"{EDGES[0]:g} to {EDGES[-1]:g}"], rows)


if __name__ == "__main__":
    main()
