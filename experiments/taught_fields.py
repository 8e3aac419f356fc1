"""Which sky, noise and sharpness do the fields have that a model was taught on?

    python experiments/taught_fields.py --model src/zpix/models/default.safetensors

Fields are drawn with the settings of the simulation that the model was trained on, and examined as mosaics are. For
each band the range of the sky is its mean and twice its scatter over the fields, those of the others their mean and
scatter; depths are those of the range of the settings. They are written beside the model, as `NAME.fields.json`, and
`zpix run` and `zpix check` compare mosaics with them.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zpix.config import Errors, SimulationConfig
from zpix.detector import default_model, load_checkpoint, taught_path
from zpix.image import Region
from zpix.image.examination import BandExamination, Examination
from zpix.image.examine import examine_mosaic
from zpix.image.taught import Range, Taught, TaughtBand
from zpix.outputs import write_json
from zpix.progress import track
from zpix.scenes import Sky
from zpix.search.array_image import ArrayImage

_FIRST_SEED = 91_000


def measure_taught(
    bands: tuple[str, ...],
    config: SimulationConfig,
    *,
    fields: int,
    size_pix: int,
    source: str,
    errors: Errors = "image",
) -> Taught:
    """Draw and examine fields, and say what they are like.

    Parameters
    ----------
    bands : tuple of str
        Bands of the model.
    config : SimulationConfig
        What it was trained on.
    fields : int
        Number of fields.
    size_pix : int, pixels
        Side of each.
    source : str
        Where the result comes from.
    errors : {"image", "measured"}, default "image"
        What the model takes for errors, in units of which its sky is.

    Returns
    -------
    Taught
        Ranges of each band.
    """
    skies = [Sky(_FIRST_SEED + number, bands, config) for number in range(fields)]
    seen = [_examined(sky, size_pix) for sky in track(skies, "fields", fields)]
    if errors == "measured":
        seen = [own.in_measured_errors() for own in seen]
    depths = [float(sky.depth) for sky in skies]
    return Taught({band: _of_band([own[band] for own in seen], depths, config) for band in bands}, source)


def _examined(sky: Sky, size_pix: int) -> Examination:
    scene = sky.observe(Region.whole((size_pix, size_pix)))
    scale = sky.config.pixel_scale_arcsec
    return examine_mosaic(ArrayImage(sky.bands, scene.pixels, None, scale), pixel_scale_arcsec=scale)


def _of_band(seen: Sequence[BandExamination], depths: Sequence[float], config: SimulationConfig) -> TaughtBand:
    deep = np.mean([own.depth_mag + 2.5 * math.log10(depth) for own, depth in zip(seen, depths, strict=True)])
    shallowest, deepest = (float(deep - 2.5 * math.log10(factor)) for factor in config.depth_range[::-1])
    return TaughtBand(
        sky=_spread([own.sky for own in seen], 2),
        noise_over_error=_spread([own.noise_over_error for own in seen], 1),
        sums_over_error=_spread([own.sums_over_error for own in seen], 1),
        correlation=_spread([own.correlation[0] for own in seen], 1),
        depth_mag=(shallowest, deepest),
        fwhm_arcsec=_spread([own.fwhm_arcsec for own in seen], 1),
    )


def _spread(values: Sequence[float], scatters: float) -> Range:
    """Mean minus and plus so many standard deviations."""
    middle, deviation = float(np.nanmean(values)), scatters * float(np.nanstd(values, ddof=1))
    return middle - deviation, middle + deviation


def main() -> None:
    """Measure, print and write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, default=default_model())
    options.add_argument("--fields", type=int, default=8)
    options.add_argument("--size-pix", type=int, default=512)
    asked = options.parse_args()
    checkpoint = load_checkpoint(asked.model)
    data = checkpoint.about.training_data or {}
    if data.get("kind") != "mock":
        options.error(f"{asked.model} did not learn from simulated fields")
    source = f"{asked.fields} simulated fields of {asked.size_pix} pixels as {checkpoint.about.name} learnt from"
    config = SimulationConfig(**data["simulation"])
    taught = measure_taught(
        checkpoint.bands, config, fields=asked.fields, size_pix=asked.size_pix, source=source,
        errors=checkpoint.config.errors,
    ).to_saved()  # fmt: skip
    write_json(taught_path(asked.model), taught)
    print(json.dumps(taught, indent=1))


if __name__ == "__main__":
    main()
