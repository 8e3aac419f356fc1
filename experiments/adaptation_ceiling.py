"""What would a model reach on a field of which it had learnt all that can be learnt?

    python experiments/adaptation_ceiling.py --out ceiling --colours runs/any/colours --model MODEL --family kcorrect \
        --family populations --family fsps=TEMPLATES/fsps_QSF_12_v3.param --foreign sfhz=TEMPLATES/corr_sfhz_13.param

`zpix adapt` learns a field's zero points and spectra from some hundred or thousand redshifts. Here a head learns them
from as many as there are in `--colours` (of `zpix pretrain --mock`): it goes on from that of MODEL with the spectra of
the foreign family alone and zero points that are right. It is tested on other galaxies of that family, as deep as
JADES, beside MODEL with zero points that scatter by 3.3 %, as those of the fields in adapted_fields.py, and with right
ones, which flux factors may give. Sums of pixels under the boxes and masks of MODEL's detector, F444W < 28 and < 26.
A training that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import zpix
from zpix.config import Config, PretrainingConfig, override
from zpix.detector import default_model, load_checkpoint
from zpix.evaluation import score_redshifts
from zpix.evaluation.score_json import scores_dict
from zpix.image import JADES_BANDS
from zpix.outputs import write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.skies import RECIPE, Family, as_deep, mixed, natural
from experiments.foreign.sums import drawn_galaxies, told_of
from experiments.markdown import print_table, with_error

LIMITS = (28.0, 26.0)
_WRONG_MAG = 0.033
_COLUMNS = {"bias": "bias", "sigma_nmad": "σ_NMAD", "outlier_fraction": "outliers", "crps": "CRPS"}


def main() -> None:
    """Teach, draw, test, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--out", type=Path, required=True, help="directory of heads, tests and results")
    add("--colours", type=Path, required=True, help="folder colours of zpix pretrain --mock")
    add("--family", type=Family.parse, action="append", required=True, help="NAME or NAME=TEMPLATES, taught")
    add("--foreign", type=Family.parse, action="append", required=True, help="NAME=TEMPLATES, never taught")
    add("--model", type=Path, default=default_model(), help="checkpoint that serves any bands")
    add("--epochs", type=int, default=12, help="passes with the spectra of a field")
    add("--tiles", type=int, default=80, help="tiles of the test")
    add("--seed", type=int, default=9901, help="of the test")
    asked = options.parse_args()
    own = load_checkpoint(asked.model).for_bands(JADES_BANDS)
    simulation = mixed(zpix.load_config(RECIPE).simulation, asked.family)
    galaxies = {
        limit: drawn_galaxies(
            asked.out / "test", as_deep(natural(simulation)), detector=asked.model, bands=JADES_BANDS,
            tiles=asked.tiles, seed=asked.seed, faintest=limit,
        )
        for limit in LIMITS
    }  # fmt: skip
    results = {}
    for family in asked.foreign:
        wrong = override(natural(mixed(simulation, [family])), zero_point_scatter_mag=_WRONG_MAG)
        right = override(wrong, zero_point_scatter_mag=0.0)
        how = PretrainingConfig(epochs=asked.epochs, batch_size=512, learning_rate=5e-4)
        config = Config(model=own.config, pretraining=how, simulation=right)
        path = zpix.pretrain(asked.colours, out=asked.out / "heads" / family.name, init=asked.model, config=config)
        cases = {
            "as it was": (own, wrong),
            "as it was, zero points right": (own, right),
            "taught this family alone, zero points right": (load_checkpoint(path), right),
        }
        for name, (model, sky) in cases.items():
            for limit in LIMITS:
                sample = told_of(model, galaxies[limit], JADES_BANDS, sky)
                results[f"{family.name}, F444W < {limit:g}: {name}"] = score_redshifts(
                    sample, rng=np.random.default_rng(0)
                )
    scores = scores_dict(results)
    write_json(asked.out / "ceiling.json", scores)
    rows = [[name, str(own["count"]), *(with_error(own[c]) for c in _COLUMNS)] for name, own in scores.items()]
    print_table(["sky and model", "galaxies", *_COLUMNS.values()], rows)


if __name__ == "__main__":
    main()
