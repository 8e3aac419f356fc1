"""How good are redshifts in the bands of each survey, beside template fitting?

    python experiments/band_sets.py --out sets --family kcorrect --family populations \
        --family fsps=TEMPLATES/fsps_QSF_12_v3.param --foreign sfhz=TEMPLATES/corr_sfhz_13.param \
        --templates TEMPLATES/fsps_QSF_12_v3.param

For each survey, fields are drawn in its bands and about as deep, with spectra of all families and of each that is never
taught. zpix is scored on all galaxies that it has found; with `--templates`, beside EAZY with each set of templates and
with those of the simulation, on those that photutils has found, too. Rows of z < 1.5 tell what optical bands give.
What exists is not made again: an interrupted call goes on. Scores go to `sets.json`, and those of zpix on the mix of
families to `surveys.json`, which `zpix run` reads beside a model to say what to expect.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import zpix
from zpix.config import BAND_SETS, SimulationConfig
from zpix.detector import default_model
from zpix.evaluation import RedshiftSample, score_redshifts
from zpix.evaluation.score_json import scores_dict
from zpix.outputs import write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.scoring import search
from experiments.foreign.skies import DEPTHS, RECIPE, Family, as_deep, mixed, natural
from experiments.foreign.template_fits import TemplateFits, brighter_than
from experiments.markdown import print_table, with_error

FAINTEST = 28.0
ALONE = "zpix, all that it found"
_NEAR_Z = 1.5
_NEAR = f", z < {_NEAR_Z:g}"
_COLUMNS = {
    "bias": "bias", "sigma_nmad": "σ_NMAD", "outlier_fraction": "outliers", "coverage_68": "in 68 %",
    "coverage_95": "in 95 %",
}  # fmt: skip


def main() -> None:
    """Draw, search, fit, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--out", type=Path, required=True, help="directory of fields and results")
    add("--family", type=Family.parse, action="append", required=True, help="NAME or NAME=TEMPLATES, taught")
    add("--foreign", type=Family.parse, action="append", default=[], help="NAME=TEMPLATES, never taught")
    add("--templates", type=Path, action="append", help="template list that EAZY fits; may be given again")
    add("--model", type=Path, default=default_model(), help="checkpoint; the shipped one by default")
    add("--surveys", nargs="+", choices=DEPTHS, default=list(DEPTHS), help="which surveys")
    add("--seeds", type=int, nargs="+", default=[94001, 94002, 94003], help="of the fields")
    add("--size", type=int, default=1536, help="side of the fields in pixels")
    asked = options.parse_args()
    skies = {"all families": asked.family, **{f"{own.name}, never taught": [own] for own in asked.foreign}}
    rivals = TemplateFits(asked.templates) if asked.templates else None
    results = {
        survey: {sky: measure(survey, families, rivals, asked) for sky, families in skies.items()}
        for survey in asked.surveys
    }
    write_json(asked.out / "sets.json", results)
    own = {survey: skies["all families"][ALONE] for survey, skies in results.items()}
    write_json(asked.out / "surveys.json", expected(own))
    print_results(results)


def measure(
    survey: str, families: Sequence[Family], rivals: TemplateFits | None, asked: argparse.Namespace
) -> dict[str, Any]:
    """Score all methods on the fields of one survey and sky."""
    simulation = zpix.load_config(RECIPE).simulation
    samples: dict[str, list[RedshiftSample]] = {}
    for seed in asked.seeds:
        place = asked.out / survey.replace(" ", "-") / "+".join(family.name for family in families) / str(seed)
        field = drawn(place / "field", survey, mixed(natural(simulation), families), seed=seed, size=asked.size)
        found = search(field, asked.model, place / asked.model.parent.name / "run")
        own = {ALONE: found.report.sample[found.report.magnitude < FAINTEST]}
        if rivals is not None:
            own |= rivals.samples(place / "fits", field, found.catalogue, brighter_than(FAINTEST))
        for name, sample in own.items():
            samples.setdefault(name, []).append(sample)
    scores = {}
    for name, parts in samples.items():
        whole = RedshiftSample.concatenate(parts)
        for kind, sample in ((name, whole), (f"{name}{_NEAR}", whole[whole.z_true < _NEAR_Z])):
            scores[kind] = score_redshifts(sample, rng=np.random.default_rng(0))
    return scores_dict(scores)


def drawn(field: Path, survey: str, simulation: SimulationConfig, *, seed: int, size: int) -> Path:
    """Return a field in the bands of a survey and as deep, drawn unless it exists."""
    if not (field / "simulation.json").is_file():
        sky = as_deep(simulation, survey)
        zpix.simulate(field, size_pix=size, seed=seed, bands=BAND_SETS[survey], config=sky, overwrite=True)
    return field


def expected(results: dict[str, Any]) -> dict[str, Any]:
    """What a run says of a survey's bands, as `NAME.surveys.json` keeps it."""
    sets = [
        {
            "survey": survey,
            "bands": list(BAND_SETS[survey]),
            "sigma_nmad": round(scores["sigma_nmad"]["value"], 3),
            "outlier_fraction": round(scores["outlier_fraction"]["value"], 3),
            "galaxies": scores["count"],
        }
        for survey, scores in results.items()
    ]
    return {"limit": f"F444W < {FAINTEST:g}", "sets": sets}


def print_results(results: dict[str, Any]) -> None:
    """Print the scores of all methods, a row for each."""
    rows = [
        [survey, str(len(BAND_SETS[survey])), sky, method, str(own["count"]), *(with_error(own[c]) for c in _COLUMNS)]
        for survey, skies in results.items()
        for sky, scored in skies.items()
        for method, own in scored.items()
    ]
    print_table(["survey", "bands", "sky", "method", "galaxies", *_COLUMNS.values()], rows)


if __name__ == "__main__":
    main()
