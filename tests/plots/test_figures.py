"""Figures: each draws what it is given, also when that is nothing, and touches no global state."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from zpix.catalogue import Catalogue, Photometry, build_catalogue, draw_segmentation, place_masks, segment_masks
from zpix.errors import InputFileError
from zpix.evaluation import Truth, score_catalogue
from zpix.matching import Matching
from zpix.plots import (
    accuracy_figure,
    colour_composite,
    completeness_figure,
    detections_figure,
    loss_figure,
    matches_figure,
    pit_figure,
    redshift_figure,
    save_evaluation_figures,
    save_figure,
    segmentation_figure,
)
from zpix.sources import GALAXY, STAR, Detections, ZMixture


def drawn(figure: Figure, tmp_path) -> Figure:
    """Save the figure, so that everything in it is laid out and drawn."""
    path = save_figure(tmp_path / "figure.png", figure)
    assert path.read_bytes()[:4] == b"\x89PNG"
    return figure


def some_sources(n: int) -> tuple[Catalogue, Detections, Truth]:
    rng = np.random.default_rng(n)
    corner = rng.uniform(5, 170, (n, 2))
    z = rng.uniform(0.1, 9, n)
    detections = Detections(
        box=np.hstack([corner, corner + rng.uniform(5, 20, (n, 2))]).astype(np.float32),
        score=np.full(n, 0.9, np.float32),
        label=np.where(np.arange(n) % 5 == 4, STAR, GALAXY),
        class_probability=np.zeros((n, 2), np.float32),
        mask=np.ones((n, 14, 14), np.float32),
        redshift=ZMixture(np.ones((n, 1)), z[:, None], np.full((n, 1), 0.2)),
    )
    photometry = Photometry(
        centre_xy=detections.centre_xy.astype(np.float64),
        flux=rng.lognormal(4, 2, (n, 1)).astype(np.float32),
        flux_error=np.ones((n, 1), np.float32),
        n_bands=np.ones(n, np.int16),
        n_pix=np.full(n, 100, np.int32),
        edge=np.zeros(n, bool),
        saturated=np.zeros(n, bool),
    )
    x, y = photometry.centre_xy.T
    ra, dec = 53 - x * 0.03 / 3600, y * 0.03 / 3600
    catalogue = build_catalogue(
        detections,
        photometry,
        bands=["F444W"],
        ra=ra,
        dec=dec,
        ebv=np.zeros(n),
        blended=np.zeros(n, bool),
        z_range=(0, 15),
    )
    truth = Truth(
        ra=ra,
        dec=dec,
        z=z + 0.2 * rng.normal(size=n),
        magnitude=catalogue.magnitude("F444W"),
        is_star=np.zeros(n, bool),
        detectable=np.ones(n, bool),
        xy=np.stack([x, y], 1),
        box=np.full((n, 4), np.nan),
    )
    return catalogue, detections, truth


@pytest.mark.parametrize("n", [0, 1, 400])
def test_redshift_and_pit_figures_draw_any_number(n, tmp_path):
    rng = np.random.default_rng(0)
    z = rng.uniform(0, 8, n)
    figure = drawn(redshift_figure(z, z + 0.1 * rng.normal(size=n)), tmp_path)
    assert sum(len(c.get_offsets()) for c in figure.axes[0].collections) == n
    drawn(pit_figure(rng.random(n)), tmp_path)
    drawn(accuracy_figure({}, {}), tmp_path)


def test_redshift_axes_are_in_one_plus_z(tmp_path):
    figure = drawn(redshift_figure(np.array([0.0, 10.0]), np.array([0.0, 10.0])), tmp_path)
    axes = figure.axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert {"0", "1", "10"} <= set(labels)


def test_all_figures_of_an_evaluation(tmp_path):
    catalogue, _, truth = some_sources(60)
    report = score_catalogue(catalogue, truth)
    paths = save_evaluation_figures(report, tmp_path / "figures")
    assert all(path.is_file() for path in paths)
    assert {p.name for p in paths} == {p.name for p in (tmp_path / "figures").iterdir()}
    drawn(completeness_figure(report.detection), tmp_path)


def test_matches_show_what_is_found_false_and_missed(tmp_path):
    catalogue, _, truth = some_sources(40)
    detected = catalogue[:30]
    known = truth[slice(5, 40)]
    matching = Matching(np.arange(5, 30), np.arange(25), np.ones(25), n_left=30, n_right=35)
    figure = drawn(
        matches_figure(np.zeros((200, 200, 3)), detected, known, matching, band="F444W", faintest=99.0), tmp_path
    )
    axes = figure.axes[0]
    counts = [int(text.get_text().rsplit(" ", 1)[1]) for text in axes.get_legend().get_texts()]
    assert counts == [25, 5, 10]
    assert [len(boxes.get_paths()) for boxes in axes.collections[:2]] == [25, 5]
    assert len(axes.collections[2].get_offsets()) == 10


def test_figures_of_an_evaluation_without_detections_or_magnitudes(tmp_path):
    catalogue, _, truth = some_sources(10)
    nothing = score_catalogue(catalogue[:0], truth)
    assert len(save_evaluation_figures(nothing, tmp_path / "a")) == 6
    blind = Truth(**{**vars(truth), "magnitude": np.full(10, np.nan)})
    assert len(save_evaluation_figures(score_catalogue(catalogue, blind), tmp_path / "b")) == 3


@pytest.mark.parametrize("n", [0, 30])
def test_detections_are_drawn_where_they_are(n, tmp_path):
    catalogue, detections, _ = some_sources(n)
    picture = np.zeros((200, 210, 3), np.float32)
    figure = drawn(detections_figure(picture, catalogue, pixel_scale_arcsec=0.03), tmp_path)
    axes = figure.axes[0]
    assert axes.get_xlim() == (-0.5, 209.5) and axes.get_ylim() == (-0.5, 199.5)
    lines = next(c for c in axes.collections if isinstance(c, LineCollection))
    assert len(lines.get_segments()) == n
    for row, line in enumerate(lines.get_segments()):
        np.testing.assert_allclose(line.min(0), detections.box[row, :2] - 0.5, atol=1e-4)
        np.testing.assert_allclose(line.max(0), detections.box[row, 2:] - 0.5, atol=1e-4)
    assert f"{n} sources" in axes.get_title("left")
    stamps = segment_masks(place_masks(detections))
    segments = draw_segmentation(stamps, shape=(200, 210), score=detections.score)
    drawn(detections_figure(picture, catalogue, segmentation=segments), tmp_path)
    drawn(segmentation_figure(segments, picture=picture), tmp_path)


def test_outlines_enclose_their_segments(tmp_path):
    catalogue, _, _ = some_sources(3)
    segments = np.zeros((60, 60), np.int32)
    segments[10:14, 20:27] = 2
    picture = np.zeros((60, 60, 3), np.float32)
    figure = detections_figure(picture, catalogue, segmentation=segments, origin_xy=(100, 50))
    lines = next(c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    ends = np.array(lines.get_segments())
    assert len(ends) == 2 * (4 + 7)
    assert ends.reshape(-1, 2).min(0).tolist() == [119.5, 59.5]
    assert ends.reshape(-1, 2).max(0).tolist() == [126.5, 63.5]


def test_composite_shows_colours_of_sources():
    rng = np.random.default_rng(0)
    flux = rng.normal(size=(9, 40, 40))
    flux[:, 5:10, 5:10] += 50  # flat
    flux[6:, 20:25, 20:25] += 100  # only at long wavelengths
    flux[:3, 30:35, 30:35] += 100  # only at short wavelengths
    bands = ["F090W", "F115W", "F150W", "F200W", "F277W", "F335M", "F356W", "F410M", "F444W"]
    picture = colour_composite(flux, bands)
    assert picture.shape == (40, 40, 3) and picture.min() >= 0 and picture.max() <= 1
    flat, red, blue = (picture[s, s].mean((0, 1)) for s in (slice(5, 10), slice(20, 25), slice(30, 35)))
    assert np.ptp(flat) < 0.1 < flat.mean()
    assert red[0] > 3 * red[2] and blue[2] > 3 * blue[0]
    shuffled = rng.permutation(9)
    np.testing.assert_allclose(colour_composite(flux[shuffled], [bands[i] for i in shuffled]), picture, atol=1e-5)


@pytest.mark.parametrize("n_bands", [1, 2, 5])
def test_composite_of_few_bands_and_missing_pixels(n_bands):
    flux = np.random.default_rng(0).normal(size=(n_bands, 20, 20))
    valid = np.ones(flux.shape, bool)
    valid[:, :4] = False
    flux[:, :4] = 0
    picture = colour_composite(flux, [f"band{i}" for i in range(n_bands)], valid=valid)
    assert np.isfinite(picture).all() and np.ptp(picture[:4]) == 0
    nothing = colour_composite(flux, ["x"] * n_bands, valid=np.zeros(flux.shape, bool))
    assert np.ptp(nothing) == 0


def test_losses_are_drawn_by_part_and_split(tmp_path):
    path = tmp_path / "losses.csv"
    rows = ["epoch,split,rate,total,box,note"]
    for epoch in range(1, 6):
        rows += [
            f"{epoch},train,0.1,{3 / epoch},{1 / epoch},x",
            f"{epoch},validation,0.1,{4 / epoch},,x",
        ]
    path.write_text("\n".join(rows))
    figure = drawn(loss_figure(path, title="A training"), tmp_path)
    panels = {axes.get_title("left"): axes for axes in figure.axes if axes.get_visible()}
    assert list(panels) == ["total", "box", "rate"]
    train, validation = panels["total"].lines
    np.testing.assert_allclose(train.get_ydata(), 3 / np.arange(1, 6))
    np.testing.assert_allclose(validation.get_ydata(), 4 / np.arange(1, 6))
    assert len(panels["box"].lines) == 1, "empty cells are not drawn"


def test_long_logs_without_a_split(tmp_path):
    path = tmp_path / "log.csv"
    noise = np.random.default_rng(0).normal(size=1000)
    path.write_text("step,loss\n" + "\n".join(f"{i},{2 + x}" for i, x in enumerate(noise)))
    figure = drawn(loss_figure(path), tmp_path)
    mean = figure.axes[0].lines[1].get_ydata()
    assert np.std(mean[100:]) < 0.5 and len(mean) == 1000


def test_logs_that_cannot_be_drawn_are_named(tmp_path):
    with pytest.raises(InputFileError, match="none"):
        loss_figure(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputFileError, match="other"):
        loss_figure(tmp_path / "other.csv")


def test_plots_do_not_need_pyplot():
    code = "import sys, zpix.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
