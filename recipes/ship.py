"""Turn a trained model into the one that ships: half precision, and what it scores in its header.

    python recipes/ship.py runs/default/model.safetensors --box-head runs/stars/model.safetensors \
        three-fields/*/evaluation/report.json
"""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from pathlib import Path

from zpix.detector import Checkpoint, load_checkpoint, save_checkpoint

SHIPPED = Path(str(files("zpix"))) / "models" / "default.safetensors"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path, help="checkpoint of zpix train")
    options.add_argument("--box-head", type=Path, help="checkpoint whose box and class head to take")
    options.add_argument("reports", type=Path, nargs="*", help="report.json of fields it has not seen")
    options.add_argument("--out", type=Path, default=SHIPPED)
    asked = options.parse_intermixed_args()

    trained = load_checkpoint(asked.model)
    about = dict(trained.about)
    if asked.box_head is not None:
        other = load_checkpoint(asked.box_head)
        weights = {n: v for n, v in other.detector.state_dict().items() if n.startswith("box_head.")}
        trained.detector.load_state_dict({**trained.detector.state_dict(), **weights})
        about["box_head_training_data"] = other.about["training_data"]
    metrics = [json.loads(report.read_text())["redshifts"]["F444W < 27"] for report in asked.reports]
    save_checkpoint(asked.out, Checkpoint(trained.detector, {**about, "metrics": metrics}), half=True)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
