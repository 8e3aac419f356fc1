"""Turn a trained model into the shipped one, in half precision and with its scores in the header.

python recipes/ship.py runs/default/model.safetensors --reports three-fields/*/evaluation/report.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from zpix.detector import load_checkpoint, save_checkpoint
from zpix.jobs.calibrate import calibrate

SHIPPED = Path(str(files("zpix"))) / "models" / "default.safetensors"


def main() -> None:
    """Calibrate, add scores, and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path, help="checkpoint of zpix train")
    options.add_argument(
        "--calibrate-on", type=Path, help="store whose validation tiles widths of PDFs and intervals are fitted on"
    )
    options.add_argument(
        "--bands-seen", choices=["all", "sets"], default="all", help="fit them in all bands, or in random sets"
    )
    options.add_argument("--name", help="name of the model; its own by default")
    options.add_argument("--reports", type=Path, nargs="*", default=[], help="report.json of fields it has not seen")
    options.add_argument("--out", type=Path, default=SHIPPED)
    asked = options.parse_args()

    if asked.calibrate_on is not None:
        print(calibrate(asked.model, asked.calibrate_on, bands_seen=asked.bands_seen))
    trained = load_checkpoint(asked.model)
    about = trained.about
    if asked.reports:
        metrics = [json.loads(report.read_text())["redshifts"]["F444W < 27"] for report in asked.reports]
        about = replace(about, metrics=metrics)
    if asked.name:
        about = replace(about, name=asked.name)
    about = replace(about, training_data=without_folders(about.training_data))
    save_checkpoint(asked.out, replace(trained, about=about), half=True)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.1f} MB")


def without_folders(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a model learnt from, with lists of templates by their names alone."""
    told = dict(data or {})
    if "simulation" in told:
        spectra = {Path(name).name: share for name, share in told["simulation"]["spectra"].items()}
        told["simulation"] = {**told["simulation"], "spectra": spectra}
    return told


if __name__ == "__main__":
    main()
