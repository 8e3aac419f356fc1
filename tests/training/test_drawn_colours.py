"""Skies that are drawn for the redshift head and not kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from zpix.config import Config, ModelConfig, PretrainingConfig, SimulationConfig, TrainingConfig
from zpix.detector import load_checkpoint
from zpix.detector.tensor_file import write_tensors
from zpix.errors import OutputError, StoreError
from zpix.jobs.prepare import prepare
from zpix.jobs.pretrain import pretrain
from zpix.jobs.train import train
from zpix.training import drawn_colours
from zpix.training.drawn_colours import draw_colours, join_colours
from zpix.training.source_sums import SourceSums

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

BANDS = ("F200W", "F444W")
MODEL = ModelConfig(bands=BANDS, pyramid_channels=8, box_hidden=16, mask_layers=1, mixture_components=3)
SKY = SimulationConfig(limit_mag=27.5, psf_angle_deg=0.0, star_density=0, brown_dwarf_per_arcmin2=0, cell_size_pix=192)
WEIGHTS = ("cutout_size_pix", "gaussian_sigmas_pix", "elliptical_widths")
FIT = PretrainingConfig(epochs=3, batch_size=64, realisations=2)


def draw(out: Path, tiles: int, *, workers: int = 1, **changes) -> tuple[SourceSums, SourceSums | None]:
    given = {"seed": 5, "simulation": SKY, "model": MODEL, "config": FIT, "tile_size": 192} | changes
    return draw_colours(out, tiles=tiles, workers=workers, **given)


def as_drawn(place: Path, redshifts: list[float], **settings) -> Path:
    """A directory as `draw_colours` leaves it, with sums of nothing in particular."""
    place.mkdir(parents=True)
    said = {"bands": BANDS, **{name: getattr(MODEL, name) for name in WEIGHTS}} | settings
    (place / "settings.json").write_text(json.dumps(said))
    width = 2 * len(BANDS) * (len(MODEL.gaussian_sigmas_pix) + len(MODEL.elliptical_widths) + 1) + 2 * len(BANDS) + 2
    rng = torch.Generator().manual_seed(len(redshifts))
    sums = torch.randn(len(redshifts), width, generator=rng)
    tensors = {"train.sums": sums, "train.redshift": torch.tensor(redshifts), "train.dust": torch.zeros(len(sums))}
    write_tensors(place / "000000-000019.safetensors", tensors, {})
    return place


def test_a_head_learns_from_the_colours_of_several_skies(tmp_path):
    places = [as_drawn(tmp_path / "low", [0.5, 1.0, 1.5]), as_drawn(tmp_path / "high", [6.0, 9.0])]
    training, validation, settings = join_colours(places, MODEL)
    assert training.redshift.tolist() == [0.5, 1.0, 1.5, 6.0, 9.0] and validation is None and len(settings) == 2
    model = load_checkpoint(pretrain(places, out=tmp_path / "both", config=Config(model=MODEL, pretraining=FIT)))
    assert model.about.z_range == (0.5, 9.0) and model.about.counts == {"train": {"sources": 5}}


@pytest.mark.parametrize(("name", "value"), [("bands", ["F090W", "F444W"]), ("errors", "measured")])
def test_colours_of_other_bands_or_errors_are_refused(tmp_path, name, value):
    place = as_drawn(tmp_path / "other", [1.0], **{name: value})
    with pytest.raises(StoreError, match=re.escape(f"other' holds colours with {name} = {value}; the model has")):
        pretrain(place, out=tmp_path / "out", config=Config(model=MODEL, pretraining=FIT))
    assert not (tmp_path / "out").exists()


@pytest.fixture
def small_files(monkeypatch):
    """Files of six tiles in place of twenty."""
    monkeypatch.setattr(drawn_colours, "_TILES", 6)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> tuple[Path, SourceSums, SourceSums]:
    out = tmp_path_factory.mktemp("colours")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn_colours, "_TILES", 6)
        training, validation = draw(out, 7, workers=2)  # the second file has one
    assert validation is not None
    return out, training, validation


@pytest.mark.slow
def test_realisations_share_redshifts_and_the_last_tile_of_a_whole_file_is_for_validation(drawn):
    _, training, validation = drawn
    assert torch.isfinite(training.sums).all() and 0 < len(validation.redshift) < len(training.redshift) / 4
    _, counts = torch.unique(training.redshift, return_counts=True)
    assert (counts == FIT.realisations).all()
    assert len(torch.unique(training.sums, dim=0)) == len(training.redshift)
    assert not set(validation.redshift.tolist()) & set(training.redshift.tolist())


@pytest.mark.slow
@pytest.mark.usefixtures("small_files")
def test_a_killed_drawing_goes_on_and_other_skies_are_refused(drawn):
    out, training, _ = drawn
    files = sorted(out.glob("*.safetensors"))
    whole = files[1].read_bytes()
    files[1].unlink()
    kept = files[0].stat().st_mtime_ns
    again, _ = draw(out, 7)
    assert files[1].read_bytes() == whole and files[0].stat().st_mtime_ns == kept
    torch.testing.assert_close(again.sums, training.sums, rtol=0, atol=0)
    with pytest.raises(OutputError, match="other settings: seed is 5 there and 6 here; choose"):
        draw(out, 7, seed=6)
    settings = out / "settings.json"
    whole = settings.read_text()
    settings.write_text(whole.replace("{", '{\n  "of_old": 1,', 1))  # of a version that had one more
    with pytest.raises(OutputError, match="of_old is 1 there and not set here"):
        draw(out, 7)
    settings.write_text(whole)


@pytest.mark.slow
@pytest.mark.usefixtures("small_files")
def test_a_head_learns_from_drawn_skies_and_a_detector_takes_it(tmp_path):
    config = Config(model=MODEL, pretraining=FIT, simulation=SKY)
    path = pretrain(out=tmp_path / "head", mock=6, config=config, tile_size_pix=192)
    rows = [line.split(",") for line in (tmp_path / "head" / "losses.csv").read_text().splitlines()[1:]]
    losses = {split: [float(row[2]) for row in rows if row[1] == split] for split in ("train", "validation")}
    assert losses["train"][-1] < losses["train"][0] - 0.1 and len(losses["validation"]) == FIT.epochs
    about = load_checkpoint(path).about
    assert about.training_data["tiles"] == 6 and about.counts["train"]["redshifts"] > 10

    prepare(out=tmp_path / "store", mock=3, seed=1, config=SKY, bands=BANDS, tile_size_pix=192)
    quick = TrainingConfig(epochs=1, batch_size=2, learning_rate=1e-12, warmup_steps=0, precision="fp32")
    settings = Config(model=MODEL, training=quick)
    trained = train(tmp_path / "store", out=tmp_path / "run", config=settings, redshift_head=path)
    ours, theirs = (load_checkpoint(model).detector.redshift_head for model in (trained, path))
    torch.testing.assert_close(ours.photometry.state_dict(), theirs.photometry.state_dict())
    assert load_checkpoint(trained).about.started_from == {"redshift_head": "head/model.safetensors"}
