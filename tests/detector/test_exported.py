"""A network that runs without zpix answers as it does in zpix."""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

from tests.detector.scenery import blobs, small_model
from zpix.detector import Detector, Found
from zpix.detector.exported import OUTPUTS, FixedDetector, export_network
from zpix.detector.twin import fast_twin

SIZE = 96
SETTINGS = {"nms_iou": 0.5, "proposals_per_megapixel": 2000}
Arguments = tuple[Tensor, Tensor, Tensor]


@pytest.fixture(scope="module", params=["bands", "ranges"])
def detector(request) -> Detector:
    torch.manual_seed(0)
    return Detector(small_model(image_channels=request.param)).eval()


@pytest.fixture(scope="module")
def scene(detector) -> Arguments:
    """Blobs, with a corner that was not observed."""
    scene = blobs(detector.config.bands, images=1, count=6, size=SIZE, seed=3)
    error = scene.error[:1].clone()
    error[:, :, :20, :30] = torch.inf
    return scene.flux[:1], error, torch.tensor([0.03])


def same(got: tuple[Tensor, ...], found: Found) -> None:
    """Sources first, the rest of score 0."""
    n = len(found.boxes)
    assert (got[1][:n] > 0).all() and (got[1][n:] == 0).all()
    mixture = found.mixture
    expected = (
        found.boxes,
        found.score,
        found.class_probability,
        found.masks,
        mixture.log_weights.exp(),
        mixture.means,
        mixture.widths,
    )
    for name, a, b in zip(OUTPUTS, got, expected, strict=True):
        torch.testing.assert_close(a[:n], b, rtol=1e-3, atol=1e-3 if name == "boxes" else 1e-4, msg=name)


@pytest.mark.parametrize("threshold", [0.0, 0.02, 1.0])
def test_fixed_shapes_give_the_same_sources(detector, scene, threshold):
    found = fast_twin(detector, torch.device("cpu")).detect(*scene, score_threshold=threshold, **SETTINGS)[0]
    network = FixedDetector(detector, size_pix=SIZE, score_threshold=threshold, **SETTINGS)
    with torch.no_grad():
        got = network(*scene)
    assert len(got[0]) >= len(found.boxes)
    same(got, found)
    if threshold == 1.0:
        assert not len(found.boxes)
    else:
        assert len(found.boxes) > 3


def test_a_network_that_sees_ranges_of_wavelength_gives_the_same_sources(scene):
    torch.manual_seed(0)
    changes = {"bands": ("F115W", "F410M", "F444W"), "image_channels": "ranges"}
    detector = Detector(small_model().model_copy(update=changes)).eval()
    flux, error, dust = scene
    seen = flux[:, [0, 1, 1]], error[:, [0, 1, 1]], dust
    found = fast_twin(detector, torch.device("cpu")).detect(*seen, score_threshold=0.0, **SETTINGS)[0]
    with torch.no_grad():
        got = FixedDetector(detector, size_pix=SIZE, score_threshold=0.0, **SETTINGS)(*seen)
    same(got, found)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own, of what it will rename
@pytest.mark.parametrize("detector", ["ranges"], indirect=True)
@pytest.mark.parametrize("form", ["torch", "onnx"])
def test_a_file_gives_the_same_sources_without_zpix(detector, scene, tmp_path, form):
    found = fast_twin(detector, torch.device("cpu")).detect(*scene, score_threshold=0.0, **SETTINGS)[0]
    network = FixedDetector(detector, size_pix=SIZE, score_threshold=0.0, **SETTINGS)
    path = tmp_path / f"network.{form}"
    if form == "torch":
        export_network(path, network, form="torch", about={"name": "own"})
        kept = {"zpix.json": ""}
        program = torch.export.load(str(path), extra_files=kept).module()
        told = kept["zpix.json"]
        with torch.no_grad():
            got = program(*scene)
    else:
        runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
        export_network(path, network, form="onnx", about={"name": "own"})
        session = runtime.InferenceSession(str(path))
        told = session.get_modelmeta().custom_metadata_map["zpix"]
        arrays = dict(zip(("flux", "error", "dust"), (values.numpy() for values in scene), strict=True))
        got = tuple(torch.from_numpy(values) for values in session.run(list(OUTPUTS), arrays))
    assert json.loads(told) == {"name": "own"}
    same(tuple(got), found)
