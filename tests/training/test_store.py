import errno
import os
from dataclasses import replace

import numpy as np
import pytest

from tests.old_files import old_store
from zpix.errors import OutputError, StoreError
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.store import Store, StoreWriter

SETTINGS = {"bands": ("A", "B"), "tile_size": 16, "pixel_scale_arcsec": 0.03, "settings": {"seed": 1}}


def tile(seed: int, sources: int = 3) -> AnnotatedTile:
    rng = np.random.default_rng(seed)
    return AnnotatedTile(
        flux=rng.normal(size=(2, 16, 16)).astype(np.float32),
        error=np.where(rng.random((2, 16, 16)) < 0.1, np.inf, 1).astype(np.float32),
        segmentation=rng.integers(0, sources + 1, (16, 16)).astype(np.int32),
        dust=0.01 * seed,
        label=np.ones(sources, np.int64),
        redshift=np.where(np.arange(sources) == 1, np.nan, seed).astype(np.float32),
        source_id=np.arange(sources) + 10 * seed,
    )


def same(a: AnnotatedTile, b: AnnotatedTile) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True) for n in
               ("flux", "error", "segmentation", "label", "redshift", "source_id"))  # fmt: skip


def test_tiles_come_back_as_they_were_written(tmp_path):
    writer = StoreWriter(tmp_path / "s", **SETTINGS)
    writer.add("train", tile(1))
    writer.add("test", None)
    writer.add("train", tile(2, sources=0))
    writer.add("validation", tile(3, sources=5))
    writer.close({"kind": "mock"})
    store = Store(tmp_path / "s")
    assert (store.count("train"), store.count("validation"), store.count("test")) == (2, 1, 0)
    assert same(store.read("train", 0), tile(1)) and same(store.read("train", 1), tile(2, sources=0))
    assert same(store.read("validation", 0), tile(3, sources=5))
    assert store.about == {"kind": "mock"} and store.bands == ("A", "B")


def test_an_interrupted_store_goes_on_after_its_last_whole_tile(tmp_path):
    writer = StoreWriter(tmp_path / "s", **SETTINGS)
    writer.add("train", tile(1))
    writer._root["train"]["flux"].append(np.zeros((1, 2, 16, 16), np.float32))  # killed in the middle of tile 2
    writer._root["train"]["label"].append(np.zeros(7, np.int64))
    with pytest.raises(StoreError, match="interrupted"):
        Store(tmp_path / "s")
    again = StoreWriter(tmp_path / "s", **SETTINGS)
    assert again.position == 1
    again.add("train", tile(2))
    again.close({})
    store = Store(tmp_path / "s")
    assert store.count("train") == 2 and same(store.read("train", 1), tile(2))


def test_other_settings_finished_stores_and_strangers_are_refused(tmp_path):
    writer = StoreWriter(tmp_path / "s", **SETTINGS)
    with pytest.raises(OutputError, match="other settings"):
        StoreWriter(tmp_path / "s", **{**SETTINGS, "settings": {"seed": 2}})
    writer.close({})
    with pytest.raises(OutputError, match="finished"):
        StoreWriter(tmp_path / "s", **SETTINGS)
    (tmp_path / "mine").mkdir()
    with pytest.raises(OutputError, match="not a training store"):
        StoreWriter(tmp_path / "mine", **SETTINGS)
    for path in ("nowhere", "mine"):
        with pytest.raises(StoreError, match=path):
            Store(tmp_path / path)


def test_a_store_of_an_older_version_opens(tmp_path):
    store = Store(old_store(tmp_path))
    assert store.bands == ("A", "B", "C") and store.about == {"kind": "blobs"}
    assert (store.count("train"), store.count("validation"), store.count("test")) == (1, 1, 0)
    tile = store.read("train", 0)
    assert tile.flux.shape == (3, 64, 64) and tile.label.tolist() == [1, 2, 1, 2]
    np.testing.assert_array_equal(tile.redshift, np.float32([np.nan, 1, np.nan, 3]))
    assert np.isinf(tile.error[1, :8, :8]).all() and set(np.unique(tile.segmentation)) == {0, 1, 2, 3, 4}


def test_a_full_disk_is_told_with_what_a_tile_needs(tmp_path, monkeypatch):
    writer = StoreWriter(tmp_path / "s", **SETTINGS)
    writer.add("train", tile(1))

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as zarr's, without the name of a file

    with monkeypatch.context() as disk:
        disk.setattr(StoreWriter, "_save", lambda self, whole: full())
        with pytest.raises(OutputError, match=r"s: cannot be written: No space .* free in .*a tile needs up to 5.1 kB"):
            writer.add("train", tile(2))
    again = StoreWriter(tmp_path / "s", **SETTINGS)
    assert again.position == 1


def test_a_model_of_measured_errors_reads_them_scaled(tmp_path):
    factor = np.array([2.0, 0.5], np.float32)
    writer = StoreWriter(tmp_path / "s", **SETTINGS)
    writer.add("train", replace(tile(1), error_factor=factor))
    writer.add("validation", replace(tile(2), error_factor=factor))
    writer.close({})
    given, measured = Store(tmp_path / "s").read("train", 0), Store(tmp_path / "s", errors="measured").read("train", 0)
    np.testing.assert_array_equal(measured.error, given.error * factor[:, None, None])
    np.testing.assert_array_equal(measured.flux, given.flux)
    assert (measured.error_factor == 1).all() and same(measured.in_errors("measured"), measured)
    assert Store(tmp_path / "s").error_factors().tolist() == [2.0, 0.5]


@pytest.mark.parametrize("age", ["old", "not measured"])
def test_a_store_whose_noise_is_not_known_is_refused_for_measured_errors(tmp_path, age):
    if age == "old":
        path = old_store(tmp_path)
    else:
        path = tmp_path / "s"
        writer = StoreWriter(path, **SETTINGS)
        writer.add("train", tile(1))
        writer.close({})
    assert Store(path).error_factors() is None
    with pytest.raises(StoreError, match="errors = measured"):
        Store(path, errors="measured")
