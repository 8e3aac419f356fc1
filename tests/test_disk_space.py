"""What is said of a disk that is full, or too small."""

import errno
import shutil

import pytest

from zpix.disk_space import reason_of, refuse_without_room
from zpix.errors import OutputError
from zpix.outputs import output_directory, resumable_directory, whole_file


@pytest.fixture(autouse=True)
def _small_disk(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**6, 10**6 - 12_000, 12_000))


def test_too_little_room_is_told_with_both_numbers(tmp_path):
    refuse_without_room(tmp_path, 12_000, "x: cannot be written", remedy="choose another place")
    with pytest.raises(OutputError) as caught:
        refuse_without_room(tmp_path / "not" / "made", 2.5e9, "x: cannot be written", remedy="choose another place")
    assert str(caught.value) == (
        f"x: cannot be written: it needs 2.5 GB in '{tmp_path / 'not' / 'made'}', where 12.0 kB are free; choose "
        "another place"
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_its_place(tmp_path, number):
    assert reason_of(OSError(number, "is full"), tmp_path / "a") == f"is full (12.0 kB are free in '{tmp_path}')"
    assert reason_of(PermissionError(errno.EACCES, "not allowed"), tmp_path / "a") == "not allowed"


@pytest.mark.parametrize("kind", ["file", "directory", "resumable"])
def test_writing_to_a_full_disk_ends_in_a_sentence_and_leaves_nothing(tmp_path, kind):
    place = tmp_path / "out"
    writers = {
        "file": lambda: whole_file(place),
        "directory": lambda: output_directory(place, products=(), overwrite=False),
        "resumable": lambda: resumable_directory(place, {}, products=(), overwrite=False),
    }
    # as figures, whose errors do not name the file
    with pytest.raises(OutputError, match=rf"{place}: cannot be written: is full \(12.0 kB are free"), writers[kind]():
        raise OSError(errno.ENOSPC, "is full")
    assert not list(tmp_path.iterdir())


def test_other_errors_stay_what_they_are(tmp_path):
    with (
        pytest.raises(OSError, match="shorter"),
        output_directory(tmp_path / "out", products=(), overwrite=False),
    ):
        raise OSError(errno.EIO, "the file has become shorter while it was read")
