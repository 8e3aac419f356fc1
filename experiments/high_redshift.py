"""How many of the rare galaxies beyond z = 6 and z = 10 are selected, and which other sources are?

    python experiments/high_redshift.py --out high-redshift --seeds 90081 90082 90083

Fields are simulated, searched and scored one after the other. Only the scores are kept, so that many fields need the
disk space of one. Existing scores are not measured again; other settings need another directory. The sky is the
ordinary one. With `--boost 0.02` that fraction of the galaxies is drawn flat in redshift from 4 to 15: recall is then
measured on more galaxies, but purity is not that of the real sky.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
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
from zpix.config import InferenceConfig, SimulationConfig
from zpix.detector import default_model
from zpix.evaluation import HIGH_REDSHIFTS, Truth, in_field, match_truth, read_truth, score_selection
from zpix.evaluation.catalogue_scores import SELECTION_MAG
from zpix.evaluation.score_json import selection_dict
from zpix.evaluation.selections import matched_magnitude
from zpix.matching import Matching
from zpix.outputs import refuse_other_settings, write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table

BAND = "F444W"
#: Thresholds of P(> z) above which a source is selected.
PROBABILITIES = (0.1, 0.3, 0.5, 0.7, 0.9, 0.97)
#: Above this fraction of the limit in 1 + z a galaxy is just below it.
_NEAR = 0.95
_WRONG = ("galaxy just below", "galaxy", "star", "part of a distant galaxy", "no source")
#: An unmatched detection within this distance of a distant galaxy is a part of it, such as a clump.
_PART_ARCSEC = 0.3


def measure(place: Path, seed: int, *, size: int, boost: float, model: Path, workers: int) -> list[dict[str, Any]]:
    """Measure each selection in one field unless its scores exist; return them as JSON values."""
    kept = place.with_suffix(".json")
    if not kept.is_file():
        sky = SimulationConfig(high_z_boost=boost)
        zpix.simulate(place / "field", size_pix=size, seed=seed, config=sky, workers=workers, overwrite=True)
        catalogue = zpix.run(place / "field", out=place / "result", model=model, overwrite=True)
        write_json(kept, selections(catalogue, read_truth(place / "field" / "truth.fits", band=BAND)))
        shutil.rmtree(place)
    return json.loads(kept.read_text("utf-8"))


def selections(catalogue: Catalogue, truth: Truth) -> list[dict[str, Any]]:
    """Score each limit and threshold, and count the sources that are selected wrongly, as JSON values."""
    matching, magnitude = match_truth(catalogue, truth), catalogue.magnitude(BAND)
    bright, inside = matched_magnitude(matching, truth, magnitude) < SELECTION_MAG, in_field(catalogue, truth)
    rows = []
    for z, least in itertools.product(HIGH_REDSHIFTS, PROBABILITIES):
        probability = catalogue.redshift.probability_between(z, np.inf)
        scores = score_selection(
            probability,
            matching,
            truth,
            z_limit=z,
            mag_limit=SELECTION_MAG,
            detected_mag=magnitude,
            in_field=inside,
            least_probability=least,
        )
        selected = np.flatnonzero((probability > least) & bright)
        wrong = wrongly_selected(selected, catalogue, truth, matching, z_limit=z)
        rows.append(selection_dict(scores) | {"probability": least, "wrong": wrong})
    return rows


def wrongly_selected(
    selected: NDArray[np.intp], catalogue: Catalogue, truth: Truth, matching: Matching, *, z_limit: float
) -> dict[str, int]:
    """Count the selected rows that are no galaxies beyond the limit, by their kind."""
    partner = matching.partner_of_left
    counts = Counter(dict.fromkeys(_WRONG, 0))
    distant = truth.z > z_limit
    near_one = near_any(catalogue["ra"], catalogue["dec"], truth.ra[distant], truth.dec[distant])
    for row in selected:
        source = partner[row]
        if source < 0:
            counts["part of a distant galaxy" if near_one[row] else "no source"] += 1
        elif truth.is_star[source]:
            counts["star"] += 1
        elif truth.z[source] <= z_limit:
            near = 1 + truth.z[source] > _NEAR * (1 + z_limit)
            counts["galaxy just below" if near else "galaxy"] += 1
    return dict(counts)


def near_any(ra: NDArray, dec: NDArray, other_ra: NDArray, other_dec: NDArray) -> NDArray[np.bool_]:
    """Tell which positions (n,), in degrees, lie within 0.3 arcsec of another one."""
    if not len(other_ra):
        return np.zeros(len(ra), bool)
    _, distance, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(SkyCoord(other_ra, other_dec, unit="deg"))
    return np.asarray(distance.arcsec) < _PART_ARCSEC


def keep_settings(out: Path, settings: dict[str, Any]) -> None:
    """Write the settings of a directory, or check that existing ones are the same.

    Raises
    ------
    OutputError
        If it was begun with other settings.
    """
    kept = out / "settings.json"
    if not kept.is_file():
        out.mkdir(parents=True, exist_ok=True)
        write_json(kept, settings)
    refuse_other_settings(json.loads(kept.read_text("utf-8")), settings, f"{out}: was begun with other settings")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every field and print the scores of all together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory of the scores")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="one field each, seen by no model")
    parser.add_argument("--size", type=int, default=4096, help="side of a field in pixels")
    parser.add_argument("--boost", type=float, default=0.0, help="fraction of the galaxies drawn flat in redshift")
    parser.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    parser.add_argument("--workers", type=int, default=2, help="processes that simulate")
    asked = parser.parse_args(arguments)
    settings = {"size": asked.size, "boost": asked.boost}
    model = default_model() if asked.model is None else asked.model
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    threshold = InferenceConfig().score_threshold
    keep_settings(asked.out, {**settings, "model": digest, "score_threshold": threshold})
    fields = [
        measure(asked.out / str(seed), seed, model=model, workers=asked.workers, **settings) for seed in asked.seeds
    ]
    rows = []
    for selection in zip(*fields, strict=True):
        fractions = [
            " of ".join(str(sum(one[name][part][0] for one in selection)) for part in ("count", "total"))
            for name in ("recall", "recall_detected", "purity")
        ]
        wrong = [str(sum(one["wrong"][kind] for one in selection)) for kind in _WRONG]
        rows.append([f"z > {selection[0]['z_limit']:g}", f"{selection[0]['probability']:g}", *fractions, *wrong])
    print(f"{len(fields)} fields of {asked.size} x {asked.size} pixels, F444W < {SELECTION_MAG:g}.\n")
    header = ("", "P above", "of all, selected", "of those found, selected", "of the selected, right", *_WRONG)
    print_table(header, rows)


if __name__ == "__main__":
    main()
