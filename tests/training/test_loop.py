import pytest

from zpix.config import TrainingConfig
from zpix.training.loop import learning_rate, write_losses


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
