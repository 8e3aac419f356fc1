"""Which sky, noise and sharpness do the fields have that a model was taught on?

    python experiments/taught_fields.py --model src/zpix/models/default.safetensors

Fields are drawn with the settings of the simulation that the model was trained on, and examined as mosaics are. What
they are like is summarised as by `zpix train` (`Taught.from_examinations`), but for depths, which are those of the
range of the settings. It is written beside the model, as `NAME.fields.json`, and `zpix run` and `zpix check` compare
mosaics with it.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from zpix.config import Errors, SimulationConfig
from zpix.detector import default_model, load_checkpoint, taught_path
from zpix.image import Region
from zpix.image.examination import BandExamination, Examination
from zpix.image.examine import examine_mosaic
from zpix.image.taught import Range, Taught
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
    taught = Taught.from_examinations(seen, source)
    ranges = {band: _depth_range([own[band] for own in seen], depths, config) for band in bands}
    return Taught({band: replace(taught.band(band), depth_mag=ranges[band]) for band in bands}, source)


def _examined(sky: Sky, size_pix: int) -> Examination:
    scene = sky.observe(Region.whole((size_pix, size_pix)))
    scale = sky.config.pixel_scale_arcsec
    return examine_mosaic(ArrayImage(sky.bands, scene.pixels, None, scale), pixel_scale_arcsec=scale)


def _depth_range(seen: Sequence[BandExamination], depths: Sequence[float], config: SimulationConfig) -> Range:
    """Depths of the shallowest and the deepest field of these settings, mag."""
    deep = np.mean([own.depth_mag + 2.5 * math.log10(depth) for own, depth in zip(seen, depths, strict=True)])
    shallowest, deepest = (float(deep - 2.5 * math.log10(factor)) for factor in config.depth_range[::-1])
    return shallowest, deepest


def main() -> None:
    """Measure, print and write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, default=default_model())
    options.add_argument("--fields", type=int, default=8)
    options.add_argument("--size-pix", type=int, default=512)
    asked = options.parse_args()
    checkpoint = load_checkpoint(asked.model)
    data = checkpoint.about.training_data or {}
    if data.get("kind") not in ("mock", "colours of a mock"):
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
