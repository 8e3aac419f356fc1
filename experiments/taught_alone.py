"""Does one redshift head for any bands do as well as heads that are taught for one set of bands alone?

    zpix pretrain --mock 360 --seed 8301 --workers 2 --init MODEL --config any-bands.toml --out runs/any
    python experiments/taught_alone.py --out alone --colours runs/any/colours --model MODEL --family kcorrect \
        --family populations --family fsps=TEMPLATES/fsps_QSF_12_v3.param --foreign sfhz=TEMPLATES/corr_sfhz_13.param

In the bands of each of `--surveys` alone, the head of MODEL learns on from the galaxies in `--colours`, which were
drawn in all bands. It and MODEL are then asked about other galaxies in these bands, as deep as JADES, with F444W < 28
and spectra of each family: sums of pixels under the boxes and masks of MODEL's detector, all of them, found or not.
Both get the same sums, so that their ratio is known better than either. What exists is not made again.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np

import zpix
from zpix.config import BAND_SETS, Config, PretrainingConfig, SimulationConfig
from zpix.detector import Checkpoint, default_model, load_checkpoint
from zpix.evaluation import score_redshifts
from zpix.evaluation.score_json import scores_dict
from zpix.outputs import write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.skies import RECIPE, Family, as_deep, mixed, natural
from experiments.foreign.sums import drawn_galaxies, told_of
from experiments.markdown import print_table, with_error

FAINTEST, NEAR = 28.0, 1.5
_COLUMNS = {"sigma_nmad": "σ_NMAD", "outlier_fraction": "outliers", "coverage_68": "in 68 %", "crps": "CRPS"}


def main() -> None:
    """Teach, draw, test, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--out", type=Path, required=True, help="directory of heads, tests and results")
    add("--colours", type=Path, help="folder colours of zpix pretrain --mock, unless --epochs 0")
    add("--family", type=Family.parse, action="append", required=True, help="NAME or NAME=TEMPLATES, taught")
    add("--foreign", type=Family.parse, action="append", default=[], help="NAME=TEMPLATES, never taught")
    add("--model", type=Path, default=default_model(), help="checkpoint that serves any bands")
    add("--surveys", nargs="+", choices=BAND_SETS, default=["JADES", "CEERS", "COSMOS-Web"], help="sets of bands")
    add("--epochs", type=int, default=12, help="passes in one set alone; 0 to compare sets of bands without such heads")
    add("--tiles", type=int, default=80, help="tiles of the test")
    add("--seed", type=int, default=9901, help="of the test")
    asked = options.parse_args()
    if asked.epochs and asked.colours is None:
        options.error("--epochs needs --colours")
    simulation = mixed(zpix.load_config(RECIPE).simulation, asked.family)
    known = load_checkpoint(asked.model)
    bands = tuple(dict.fromkeys(band for survey in asked.surveys for band in BAND_SETS[survey]))
    galaxies = drawn_galaxies(
        asked.out / "test", as_deep(natural(simulation)), detector=asked.model, bands=bands, tiles=asked.tiles,
        seed=asked.seed, faintest=FAINTEST,
    )  # fmt: skip
    results = {}
    for survey in asked.surveys:
        heads = {"any bands": known.for_bands(BAND_SETS[survey])}
        if asked.epochs:
            heads["these bands alone"] = load_checkpoint(taught(survey, heads["any bands"], simulation, asked))
        for family in [*asked.family, *asked.foreign]:
            samples = {
                name: told_of(head, galaxies, bands, natural(mixed(simulation, [family])))
                for name, head in heads.items()
            }
            for nearer in (math.inf, NEAR):
                scores = {
                    name: score_redshifts(sample[sample.z_true < nearer], rng=np.random.default_rng(0))
                    for name, sample in samples.items()
                }
                where = "" if math.isinf(nearer) else f", z < {nearer:g}"
                results[f"{survey}, {family.name}{where}"] = scores_dict(scores)
            write_json(asked.out / "alone.json", results)
    rows = [
        [name, head, str(score["count"]), *(with_error(score[column]) for column in _COLUMNS)]
        for name, scores in results.items()
        for head, score in scores.items()
    ]
    print_table(["bands, sky", "taught in", "galaxies", *_COLUMNS.values()], rows)
    for survey in asked.surveys if asked.epochs else ():
        of_survey = [results[f"{survey}, {family.name}"] for family in [*asked.family, *asked.foreign]]
        print(f"{survey}, any bands over these alone, mean of the families:")
        for column in ("sigma_nmad", "outlier_fraction", "crps"):
            any_bands, alone = (
                np.array([sky[head][column]["value"] for sky in of_survey])
                for head in ("any bands", "these bands alone")
            )
            print(f"  {_COLUMNS[column]} {np.mean(any_bands / alone):.3f}")


def taught(survey: str, model: Checkpoint, simulation: SimulationConfig, asked: argparse.Namespace) -> Path:
    """Return a model whose head has learnt on in these bands alone; a training that was interrupted goes on."""
    place = asked.out / "heads" / survey.replace(" ", "-")
    how = PretrainingConfig(epochs=asked.epochs, batch_size=512, learning_rate=5e-4)
    config = Config(model=model.config, pretraining=how, simulation=simulation)
    return zpix.pretrain(asked.colours, out=place, init=asked.model, config=config)


if __name__ == "__main__":
    main()
