"""How many bright stars are found, found once, and called stars?

    python experiments/bright_stars.py --out stars --model MODEL

Fields of the foreign skies (family `kcorrect`) hold one such star per square arcminute. Here their number is
`--density` times as large; they are drawn once, and searched once by each model. A star is found once if no detection
lies on its segment that is no source of its own. Counts go to NAME.json, of the model's file, and are printed.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import zpix
from zpix.config import override
from zpix.detector import default_model
from zpix.evaluation import CountedFraction
from zpix.outputs import write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.scoring import SearchedField, bright_stars, search
from experiments.foreign.skies import RECIPE, Family, as_deep, mixed, natural
from experiments.markdown import print_table

MAGNITUDES = (16.0, 18.0, 20.0, 21.0, 22.0)


def main() -> None:
    """Draw, search, count, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--out", type=Path, required=True, help="directory of fields and results")
    add("--model", type=Path, default=default_model(), help="checkpoint")
    add("--seeds", type=int, nargs="+", default=[95001, 95002, 95003, 95004], help="of the fields")
    add("--density", type=float, default=20.0, help="of stars, in units of the counts towards GOODS-S")
    add("--size", type=int, default=2048, help="side of the fields in pixels")
    asked = options.parse_args()
    sky = override(
        as_deep(mixed(natural(zpix.load_config(RECIPE).simulation), [Family("kcorrect", "kcorrect")])),
        star_density=asked.density,
    )
    searched = []
    for seed in asked.seeds:
        field = asked.out / "fields" / str(seed)
        if not (field / "simulation.json").is_file():
            zpix.simulate(field, size_pix=asked.size, seed=seed, config=sky, overwrite=True)
        searched.append(search(field, asked.model, asked.out / asked.model.stem / str(seed)))
    counted = by_magnitude(searched)
    names = [f"{low:g} to {high:g}" for low, high in pairwise(MAGNITUDES)]
    values = {
        name: {"stars": int(part.total[0]), "found": int(part.count[0]), "once and called stars": int(part.count[1])}
        for name, part in zip([*names, "all"], [*counted, CountedFraction.together(counted)], strict=True)
    }
    write_json(asked.out / f"{asked.model.stem}.json", values)
    print_table(
        ["F444W", "stars", "found", "once and called stars"], [[n, *map(str, v.values())] for n, v in values.items()]
    )


def by_magnitude(searched: list[SearchedField]) -> list[CountedFraction]:
    """Count stars in bins of `MAGNITUDES`: those found, and those found once and called stars."""
    return [
        CountedFraction.together([bright_stars(one, brightest=low, faintest=high) for one in searched])
        for low, high in pairwise(MAGNITUDES)
    ]


if __name__ == "__main__":
    main()
