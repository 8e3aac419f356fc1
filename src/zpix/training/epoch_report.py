"""What is known of a training after an epoch?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zpix.progress import duration


@dataclass(frozen=True)
class EpochReport:
    """An epoch of a training, for whoever watches it.

    Attributes
    ----------
    epoch, epochs : int
        Number of the epoch, from 1, and how many there will be.
    losses : mapping of str to float
        Mean of each loss over the epoch's batches.
    scores : mapping of str to float
        Validation scores by name; empty if it was not validated.
    rate : float
        Learning rate at the end of the epoch.
    seconds, seconds_left : float
        What the epoch took, and what the others will take at the pace so far.
    best_epoch : int
        The epoch with the best validation score so far; 0 without validation.
    losses_file : Path
        Table of all epochs so far, beside which the model is.
    """

    epoch: int
    epochs: int
    losses: Mapping[str, float]
    scores: Mapping[str, float]
    rate: float
    seconds: float
    seconds_left: float
    best_epoch: int
    losses_file: Path

    def told(self) -> str:
        """Tell the epoch, the rate and the time left in a line.

        Returns
        -------
        str
            Such as "epoch 5 of 60, learning rate 0.0002, 40 s an epoch, 37 min left, best epoch 4".
        """
        parts = [f"epoch {self.epoch} of {self.epochs}", f"learning rate {self.rate:.2g}"]
        parts.append(f"{duration(self.seconds)} an epoch")
        parts.append("finished" if self.epoch == self.epochs else f"{duration(self.seconds_left)} left")
        return ", ".join(parts + ([f"best epoch {self.best_epoch}"] if self.best_epoch else []))


#: What is called after each epoch.
OnEpoch = Callable[[EpochReport], None]


def nothing(report: EpochReport) -> None:
    """Do nothing after an epoch.

    Parameters
    ----------
    report : EpochReport
        Not looked at.
    """
