"""How many sources are found that lie close to a brighter one?

    python experiments/close_pairs.py FIELD=RESULT ...

FIELD is a directory of `zpix simulate`, RESULT one of `zpix run` on it; all fields are counted together. Sources are
those with 20 < F444W < 28.5, by the distance of the nearest one that is brighter.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from zpix.catalogue import read_catalogue
from zpix.evaluation import Truth, read_truth
from zpix.evaluation.truth_matching import match_truth

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table

BRIGHTEST, FAINTEST = 20.0, 28.5
EDGES_ARCSEC = (0.0, 0.15, 0.25, 0.5, 0.8, 1.2)


def main() -> None:
    """Match every result with its truth, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("fields", nargs="+", metavar="FIELD=RESULT")
    total = np.zeros((2, len(EDGES_ARCSEC)), int)
    for pair in options.parse_args().fields:
        field, result = pair.split("=")
        truth = read_truth(Path(field) / "truth.fits", band="F444W")
        pairs = match_truth(read_catalogue(Path(result) / "catalogue.parquet"), truth)
        total += counts(truth, pairs.right)
    names = [f'{low:g} to {high:g}"' for low, high in pairwise(EDGES_ARCSEC)] + [f'{EDGES_ARCSEC[-1]:g}" and more']
    shares = total[1] / np.maximum(total[0], 1)
    print_table(
        ["from a brighter one", "sources", "found"],
        [[name, str(n), f"{share:.3f}"] for name, n, share in zip(names, total[0], shares, strict=True)],
    )


def counts(truth: Truth, found: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count all sources and the found rows of the truth, (2, bin), by the distance of the nearest brighter one."""
    measured = np.flatnonzero(np.isfinite(truth.magnitude))
    distance = distance_of_brighter(truth.ra[measured], truth.dec[measured], truth.magnitude[measured])
    counted = (truth.magnitude[measured] > BRIGHTEST) & (truth.magnitude[measured] < FAINTEST)
    edges = (*EDGES_ARCSEC, np.inf)
    was_found = np.isin(measured, found)
    return np.array([np.histogram(distance[rows], edges)[0] for rows in (counted, counted & was_found)])


def distance_of_brighter(
    ra: NDArray[np.float64], dec: NDArray[np.float64], magnitude: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance in arcsec of the nearest brighter source; that of the last edge where it is farther away."""
    farthest = EDGES_ARCSEC[-1]
    x = 3600 * (ra - ra.mean()) * np.cos(np.deg2rad(dec.mean()))
    places = np.column_stack([x, 3600 * (dec - dec.mean())])
    distance = np.full(len(ra), farthest)
    for one, near in enumerate(cKDTree(places).query_ball_point(places, farthest)):
        brighter = [other for other in near if magnitude[other] < magnitude[one]]
        if brighter:
            distance[one] = np.hypot(*(places[brighter] - places[one]).T).min()
    return distance


if __name__ == "__main__":
    main()
