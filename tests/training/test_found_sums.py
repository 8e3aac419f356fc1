"""Sums of galaxies in the boxes and masks that a detector gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from zpix.config import ModelConfig, SimulationConfig
from zpix.detector import Checkpoint, Detector, save_checkpoint
from zpix.detector.soft_photometry import soft_photometry
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.found_sums import _pixels, found_sums, outliner
from zpix.training.mock import MockTile, draw_again
from zpix.training.separate_sums import together
from zpix.training.source_cutouts import labelled_boxes

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

BANDS = ("F090W", "F200W", "F444W")
MODEL = ModelConfig(
    bands=BANDS, redshift_head="bands", image_channels="ranges", pyramid_channels=8, box_hidden=16, mask_layers=1
)
SKY = SimulationConfig(limit_mag=27.5, psf_angle_deg=0.0, star_density=0, brown_dwarf_per_arcmin2=0, cell_size_pix=192)
ALL = np.ones(3, bool)


@pytest.fixture(scope="module")
def tile() -> AnnotatedTile:
    return next(draw_again(MockTile(3, 0, 192, BANDS, SKY), with_light=True))


@pytest.fixture(scope="module")
def detector(tmp_path_factory) -> Detector:
    torch.manual_seed(0)
    path: Path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_checkpoint(path, Checkpoint(Detector(MODEL.model_copy(update={"bands": BANDS[:2]}))))  # weights know no band
    return outliner(path, MODEL)


def test_the_parts_add_up_to_what_the_head_reads_in_a_search(tile, detector):
    sums = found_sums(tile, detector, seen=ALL, rng=np.random.default_rng(1))
    source, truth = labelled_boxes(tile)
    assert len(sums.redshift) == len(source) > 3
    flux, error = torch.from_numpy(tile.flux)[None], torch.from_numpy(tile.error)[None]
    torch.manual_seed(int(np.random.default_rng(1).integers(2**63)))
    boxes, masks = detector.outline(
        flux, error, [torch.from_numpy(truth)], proposals_per_megapixel=20_000, box_jitter=0.05
    )
    assert 0 < (boxes - torch.from_numpy(truth)).abs().max() < 20
    pixels, _ = _pixels(flux, error, boxes, masks, MODEL.cutout_size_pix)
    torch.testing.assert_close(
        together(sums, model=MODEL).sums, soft_photometry(pixels, MODEL.gaussian_sigmas_pix), rtol=1e-3, atol=1e-3
    )


def test_bands_that_are_not_seen_have_sums_where_the_others_show_the_light(tile, detector):
    seen = np.array([False, True, True])
    some = found_sums(tile, detector, seen=seen, rng=np.random.default_rng(1))
    assert (some.sigma > 0).all() and (some.coverage > 0).all()
    hidden = np.where(seen[:, None, None], tile.error, np.inf).astype(np.float32)
    unobserved = AnnotatedTile(**{**vars(tile), "error": hidden})
    without = found_sums(unobserved, detector, seen=ALL, rng=np.random.default_rng(1))
    torch.testing.assert_close(some.noise[:, 1:], without.noise[:, 1:])  # the same weights
    assert (without.sigma[:, 0] == 0).all()


def test_the_same_random_numbers_give_the_same_sums(tile, detector):
    sizes = [found_sums(tile, detector, seen=ALL, rng=np.random.default_rng(seed)).size for seed in (1, 1, 2)]
    one, same, other = sizes
    assert torch.equal(one, same) and not torch.equal(one, other)
