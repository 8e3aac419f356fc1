import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.config import SimulationConfig
from zpix.errors import BandError, ConfigError, OutputError
from zpix.image import Region, open_mosaic
from zpix.scenes import write_field
from zpix.scenes.unfinished import UnfinishedField

CONFIG = SimulationConfig(cell_size_pix=128, limit_mag=28.5, psf_angle_deg=0.0)
BANDS = ("F150W", "F444W")


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_field(tmp_path_factory.mktemp("field") / "mock", shape=(200, 300), seed=7, bands=BANDS, config=CONFIG)


def test_files_agree_with_each_other(field: Path) -> None:
    truth = Table.read(field / "truth.fits")
    segmentation = fits.getdata(field / "segmentation.fits")
    with open_mosaic(sorted(field.glob("mock_*_drz.fits"))) as mosaic:
        assert mosaic.shape == segmentation.shape == (200, 300)
        assert mosaic.bands == BANDS
        pixels = mosaic.read(Region.whole(mosaic.shape))
        ra, dec = mosaic.sky(truth["x"], truth["y"])
    np.testing.assert_allclose(truth["ra"], ra)
    np.testing.assert_allclose(truth["dec"], dec)
    counts = np.bincount(segmentation.ravel(), minlength=truth["id"].max() + 1)
    np.testing.assert_array_equal(truth["n_pix"], counts[truth["id"]])
    assert len(set(truth["id"])) == len(truth)
    found = truth[truth["detectable"]]
    inside = (found["xmin"] > 0) & (found["ymin"] > 0) & (found["xmax"] < 300) & (found["ymax"] < 200)
    clean = found[inside & (found["blendedness"] < 0.3)]
    share = [pixels.flux[-1][segmentation == row["id"]].sum() / row["flux_f444w"] for row in clean]
    assert len(share) and np.all(np.array(share) > 0.3) and np.all(np.array(share) < 1.3)


def test_existing_fields_are_kept(field: Path) -> None:
    with pytest.raises(OutputError, match=r"segmentation\.fits"):
        write_field(field, shape=(200, 300), seed=8, bands=BANDS, config=CONFIG)


def test_impossible_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shape"):
        write_field(tmp_path, shape=(0, 10))
    assert not any(tmp_path.iterdir())


def test_nothing_is_left_when_it_fails(tmp_path: Path) -> None:
    with pytest.raises(BandError, match="F999W"):
        write_field(tmp_path, shape=(100, 100), bands=("F444W", "F999W"), config=CONFIG)
    assert not any(tmp_path.iterdir())


def same_files(one: Path, other: Path) -> None:
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in other.iterdir())
    for path in one.iterdir():
        assert (other / path.name).read_bytes() == path.read_bytes(), path.name


class Stop:
    """A progress callback that interrupts after some blocks, and remembers what it was told."""

    def __init__(self, after: int) -> None:
        self.after, self.seen = after, []

    def __call__(self, done: int, total: int) -> None:
        self.seen.append(done)
        if done == self.after:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_field_goes_on_where_it_was(field: Path, tmp_path: Path, workers: int) -> None:
    out = tmp_path / "mock"
    options = {"shape": (200, 300), "seed": 7, "bands": BANDS, "config": CONFIG, "workers": workers}
    with pytest.raises(KeyboardInterrupt):
        write_field(out, **options, progress=Stop(after=2))
    assert [path.name for path in out.iterdir()] == [".simulation.part"]
    if workers == 1:  # and again
        with pytest.raises(KeyboardInterrupt):
            write_field(out, **options, progress=Stop(after=4))
    rest = Stop(after=0)
    write_field(out, **{**options, "workers": 1}, progress=rest)
    assert rest.seen == list(range(5 if workers == 1 else 3, 7))
    same_files(field, out)


@pytest.mark.slow
def test_a_killed_field_goes_on_where_it_was(field: Path, tmp_path: Path, quick_programs: dict[str, str]) -> None:
    out = tmp_path / "mock"
    script = f"""
import os, signal
from zpix.config import SimulationConfig
from zpix.scenes import write_field
config = SimulationConfig(cell_size_pix=128, limit_mag=28.5, psf_angle_deg=0.0)
stop = lambda done, total: done == 3 and os.kill(os.getpid(), signal.SIGKILL)
write_field({str(out)!r}, shape=(200, 300), seed=7, bands={BANDS!r}, config=config, progress=stop)
"""
    killed = subprocess.run(["python", "-c", script], env=quick_programs, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in out.iterdir()] == [".simulation.part"]
    rest = Stop(after=0)
    write_field(out, shape=(200, 300), seed=7, bands=BANDS, config=CONFIG, progress=rest)
    assert rest.seen == [4, 5, 6]
    same_files(field, out)


def test_an_interrupted_move_is_finished(field: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "mock"
    options = {"shape": (200, 300), "seed": 7, "bands": BANDS, "config": CONFIG}

    def stop(self: UnfinishedField) -> None:
        (self.path / "truth.fits").rename(self.out / "truth.fits")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(UnfinishedField, "publish", stop)
        with pytest.raises(KeyboardInterrupt):
            write_field(out, **options)
    assert not (out / "simulation.json").exists()
    write_field(out, **options)
    same_files(field, out)


def test_what_a_move_left_behind_is_not_gone_on_with(field: Path, tmp_path: Path) -> None:
    out = tmp_path / "mock"
    options = {"shape": (200, 300), "seed": 7, "bands": BANDS, "config": CONFIG}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zpix.scenes.unfinished.shutil.rmtree", lambda path: None)
        write_field(out, **options)
    assert (out / ".simulation.part").exists()
    with pytest.raises(OutputError, match="exists already"):
        write_field(out, **options)
    write_field(out, **options, overwrite=True)
    same_files(field, out)


def test_other_settings_do_not_go_on(field: Path, tmp_path: Path) -> None:
    out = tmp_path / "mock"
    options = {"shape": (200, 300), "bands": BANDS, "config": CONFIG}
    with pytest.raises(KeyboardInterrupt):
        write_field(out, **options, seed=8, progress=Stop(after=2))
    with pytest.raises(OutputError, match="unfinished simulation with other settings"):
        write_field(out, **options, seed=7)
    write_field(out, **options, seed=7, overwrite=True)
    same_files(field, out)


def test_a_field_is_replaced_only_when_the_new_one_is_whole(field: Path, tmp_path: Path) -> None:
    out = tmp_path / "mock"
    options = {"shape": (200, 300), "bands": BANDS, "config": CONFIG, "overwrite": True}
    write_field(out, **{**options, "shape": (100, 100)}, seed=8)
    before = (out / "truth.fits").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_field(out, **options, seed=7, progress=Stop(after=2))
    assert (out / "truth.fits").read_bytes() == before
    write_field(out, **options, seed=7)
    same_files(field, out)
