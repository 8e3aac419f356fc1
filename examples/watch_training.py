"""Watch a training in TensorBoard (pip install 'zpix[tensorboard]'), and from there in any logger:

python examples/watch_training.py STORE OUT [SETTINGS.toml]
tensorboard --logdir OUT/tensorboard
"""

from __future__ import annotations

import sys
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

import zpix
from zpix.training.epoch_report import EpochReport


def main(store: str, out: str, settings: str | None = None) -> None:
    with SummaryWriter(Path(out) / "tensorboard") as writer:

        def watch(report: EpochReport) -> None:
            for name, value in report.losses.items():
                writer.add_scalar(f"loss/{name}", value, report.epoch)
            for name, value in report.scores.items():
                writer.add_scalar(f"validation/{name}", value, report.epoch)
            writer.add_scalar("learning rate", report.rate, report.epoch)
            writer.flush()
            print(report.told())

        print(zpix.train(store, out=Path(out) / "model", config=settings, on_epoch=watch))


if __name__ == "__main__":
    main(*sys.argv[1:])
