import h5py
import numpy as np
import pytest

from tests.surveys.scenery import write_galaxiesml
from zpix.errors import InputFileError
from zpix.surveys import GalaxiesML
from zpix.surveys.galaxiesml import background_sigma


def joined(batches):
    return [np.concatenate(column) for column in zip(*batches, strict=True)]


def test_every_galaxy_with_a_redshift_is_read_once(tmp_path):
    paths = [write_galaxiesml(tmp_path / f"{n}.hdf5", count=70 - 20 * n, seed=n) for n in range(2)]
    with h5py.File(paths[0], "a") as file:
        file["specz_redshift"][3:5] = [np.nan, -9.0]
    galaxies = GalaxiesML(paths, size=64)
    assert len(galaxies) == len(galaxies.redshift) == 118
    flux, error, redshift = joined(galaxies.batches(32))
    assert flux.shape == error.shape == (118, 5, 64, 64)
    np.testing.assert_array_equal(redshift, galaxies.redshift)
    with h5py.File(paths[1]) as file:
        np.testing.assert_array_equal(flux[68:], file["image"][:])
    shuffled = list(galaxies.batches(32, np.random.default_rng(0)))
    assert max(len(batch[2]) for batch in shuffled) <= 32
    again = joined(shuffled)
    assert not np.array_equal(again[2], redshift)
    order, own = np.argsort(again[2]), np.argsort(redshift)
    np.testing.assert_array_equal(again[0][order], flux[own])


def test_the_noise_is_that_of_the_sky_and_not_of_the_galaxy(tmp_path):
    galaxies = GalaxiesML([write_galaxiesml(tmp_path / "a.hdf5", count=40)], size=32)
    flux, error, _ = joined(galaxies.batches(64))
    assert flux.shape == (40, 5, 32, 32)
    np.testing.assert_allclose(np.median(error, (0, 2, 3)), [0.02, 0.03, 0.04, 0.06, 0.1], rtol=0.1)


def test_what_was_not_observed_is_not_valid(tmp_path):
    path = write_galaxiesml(tmp_path / "a.hdf5", count=2)
    with h5py.File(path, "a") as file:
        file["image"][0, 1] = 0.0
        file["image"][0, 2] = np.nan
        file["image"][1, 0, :10] = np.nan
    (batch,) = GalaxiesML([path], size=64).batches(8)
    valid = np.isfinite(batch[1])
    assert not valid[0, 1:3].any() and valid[0, 3:].all()
    assert not valid[1, 0, :10].any() and valid[1, 0, 10:].all() and valid[1, 1:].all()


def test_sigma_of_noise():
    image = np.random.default_rng(0).normal(5, 3, (4, 2, 100, 100)).astype(np.float32)
    np.testing.assert_allclose(background_sigma(image), 3, rtol=0.03)


def remove(name):
    def change(file):
        del file[name]

    return change


def replace(name, values):
    def change(file):
        del file[name]
        file[name] = values

    return change


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (remove("image"), "no dataset 'image'"),
        (remove("specz_redshift"), "no dataset 'specz_redshift'"),
        (replace("image", np.zeros((4, 3, 64, 64))), r"\(4, 3, 64, 64\)"),
        (replace("image", np.zeros((4, 64, 64))), r"\(4, 64, 64\)"),
        (replace("image", np.zeros((4, 5, 40, 40))), "40 pixels a side"),
        (replace("specz_redshift", np.zeros(3)), r"shape \(3,\)"),
        (replace("specz_redshift", np.full(4, np.nan)), "no redshift"),
        (replace("specz_redshift", np.array([b"a"] * 4)), "numbers"),
    ],
)
def test_a_file_that_is_not_galaxiesml_is_refused_in_one_sentence(tmp_path, change, word):
    path = write_galaxiesml(tmp_path / "a.hdf5", count=4)
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(InputFileError, match=word) as raised:
        GalaxiesML([path], size=64)
    assert "a.hdf5" in str(raised.value) and "\n" not in str(raised.value)


def test_a_broken_or_missing_file_is_named(tmp_path):
    whole = write_galaxiesml(tmp_path / "a.hdf5", count=4).read_bytes()
    (tmp_path / "cut.hdf5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputFileError, match="not a complete HDF5 file"):
        GalaxiesML([tmp_path / "cut.hdf5"], size=64)
    with pytest.raises(InputFileError, match="no such file"):
        GalaxiesML([tmp_path / "none.hdf5"], size=64)
