"""A field of blobs on disk and a network that has learnt nothing: enough to run every step on."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.preloaded import programs
from tests.surveys.small_jades import JadesField, write_jades_field
from zpix.config import InferenceConfig, Registry
from zpix.image import JADES_BANDS, Pixels, tangent_wcs, write_mosaic
from zpix.sources.classes import CLASSES, SourceClass

if TYPE_CHECKING:
    from zpix.detector import Detector


def no_picture(path: Path, *_what: Any, **_options: Any) -> None:
    """Stand in for `zpix.plots.draw_detections`, which test_run.py and the tests of the command line call."""
    path.write_bytes(b"no picture")


EXAMPLES = Path(__file__).parents[1] / "examples"
FIELD_SHAPE = (180, 280)  # (ny, nx): three tiles of `blob_search` across, one up


@pytest.fixture
def open_registry(monkeypatch) -> Callable[[Registry[Any]], None]:
    """Give back the entries that a registry has now at the end of the test, and let it look for packages anew."""

    def restore_later(registry: Registry[Any]) -> None:
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
        monkeypatch.setattr(registry, "_has_asked", False)

    return restore_later


@pytest.fixture
def install(tmp_path, monkeypatch, open_registry) -> Callable[..., None]:
    """Install a package of one module that adds an entry to a registry, as `pip install` would."""

    def write(registry: Registry[Any], *, module: str, source: str, entry: str) -> None:
        site = tmp_path / "site-packages"
        info = site / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[zpix.{registry.group}]\n{entry}\n")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, module, raising=False)
        open_registry(registry)

    return write


@pytest.fixture(scope="session")
def quick_programs() -> Iterator[dict[str, str]]:
    """Environment in which `python` and `zpix` have loaded torch already."""
    with programs() as environment:
        yield environment


@pytest.fixture(scope="module")
def without_pictures() -> Iterator[None]:
    """Runs do without their picture, whose words and numbers take a third of a small run's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zpix.plots.draw_detections", no_picture)
        yield


@pytest.fixture(scope="module")
def without_figures(without_pictures) -> Iterator[None]:
    """Evaluations do without their figures too, which the tests of `zpix.plots` draw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zpix.jobs.evaluate.save_evaluation_figures", lambda _report, _place: None)
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """Checkpoint of a small network with random weights: it finds sources anywhere, the same every time."""
    import torch  # here, so that the tests of other rooms start at once

    from tests.detector.scenery import small_model
    from zpix.detector import About, Checkpoint, Detector, save_checkpoint

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_checkpoint(path, Checkpoint(Detector(small_model()), About(name="tiny", z_range=(0.0, 15.0))))
    return path


@pytest.fixture(scope="session")
def small_backbone() -> Iterator[str]:
    """Name of a backbone of few weights, which is known from its first test on."""
    from tests.detector.small_resnet import small_resnet
    from zpix.detector import BACKBONES, TimmBackbone

    name = "resnet-small"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BACKBONES, "_entries", {**BACKBONES, name: TimmBackbone(small_resnet.__name__, (1, 2, 3, 4))})
        yield name


@pytest.fixture(scope="session")
def trained(small_backbone) -> Detector:
    """A detector that has seen some blobs: its normalisation is not the identity, and its boxes mean something."""
    import torch

    from tests.detector.scenery import blobs, small_model
    from zpix.detector import Detector

    torch.manual_seed(0)
    detector = Detector(small_model(bands=("A", "B", "C"), backbone=small_backbone)).train()
    optimizer = torch.optim.AdamW(detector.parameters(), 2e-3)
    for step in range(40):
        loss = sum(detector.losses(blobs(("A", "B", "C"), seed=step), box_jitter=0.05).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return detector.eval()


@pytest.fixture
def qso(monkeypatch) -> SourceClass:
    """A third class of sources, known for the time of a test."""
    own = SourceClass("qso")
    monkeypatch.setattr(CLASSES, "_entries", {**CLASSES, own.name: own})
    return own


@pytest.fixture(scope="session")
def blob_search() -> InferenceConfig:
    """Settings with which `tiny_model` reports many sources of `blob_field`, in three tiles."""
    return InferenceConfig(
        tile_size=192, margin=64, score_threshold=0.0, proposals_per_megapixel=2000, precision="fp32",
        device="cpu", dust="0.01",
    )  # fmt: skip


@pytest.fixture(scope="session")
def blob_field(tmp_path_factory) -> Path:
    """Directory of nine JADES mosaics of 40 Gaussian blobs in noise of 1 nJy; a corner was not observed."""
    rng = np.random.default_rng(0)
    height, width = FIELD_SHAPE
    flux = rng.normal(0, 1, (len(JADES_BANDS), height, width)).astype(np.float32)
    y, x = np.mgrid[:height, :width]
    for _ in range(40):
        distance2 = (x - rng.uniform(0, width)) ** 2 + (y - rng.uniform(0, height)) ** 2
        flux += rng.uniform(5, 50, (len(JADES_BANDS), 1, 1)).astype(np.float32) * np.exp(-distance2 / 12)
    valid = np.ones(flux.shape, bool)
    valid[:, :30, :40] = False
    pixels = Pixels(np.where(valid, flux, 0).astype(np.float32), np.where(valid, 1, np.inf).astype(np.float32), valid)
    path = tmp_path_factory.mktemp("field") / "mosaics"
    write_mosaic(path, pixels, bands=JADES_BANDS, wcs=tangent_wcs(53.16, -27.79, FIELD_SHAPE, 0.03), prefix="blobs")
    return path


@pytest.fixture(scope="session")
def jades_field(tmp_path_factory) -> JadesField:
    """Files in the formats of JADES, with one source for each rule by which a redshift is left out."""
    return write_jades_field(tmp_path_factory.mktemp("jades"))


@pytest.fixture(scope="session")
def survey_archive(tmp_path_factory) -> Path:
    """Small files in the formats of JADES and GalaxiesML, at the paths that they have in the archives."""
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    make = runpy.run_path(str(EXAMPLES / "jades_standin.py"))
    archive = tmp_path_factory.mktemp("archive")
    make["make_jades"](archive, size=(384, 448), seed=5, spectra=1.0)
    make["make_galaxiesml"](archive, galaxies=40, seed=5)
    return archive


@pytest.fixture(scope="session")
def contest_field(tmp_path_factory) -> Path:
    """A small simulated field on which zpix is compared with other methods."""
    from zpix.scenes import write_field

    return write_field(tmp_path_factory.mktemp("contest") / "f778", shape=(448, 448), seed=778)


@pytest.fixture
def templates(tmp_path) -> Path:
    """Directory of three power laws with a break as template spectra, `mine.param`, and EAZY's `zphot.param`."""
    angstrom = np.geomspace(500, 60000, 300)
    for number, (slope, drop) in enumerate(((-2.0, 1.0), (-1.0, 0.3), (-1.5, 0.1))):
        f_lambda = (angstrom / 4000) ** slope * np.where(angstrom < 4000, drop, 1.0) * (angstrom > 912)
        np.savetxt(tmp_path / f"t{number}.dat", np.stack([angstrom, f_lambda], axis=1))
    (tmp_path / "mine.param").write_text("".join(f"{i + 1} t{i}.dat 1.0\n" for i in range(3)))
    (tmp_path / "zphot.param").write_text("Z_MIN 0.05\nZ_MAX 12.0\nZ_STEP 0.25\nTEMP_ERR_A2 0.2\nSYS_ERR 0.05\n")
    return tmp_path


@pytest.fixture
def coarse_redshifts(monkeypatch) -> None:
    """Template fitting with few templates, redshifts and wavelengths, which takes a hundredth of the time."""
    from zpix.evaluation.rival import FitSettings, fit, own_templates, rivals

    coarse = partial(FitSettings, z_max=12.0, z_step=0.25)
    monkeypatch.setattr(own_templates, "_TEMPLATES", own_templates._TEMPLATES[::2])
    monkeypatch.setattr(rivals, "_OWN_TEMPLATES", coarse(template_error=0.0, systematic_error=0.02))
    monkeypatch.setattr(rivals, "FitSettings", coarse)
    monkeypatch.setattr(fit, "_FILTER_POINTS", 15)
