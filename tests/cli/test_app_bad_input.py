"""Bad input of a run is one sentence and exit code 2, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import NAN, ONES, call, mosaics, one_sentence
from tests.detector.scenery import small_model
from tests.image.small_mosaics import SHAPE, jades_file
from zpix.detector import Checkpoint, Detector, save_checkpoint
from zpix.image import tangent_wcs

Arguments = list[str | Path]


# Bad input, each a function of an empty directory that gives the arguments of `zpix run` (without --out and --model).


def missing_file(place: Path) -> Arguments:
    return [*mosaics(place, "a_f200w"), place / "a_f444w_drz.fits"]


def missing_directory(place: Path) -> Arguments:
    return [place / "nowhere"]


def band_twice(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w", "b_f444w")]


def different_grids(place: Path) -> Arguments:
    mosaics(place, "a_f200w")
    jades_file(place / "a_f444w_drz.fits", tangent_wcs(53.1, -27.8, SHAPE, 0.06), ONES, ONES)
    return [place]


def different_shapes(place: Path) -> Arguments:
    mosaics(place, "a_f200w")
    mosaics(place, "a_f444w", flux=ONES[1:], error=ONES[1:])
    return [place]


def all_nan_band(place: Path) -> Arguments:
    return [*mosaics(place, "a_f200w"), *mosaics(place, "a_f444w", flux=NAN)]


def mosaic_without_pixels(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w", flux=ONES[:0], error=ONES[:0])]


def mosaic_without_a_byte(place: Path) -> Arguments:
    (place / "a_f444w_drz.fits").touch()
    return [place]


def directory_without_mosaics(place: Path) -> Arguments:
    (place / "notes.txt").touch()
    return [place]


def truncated_fits(place: Path) -> Arguments:
    (path,) = mosaics(place, "a_f444w")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return [path]


def not_fits(place: Path) -> Arguments:
    (place / "a_f444w_drz.fits").write_text("these are not the pixels you are looking for")
    return [place]


def model_of_other_bands(place: Path) -> Arguments:
    save_checkpoint(place / "other.safetensors", Checkpoint(Detector(small_model(bands=("HSC-G", "HSC-R")))))
    return [*mosaics(place, "a_f444w"), "--model", place / "other.safetensors"]


def missing_model(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w"), "--model", place / "model.safetensors"]


def truncated_model(place: Path) -> Arguments:
    path = place / "cut.safetensors"
    save_checkpoint(path, Checkpoint(Detector(small_model(bands=("F444W",)))))
    path.write_bytes(path.read_bytes()[:100_000])
    return [*mosaics(place, "a_f444w"), "--model", path]


def pickled_model(place: Path) -> Arguments:
    (place / "model.pt").write_bytes(b"\x80\x04cos\nsystem\n")
    return [*mosaics(place, "a_f444w"), "--model", place / "model.pt"]


def model_of_another_architecture(place: Path) -> Arguments:
    detector = Detector(small_model(bands=("F444W",)))
    detector.config = small_model(bands=("F444W",), box_hidden=64, mask_layers=3)
    save_checkpoint(place / "odd.safetensors", Checkpoint(detector))
    return [*mosaics(place, "a_f444w"), "--model", place / "odd.safetensors"]


def other_pixel_scale(place: Path) -> Arguments:
    place.mkdir(exist_ok=True)
    return [jades_file(place / "a_f444w_drz.fits", tangent_wcs(53.1, -27.8, SHAPE, 0.06), ONES, ONES)]


def unknown_setting(place: Path) -> Arguments:
    (place / "settings.toml").write_text("[inference]\ntiles = 3\n")
    return [*mosaics(place, "a_f444w"), "--config", place / "settings.toml"]


def odd_tile_size(place: Path) -> Arguments:
    (place / "settings.toml").write_text("[inference]\ntile_size = 500\n")
    return [*mosaics(place, "a_f444w"), "--config", place / "settings.toml"]


def missing_settings(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w"), "--config", place / "settings.toml"]


def missing_dust_map(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w"), "--dust", place / "planck.fits"]


def negative_dust(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w"), "--dust=-1"]


def unknown_device(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w"), "--device", "abacus"]


def no_conformal_intervals(place: Path) -> Arguments:
    return [*mosaics(place, "a_f444w"), "--intervals", "conformal"]


BAD_INPUT: dict[Callable[[Path], Arguments], str] = {
    missing_file: "a_f444w_drz.fits",
    missing_directory: "nowhere",
    band_twice: "twice",
    different_grids: "zpix align",
    different_shapes: "zpix align",
    all_nan_band: "no valid pixel",
    mosaic_without_pixels: "a_f444w_drz.fits",
    mosaic_without_a_byte: "a_f444w_drz.fits",
    directory_without_mosaics: "_drz.fits",
    truncated_fits: "truncated",
    not_fits: "not a FITS file",
    model_of_other_bands: "HSC-G HSC-R",
    missing_model: "no such model file",
    truncated_model: "cut.safetensors",
    pickled_model: "model.pt",
    model_of_another_architecture: "odd.safetensors: tensors do not fit",
    other_pixel_scale: "0.06",
    unknown_setting: "unknown setting 'inference.tiles'",
    odd_tile_size: "tile_size is 500",
    missing_settings: "no such configuration file",
    missing_dust_map: "planck.fits",
    negative_dust: "-1",
    unknown_device: "'abacus'",
    no_conformal_intervals: "tiny.safetensors: has no conformal intervals",
}


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.__name__)
def test_bad_input_of_a_run(bad, tmp_path, monkeypatch, capsys, tiny_model):
    (tmp_path / "input").mkdir()
    (tmp_path / "output").mkdir()
    arguments = bad(tmp_path / "input")
    if "--model" not in arguments:
        arguments += ["--model", tiny_model]
    code = call(monkeypatch, "run", *arguments, "--out", tmp_path / "output" / "run", "--force")  # one band is enough
    one_sentence(capsys, code, BAD_INPUT[bad])
    assert list((tmp_path / "output").iterdir()) == []
