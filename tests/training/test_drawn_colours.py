"""Skies that are drawn for the redshift head and not kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from zpix.config import Config, ModelConfig, PretrainingConfig, SimulationConfig, TrainingConfig
from zpix.detector import Checkpoint, Detector, load_checkpoint, save_checkpoint
from zpix.detector.tensor_file import write_tensors
from zpix.errors import OutputError, StoreError
from zpix.jobs.prepare import prepare
from zpix.jobs.pretrain import pretrain
from zpix.jobs.train import train
from zpix.training import drawn_colours
from zpix.training.drawn_colours import draw_colours, join_colours
from zpix.training.separate_sums import SeparateSums, redrawn, together
from zpix.training.source_sums import SourceSums

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

BANDS = ("F200W", "F444W")
MODEL = ModelConfig(bands=BANDS, pyramid_channels=8, box_hidden=16, mask_layers=1, mixture_components=3)
SKY = SimulationConfig(limit_mag=27.5, psf_angle_deg=0.0, star_density=0, brown_dwarf_per_arcmin2=0, cell_size_pix=192)
WEIGHTS = ("cutout_size_pix", "gaussian_sigmas_pix", "elliptical_widths")
FIT = PretrainingConfig(epochs=3, batch_size=64, realisations=2)


def draw(out: Path, tiles: int, *, workers: int = 1, **changes) -> tuple[SeparateSums, SourceSums | None]:
    given = {"seed": 5, "simulation": SKY, "model": MODEL, "config": FIT, "tile_size": 192} | changes
    return draw_colours(out, tiles=tiles, workers=workers, **given)


def as_drawn(place: Path, redshifts: list[float], **settings) -> Path:
    """A directory as `draw_colours` leaves it, with sums of nothing in particular."""
    place.mkdir(parents=True)
    said = {"bands": BANDS, **{name: getattr(MODEL, name) for name in WEIGHTS}} | settings
    (place / "settings.json").write_text(json.dumps(said))
    tensors = {f"train.{name}": value for name, value in sums_of(redshifts)._asdict().items()}
    write_tensors(place / "000000-000019.safetensors", tensors, {})
    return place


def sums_of(redshifts: list[float]) -> SeparateSums:
    """Galaxies without neighbours, the more noisy the further away, in two bands."""
    n, bands = len(redshifts), len(BANDS)
    per_sum = (n, bands, len(MODEL.gaussian_sigmas_pix) + len(MODEL.elliptical_widths) + 1)
    rng = torch.Generator().manual_seed(n)
    redshift = torch.tensor(redshifts)
    sigma = (1 + redshift)[:, None, None].expand(per_sum).contiguous()
    return SeparateSums(
        response=torch.full(per_sum, 0.5), others=torch.zeros(per_sum), sigma=sigma,
        noise=sigma * torch.randn(per_sum, generator=rng), coverage=torch.ones(n, bands), size=torch.full((n, 2), 16.0),
        flux=torch.full((n, bands), 100.0), magnitude=torch.full((n,), 26.4), kind=torch.zeros(n, dtype=torch.uint8),
        redshift=redshift, dust=torch.full((n,), 0.02),
    )  # fmt: skip


def significances(sums: SourceSums) -> torch.Tensor:
    """Sums over their noise, (n, band, sum)."""
    n = len(BANDS) * (len(MODEL.gaussian_sigmas_pix) + len(MODEL.elliptical_widths) + 1)
    return torch.sinh(2 * sums.sums[:, :n]).reshape(len(sums.sums), len(BANDS), -1)


def test_galaxies_have_other_spectra_noise_and_depths_in_every_epoch_and_keep_the_rest():
    sums = sums_of([1.0] * 400)
    given = {"model": MODEL, "simulation": SKY, "band_dropout": 0.0}
    first, second = (redrawn(sums, rng=np.random.default_rng(seed), **given) for seed in (1, 2))
    again = redrawn(sums, rng=np.random.default_rng(1), **given)
    torch.testing.assert_close(first.sums, again.sums, rtol=0, atol=0)
    assert (first.sums != second.sums).any(1).all() and (first.redshift != second.redshift).all()
    assert (first.redshift - 1).abs().max() < 0.2 and first.redshift.mean() == pytest.approx(1, abs=0.01)
    drawn, seen = significances(together(sums, model=MODEL)), significances(first)
    assert seen[:, 1].mean() == pytest.approx(float(drawn[:, 1].mean()), rel=0.15)  # of F444W, which is given
    colour = seen[:, 0].mean(1) / seen[:, 1].mean(1)
    assert colour.std() > 3 * (drawn[:, 0].mean(1) / drawn[:, 1].mean(1)).std()


def test_hidden_bands_have_no_sums_and_catalogues_keep_their_fluxes():
    sums, rng = sums_of([2.0] * 200), np.random.default_rng(3)
    seen = significances(redrawn(sums, model=MODEL, simulation=SKY, band_dropout=0.5, rng=rng))
    hidden = (seen == 0).all(2)
    assert 0.2 < hidden.float().mean() < 0.6 and not hidden.all(1).any()
    listed = SKY.model_copy(update={"catalogues": (Path("galaxies.fits"),)})
    kept = redrawn(sums._replace(noise=0 * sums.noise), model=MODEL, simulation=listed, band_dropout=0.0, rng=rng)
    assert torch.equal(kept.redshift, sums.redshift)
    flux = significances(kept).mean(2)
    brightness = flux / flux.mean(1, keepdim=True)
    assert (brightness - 1).abs().max() < 0.3  # both bands have the same flux, and noise differs little


def test_some_bands_are_drawn_as_if_there_were_no_others():
    sums, seen = sums_of([2.0] * 50), np.array([False, True])
    given = {"model": MODEL, "simulation": SKY, "band_dropout": 0.0}
    some = redrawn(sums, rng=np.random.default_rng(2), seen=seen, **given)
    alone = MODEL.model_copy(update={"bands": BANDS[1:]})
    one = redrawn(sums.in_bands(torch.tensor([1])), rng=np.random.default_rng(2), **{**given, "model": alone})
    torch.testing.assert_close(significances(some)[:, 1:].flatten(1), torch.sinh(2 * one.sums[:, :5]))
    assert (significances(some)[:, 0] == 0).all() and torch.equal(some.redshift, one.redshift)


def test_a_head_learns_from_the_colours_of_several_skies(tmp_path):
    places = [as_drawn(tmp_path / "low", [0.5, 1.0, 1.5]), as_drawn(tmp_path / "high", [6.0, 9.0])]
    training, validation, settings = join_colours(places, MODEL)
    assert training.redshift.tolist() == [0.5, 1.0, 1.5, 6.0, 9.0] and validation is None and len(settings) == 2
    model = load_checkpoint(pretrain(places, out=tmp_path / "both", config=Config(model=MODEL, pretraining=FIT)))
    assert model.about.z_range == (0.5, 9.0) and model.about.counts == {"train": {"sources": 5}}


def test_colours_of_more_bands_teach_a_model_of_some(tmp_path):
    place = as_drawn(tmp_path / "more", [1.0, 2.0])
    training, _, _ = join_colours([place], MODEL.model_copy(update={"bands": BANDS[1:]}))
    whole, _, _ = join_colours([place], MODEL)
    assert training.noise.shape[1] == 1 and torch.equal(training.noise[:, 0], whole.noise[:, 1])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("bands", ["F090W", "F444W"], "without F200W; it has F090W F444W"),
        ("errors", "measured", "with errors = measured; the model has image"),
    ],
)
def test_colours_of_other_bands_or_errors_are_refused(tmp_path, name, value, said):
    place = as_drawn(tmp_path / "other", [1.0], **{name: value})
    with pytest.raises(StoreError, match=re.escape(f"other' holds colours {said}")):
        pretrain(place, out=tmp_path / "out", config=Config(model=MODEL, pretraining=FIT))
    assert not (tmp_path / "out").exists()


@pytest.fixture
def small_files(monkeypatch):
    """Files of six tiles in place of twenty."""
    monkeypatch.setattr(drawn_colours, "_TILES", 6)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> tuple[Path, SeparateSums, SourceSums]:
    out = tmp_path_factory.mktemp("colours")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn_colours, "_TILES", 6)
        training, validation = draw(out, 7, workers=2)  # the second file has one
    assert validation is not None
    return out, training, validation


@pytest.mark.slow
def test_realisations_share_redshifts_and_the_last_tile_of_a_whole_file_is_for_validation(drawn):
    _, training, validation = drawn
    assert torch.isfinite(training.noise).all() and 0 < len(validation.redshift) < len(training.redshift) / 4
    _, counts = torch.unique(training.redshift, return_counts=True)
    assert (counts == FIT.realisations).all()
    assert len(torch.unique(training.noise.flatten(1), dim=0)) == len(training.redshift)
    assert not set(validation.redshift.tolist()) & set(training.redshift.tolist())


@pytest.mark.slow
def test_light_neighbours_and_noise_are_told_apart(drawn):
    """What is left when light is taken away scatters as the error image says, and light falls off with the flux."""
    _, training, _ = drawn
    wide = training.noise[:, :, 0] / training.sigma[:, :, 0]
    assert 0.7 < float(1.4826 * wide.abs().median()) < 2.5  # neighbouring pixels share noise
    faint, bright = training.magnitude > 26, training.magnitude < 25
    assert faint.any() and bright.any()
    aperture = 2 * torch.pi * MODEL.gaussian_sigmas_pix[-1] ** 2
    inside = training.response[:, :, -2] * aperture  # of a uniform light it would be the share of the light
    assert (training.response >= -1e-3).all() and (training.response.amax((1, 2)) <= 1.001).all() and inside.min() >= 0
    assert (training.others.abs().mean((1, 2)) < 3 * training.flux.mean(1)).float().mean() > 0.5


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
    torch.testing.assert_close(again.noise, training.noise, rtol=0, atol=0)
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


@pytest.mark.slow
@pytest.mark.usefixtures("small_files")
def test_a_head_learns_in_sets_of_bands_in_the_boxes_of_the_detector_that_keeps_it(tmp_path):
    """What is written is the whole model: its detector as it was, with a head that has learnt."""
    bands = ("F090W", "F150W", "F200W", "F277W", "F444W")
    model = MODEL.model_copy(update={"bands": bands, "redshift_head": "bands", "image_channels": "ranges"})
    torch.manual_seed(1)
    save_checkpoint(tmp_path / "begun.safetensors", Checkpoint(Detector(model)))
    fit = FIT.model_copy(update={"bands_seen": "sets", "epochs": 2, "realisations": 1})
    config = Config(model=model, pretraining=fit, simulation=SKY)
    begun = tmp_path / "begun.safetensors"
    path = pretrain(out=tmp_path / "head", mock=6, config=config, tile_size_pix=192, init=begun)
    before, after = (load_checkpoint(one) for one in (begun, path))
    assert after.about.started_from == {"init": f"{tmp_path.name}/begun.safetensors"}
    changed = {
        name.partition(".")[0]
        for name, value in after.detector.state_dict().items()
        if not torch.equal(value, before.detector.state_dict()[name])
    }
    assert changed == {"redshift_head"}
    with pytest.raises(OutputError, match="detector"):  # the colours are in other boxes
        draw(tmp_path / "head" / "colours", 6, model=model, config=fit, seed=0)
