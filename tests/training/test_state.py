import pytest
import torch
from torch import nn

from tests.old_files import old_state
from zpix.config import TrainingConfig
from zpix.errors import OutputError
from zpix.training.state import TrainingState, load_state, save_state


def begun() -> tuple[nn.Module, torch.optim.Optimizer]:
    layer = nn.Linear(2, 2)
    return layer, torch.optim.SGD(layer.parameters(), 0.1, momentum=0.9)


def test_a_state_comes_back_as_it_was_saved(tmp_path):
    layer, optimizer = begun()
    layer(torch.ones(2)).sum().backward()
    optimizer.step()
    state = TrainingState(1, [{"epoch": 1, "split": "train", "redshift": 2.0}], 3.0)
    save_state(tmp_path / "state.safetensors", layer, optimizer, TrainingConfig(), state)
    again, its_optimizer = begun()
    assert load_state(tmp_path / "state.safetensors", again, its_optimizer, TrainingConfig()) == state
    torch.testing.assert_close(again.state_dict(), layer.state_dict(), rtol=0, atol=0)
    saved, loaded = (own.state_dict()["state"] for own in (optimizer, its_optimizer))
    torch.testing.assert_close(loaded, saved, rtol=0, atol=0)


def test_without_a_file_a_state_is_fresh(tmp_path):
    assert load_state(tmp_path / "state.safetensors", *begun(), TrainingConfig()) == TrainingState()


def test_a_state_of_an_older_version_opens():
    layer, optimizer = begun()
    state = load_state(old_state(), layer, optimizer, TrainingConfig(epochs=4))
    assert state == TrainingState(1, [{"epoch": 1, "split": "train", "redshift": 2.5}], 1.5)
    torch.testing.assert_close(layer.bias.data, torch.tensor([-0.14014336466789246, -0.7220895290374756]))
    torch.testing.assert_close(optimizer.state_dict()["state"][0]["momentum_buffer"], torch.ones(2, 2))
    assert load_state(old_state(), layer, optimizer, TrainingConfig(epochs=5)) == state  # it can be extended
    with pytest.raises(OutputError, match="epochs is 4 there and 3 here"):
        load_state(old_state(), layer, optimizer, TrainingConfig(epochs=3))
