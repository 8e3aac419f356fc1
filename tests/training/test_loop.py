import logging

import pytest
import torch
from torch import nn

from zpix.config import TrainingConfig
from zpix.errors import OutputError
from zpix.training.loop import Training, learn, learning_rate, write_losses


def test_the_rate_warms_up_and_falls_in_steps():
    config = TrainingConfig(learning_rate=1.0, warmup_steps=10, milestones=(0.5, 0.8))
    rates = [learning_rate(step, 100, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[20] == 1.0
    assert rates[60] == pytest.approx(0.1) and rates[90] == pytest.approx(0.01)
    cosine = TrainingConfig(learning_rate=1.0, warmup_steps=0, schedule="cosine")
    assert learning_rate(100, 100, cosine) == pytest.approx(0, abs=1e-9)


def test_losses_are_a_table_whose_columns_come_as_they_first_appear(tmp_path):
    rows = [{"epoch": 1, "split": "train", "mask": 0.5}, {"epoch": 1, "split": "validation", "redshift": 2.0}]
    write_losses(tmp_path / "losses.csv", rows)
    assert (tmp_path / "losses.csv").read_text().splitlines() == [
        "epoch,split,mask,redshift", "1,train,0.5,", "1,validation,,2.0",
    ]  # fmt: skip


class Counting(Training):
    """One weight that is the number of steps; scores are given."""

    title = "counting"
    steps, clip_norm = 2, 1e9

    def __init__(self, scores: list[float | None], epochs: int) -> None:
        self.network = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.network.weight)
        self.epochs = epochs
        self.config = self.schedule = TrainingConfig(epochs=epochs, learning_rate=1.0, warmup_steps=0, milestones=())
        self.optimizer = torch.optim.SGD(self.network.parameters(), 1.0)
        self.scores = scores

    def begin(self, epoch):
        """Nothing is to be prepared."""

    def losses(self, epoch):
        for _ in range(self.steps):
            yield {"count": -self.network.weight.sum()}

    def validate(self, epoch):
        return None if self.scores[epoch] is None else {"count": self.scores[epoch]}

    def checkpoint(self, state, rows):
        return state.epoch, self.network.weight.item()


@pytest.fixture
def written(monkeypatch) -> list[tuple[int, float]]:
    """Epochs and weights of the models that were written."""
    models: list[tuple[int, float]] = []
    monkeypatch.setattr("zpix.training.loop.save_checkpoint", lambda _, model: models.append(model))
    return models


def test_the_best_epoch_is_the_result_and_a_training_can_be_extended(tmp_path, written, caplog):
    with caplog.at_level(logging.INFO, "zpix.progress"):
        learn(Counting([3.0, 1.0, 2.0], 3), tmp_path)
    assert written == [(1, 2.0), (2, 4.0)]  # not the third epoch, which was worse
    assert [line.partition(", loss")[0] for line in caplog.messages] == [f"counting: epoch {e} of 3" for e in (1, 2, 3)]
    assert caplog.messages[-1].endswith("best epoch so far 2")
    learn(Counting([3.0, 1.0, 2.0], 3), tmp_path)  # there is nothing left to do
    learn(Counting([0.0, 0.0, 0.0, 1.5, 0.5], 5), tmp_path)
    assert written == [(1, 2.0), (2, 4.0), (5, 10.0)]
    with pytest.raises(OutputError, match="epochs is 5 there and 4 here"):
        learn(Counting([0.0] * 4, 4), tmp_path)


def test_without_validation_the_last_epoch_is_the_result(tmp_path, written):
    learn(Counting([None, float("nan"), None], 3), tmp_path)
    assert [epoch for epoch, _ in written] == [1, 2, 3]


def test_a_validated_epoch_is_better_than_those_that_were_not(tmp_path, written):
    learn(Counting([None, 5.0, None, 4.0], 4), tmp_path)
    assert [epoch for epoch, _ in written] == [1, 2, 4]
