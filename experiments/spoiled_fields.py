"""Do mosaics with a sky left in, or errors of a wrong scale, score as right ones do?

    python experiments/spoiled_fields.py --field demo/field --out spoiled

A simulated field is searched as it is and spoiled on purpose, each time with the repairs of `zpix run` and with
`--as-given`, and scored against its truth. `spoiled.json` has the scores with their errors.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

import zpix
from zpix.config import InferenceConfig
from zpix.image import Pixels, Region, open_mosaic, write_mosaic
from zpix.outputs import write_json

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table, with_error

#: Sky that is added, in errors of a pixel, and factor of the errors, by name.
KINDS = {
    "as it is": (0.0, 1.0),
    "sky of 1 σ": (1.0, 1.0),
    "errors × 2": (0.0, 2.0),
    "errors / 2": (0.0, 0.5),
}
_LIMIT = "F444W < 28"


def spoil(field: Path, out: Path, *, sky: float, factor: float) -> Path:
    """Write the mosaics of a field with a sky left in and errors of another scale.

    Parameters
    ----------
    field : Path
        Directory of the mosaics.
    out : Path
        Directory to write to.
    sky : float
        What is added to each band, in units of the median error of a pixel.
    factor : float
        What errors are multiplied by.

    Returns
    -------
    Path
        The directory.
    """
    with open_mosaic(field) as mosaic:
        pixels = mosaic.read(Region.whole(mosaic.shape))
        level = [sky * float(np.median(own[ok])) for own, ok in zip(pixels.error, pixels.valid, strict=True)]
        flux = pixels.flux + np.where(pixels.valid, np.array(level, np.float32)[:, None, None], 0)
        spoiled = Pixels(flux, pixels.error * np.float32(factor), pixels.valid)
        write_mosaic(out, spoiled, bands=mosaic.bands, wcs=mosaic.wcs, prefix="spoiled")
    return out


def score(
    mosaics: Path, truth: Path, out: Path, *, as_given: bool, config: InferenceConfig | None = None
) -> dict[str, Any]:
    """Search mosaics and score the catalogue.

    Parameters
    ----------
    mosaics : Path
        Directory of the mosaics.
    truth : Path
        Table of the true sources.
    out : Path
        Directory to write to.
    as_given : bool
        Whether the pixels are taken as they are.
    config : InferenceConfig, optional
        Settings of the search.

    Returns
    -------
    dict of str to object
        Number of `detections`, and the scores of `redshifts` and `detection` as in `report.json`.
    """
    zpix.write_run(mosaics, out=out / "result", config=config, as_given=as_given)
    told = zpix.evaluate(out / "result", truth, out=out / "evaluation").to_dict()
    return {
        "detections": told["n_detections"],
        "redshifts": told["redshifts"][_LIMIT],
        "detection": told["detection"],
    }


def main() -> None:
    """Spoil, search, score and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--field", type=Path, required=True, help="directory of zpix simulate")
    options.add_argument("--out", type=Path, required=True)
    asked = options.parse_args()
    scores: dict[str, Any] = {}
    for kind, (sky, factor) in KINDS.items():
        place = asked.out / kind.replace(" ", "-").replace("/", "by")
        mosaics = spoil(asked.field, place / "field", sky=sky, factor=factor)
        for as_given in (False, True):
            own = place / ("as-given" if as_given else "repaired")
            name = f"{kind}, {own.name}"
            scores[name] = score(mosaics, asked.field / "truth.fits", own, as_given=as_given)
            write_json(asked.out / "spoiled.json", scores)
    print_table(
        ["field", "detections", "σ_NMAD", "outliers"],
        [
            [name, str(own["detections"])]
            + [with_error(own["redshifts"][key], digits=3) for key in ("sigma_nmad", "outlier_fraction")]
            for name, own in scores.items()
        ],
    )


if __name__ == "__main__":
    main()
