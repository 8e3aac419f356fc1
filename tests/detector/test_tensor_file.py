from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from zpix.detector import tensor_file
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.errors import ModelError, OutputError

TENSORS = {"a": torch.arange(3), "b": torch.ones(2, 2)}


def test_tensors_and_header_come_back(tmp_path):
    write_tensors(tmp_path / "new" / "t.safetensors", TENSORS, {"format": "test"})
    tensors, header = read_tensors(tmp_path / "new" / "t.safetensors")
    torch.testing.assert_close(tensors, TENSORS)
    assert header == {"format": "test"}


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "t.safetensors"
    path.write_text("before")

    def fill_the_disk(tensors, name, metadata):
        Path(name).write_text("half")
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(tensor_file, "save_file", fill_the_disk)
    with pytest.raises(OutputError, match=r"t\.safetensors: cannot be written: .*No space left"):
        write_tensors(path, TENSORS, {})
    assert [p.name for p in tmp_path.iterdir()] == ["t.safetensors"]
    assert path.read_text() == "before"


def test_the_file_is_as_readable_as_others(tmp_path):
    write_tensors(tmp_path / "t.safetensors", TENSORS, {})
    (tmp_path / "other").touch()
    assert (tmp_path / "t.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_damaged_file_is_refused_by_name(tmp_path):
    path = tmp_path / "t.safetensors"
    with pytest.raises(ModelError, match=r"t\.safetensors: no such model file"):
        read_tensors(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match=r"t\.safetensors: not a whole safetensors file"):
        read_tensors(path)
