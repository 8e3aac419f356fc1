"""Are galaxies beyond z = 6 and z = 10, which are rare, found, and what is taken for one?

    python experiments/high_redshift.py --out high-redshift --seeds 90081 90082 90083

Fields of the ordinary sky are simulated, searched and scored one after the other. Only the scores are kept, so that
many fields need the disk of one, and those that are there are not measured again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

import zpix
from zpix.catalogue import Catalogue
from zpix.evaluation import Report, Truth, evaluate, read_truth
from zpix.evaluation.report import selection_dict
from zpix.evaluation.selections import SELECTION_PROBABILITY, SelectionScores

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.paper.experiment import write_json
from experiments.paper.scores import BAND, print_table

#: Beyond this share of the limit in 1 + z a galaxy is near it: a redshift that is hardly wrong selects it.
_NEAR = 0.95
_WRONG = ("galaxy just below", "galaxy", "star", "part of a distant galaxy", "no source")
#: Within this distance of a distant galaxy a detection that matches nothing is a second one of it, of a clump.
_PART_ARCSEC = 0.3


def measure(place: Path, seed: int, *, size: int, model: Path | None, workers: int) -> list[dict[str, Any]]:
    """Scores of each selection in one field as JSON values."""
    kept = place.with_suffix(".json")
    if not kept.is_file():
        zpix.simulate(place / "field", shape=(size, size), seed=seed, workers=workers, overwrite=True)
        catalogue = zpix.run(place / "field", out=place / "result", model=model, overwrite=True)
        truth = read_truth(place / "field" / "truth.fits", band=BAND)
        report = evaluate(catalogue, truth, band=BAND)
        rows = [
            selection_dict(scores) | {"wrong": wrongly_selected(scores, catalogue, truth, report)}
            for scores in report.selections
        ]
        write_json(kept, rows)
        shutil.rmtree(place)
    return json.loads(kept.read_text("utf-8"))


def wrongly_selected(scores: SelectionScores, catalogue: Catalogue, truth: Truth, report: Report) -> dict[str, int]:
    """How many selected sources are something else, by what they are."""
    partner = np.full(len(catalogue), -1)
    partner[report.matching.left] = report.matching.right
    magnitude = np.where(partner >= 0, truth.magnitude[partner], catalogue.magnitude(BAND))
    probability = catalogue.redshift.probability_between(scores.z_limit, np.inf)
    counts = Counter(dict.fromkeys(_WRONG, 0))
    distant = truth.z > scores.z_limit
    near_one = near_any(catalogue["ra"], catalogue["dec"], truth.ra[distant], truth.dec[distant])
    for row in np.flatnonzero((probability > SELECTION_PROBABILITY) & (magnitude < scores.mag_limit)):
        source = partner[row]
        if source < 0:
            counts["part of a distant galaxy" if near_one[row] else "no source"] += 1
        elif truth.is_star[source]:
            counts["star"] += 1
        elif truth.z[source] <= scores.z_limit:
            near = 1 + truth.z[source] > _NEAR * (1 + scores.z_limit)
            counts["galaxy just below" if near else "galaxy"] += 1
    return dict(counts)


def near_any(ra: NDArray, dec: NDArray, other_ra: NDArray, other_dec: NDArray) -> NDArray[np.bool_]:
    """Which positions (n,), in degrees, lie on one of the others."""
    if not len(other_ra):
        return np.zeros(len(ra), bool)
    _, distance, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(SkyCoord(other_ra, other_dec, unit="deg"))
    return np.asarray(distance.arcsec) < _PART_ARCSEC


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every field and print what all have together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory of the scores")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="one field each, seen by no model")
    parser.add_argument("--size", type=int, default=4096, help="side of a field in pixels")
    parser.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    parser.add_argument("--workers", type=int, default=2, help="processes that simulate")
    asked = parser.parse_args(arguments)
    settings = {"size": asked.size, "model": asked.model, "workers": asked.workers}
    fields = [measure(asked.out / str(seed), seed, **settings) for seed in asked.seeds]
    rows = []
    for of_limit in zip(*fields, strict=True):
        fractions = [
            " of ".join(str(sum(one[name][part][0] for one in of_limit)) for part in ("count", "total"))
            for name in ("recall", "recall_detected", "purity")
        ]
        wrong = [str(sum(one["wrong"][kind] for one in of_limit)) for kind in _WRONG]
        rows.append([f"z > {of_limit[0]['z_limit']:g}", *fractions, *wrong])
    print(f"{len(fields)} fields of {asked.size} x {asked.size} pixels; selected: P(z) > {SELECTION_PROBABILITY:g}.\n")
    print_table(("", "of all, selected", "of those found, selected", "of the selected, right", *_WRONG), rows)


if __name__ == "__main__":
    main()
