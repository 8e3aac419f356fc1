"""Which families of spectra, and which settings, give a redshift head that holds on a family it has not been taught?

    python experiments/foreign_colours.py --out skies --family kcorrect --family populations \
        --family fsps=TEMPLATES/fsps_QSF_12_v3.param --foreign sfhz=TEMPLATES/corr_sfhz_13.param

A quick companion of experiments/foreign_sky.py, for choices: heads learn from the same galaxies, and are tested on sums
under true masks of tiles of each family, without detection, calibration or a catalogue. Columns are the families tested
on, galaxies with F444W < 28 in their segment; rows are the families taught. What exists is not made again.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import zpix
from zpix.config import Config
from zpix.detector import load_checkpoint
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.evaluation import redshift_sample, score_redshifts
from zpix.evaluation.score_json import scores_dict
from zpix.outputs import write_json
from zpix.sources import ZMixture
from zpix.training.mock import MockTile, draw_tile
from zpix.training.pretraining import predict_sums
from zpix.training.source_cutouts import cut_for_head
from zpix.training.source_sums import SourceSums, plain_sums

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.foreign.skies import RECIPE, Family, as_deep, beyond, mixed, natural
from experiments.foreign.teaching import draw, teach_head
from experiments.markdown import print_table

BAND, FAINTEST = "F444W", 28.0
_NAMES = ("bias", "sigma_nmad", "outlier_fraction", "coverage_68", "coverage_95")


def main() -> None:
    """Draw colours and tests, teach, and print one table per score."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--out", type=Path, required=True, help="directory of colours, heads and results")
    add("--family", type=Family.parse, action="append", required=True, help="NAME or NAME=TEMPLATES, taught")
    add("--foreign", type=Family.parse, action="append", default=[], help="NAME=TEMPLATES, never taught")
    add("--recipe", type=Path, default=RECIPE, help="TOML file: what is taught, and how")
    add("--heads", type=Path, help="directory of the heads, where several recipes share colours")
    add("--tiles", type=int, default=800, help="tiles to learn from")
    add("--test-tiles", type=int, default=48, help="tiles of each family to test on")
    add("--workers", type=int, default=2, help="processes that draw")
    asked = options.parse_args()
    config = zpix.load_config(asked.recipe)
    colours = asked.out / "colours"
    draw(colours, asked.family, tiles=asked.tiles, seed=7001, config=config, workers=asked.workers)
    tests = {
        f"{family.name}{'' if kind == 'varied' else ', beyond'}": sums_to_test(
            asked.out / "tests", family, kind, tiles=asked.test_tiles, config=config
        )
        for kind, family in itertools.product(("varied", "beyond"), [*asked.family, *asked.foreign])
    }
    heads = asked.heads or asked.out / "heads"
    taught = [asked.family, *([f for f in asked.family if f != left] for left in asked.family)]
    results: dict[str, Any] = {}
    for families in taught:
        name = "+".join(family.name for family in families)
        head = teach_head(heads / name, families, colours=colours, config=config)
        results[name] = {test: judged(head, *sums) for test, sums in tests.items()}
        write_json(heads / "colours.json", results)
    for score in _NAMES:
        rows = [[name, *(f"{of[test][score]['value']:.3f}" for test in tests)] for name, of in results.items()]
        print_table([score, *tests], rows)
    counted = next(iter(results.values()))
    print_table(["", *tests], [["galaxies", *(str(counted[test]["count"]) for test in tests)]])


def sums_to_test(
    place: Path, family: Family, kind: str, *, tiles: int, config: Config
) -> tuple[SourceSums, NDArray[np.float32]]:
    """Sums of the sources of tiles of one family, and the F444W flux in their segments; drawn unless they exist."""
    path = place / f"{family.name}-{kind}-{tiles}.safetensors"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        model, sky = config.model, as_deep(mixed(natural(config.simulation), [family]))
        parts: list[SourceSums] = []
        fluxes: list[NDArray[np.float32]] = []
        for index in range(tiles):
            tile = MockTile(7200, index, 512, model.bands, sky if kind == "varied" else as_deep(beyond(sky)))
            cutouts = cut_for_head(draw_tile(tile).in_errors(model.errors), size=model.cutout_size_pix)
            parts.append(plain_sums(cutouts, model=model))
            in_segment = (cutouts.flux[:, model.bands.index(BAND)].astype(np.float32) * cutouts.mask).sum((1, 2))
            fluxes.append(in_segment)
        tensors = SourceSums.concatenate(parts)._asdict() | {"flux": torch.from_numpy(np.concatenate(fluxes))}
        write_tensors(path, {name: value.contiguous() for name, value in tensors.items()}, {})
    tensors, _ = read_tensors(path)
    return SourceSums(*(tensors[name] for name in SourceSums._fields)), tensors["flux"].numpy()


@torch.no_grad()
def judged(path: Path, sources: SourceSums, flux: NDArray[np.float32]) -> dict[str, Any]:
    """Score a head on the galaxies that are bright enough."""
    bright = np.flatnonzero(flux > 10 ** (-0.4 * (FAINTEST - 31.4)))
    own = SourceSums(*(column[torch.from_numpy(bright)] for column in sources))
    head = load_checkpoint(path).detector.redshift_head.eval()
    mixture = predict_sums(head, own, torch.device("cpu"))
    parts = (mixture.log_weights.double().exp(), mixture.means.double(), mixture.widths.double())
    pdf = ZMixture(*(part.numpy() for part in parts))
    sample = redshift_sample(pdf, pdf.least_risk(), own.redshift.numpy().astype(float))
    return scores_dict({"": score_redshifts(sample, rng=np.random.default_rng(0))})[""]


if __name__ == "__main__":
    main()
