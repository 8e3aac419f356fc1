"""A run with a reference catalogue: one row for each of its sources, and what is new."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import zpix
from tests.conftest import FIELD_SHAPE
from tests.finished_runs import contents, kill_in_second_block, same
from zpix.catalogue import Catalogue, Stamps, flag_value, read_catalogue, read_pdfs
from zpix.config import InferenceConfig, SimulationConfig
from zpix.detector import default_model
from zpix.errors import CatalogueError, ConfigError, GridError, ModelError, OutputError
from zpix.image import make_tiles, open_mosaic
from zpix.jobs.run import run, write_run
from zpix.matching import SourceList
from zpix.search.assembly import _decide
from zpix.search.parts import Part
from zpix.search.reference import PlacedReference, find_counterparts

BLANK = (10, 10)  # a pixel of the corner that was not observed


@pytest.fixture(scope="module")
def search(blob_search) -> InferenceConfig:
    return blob_search


@pytest.fixture(scope="module")
def unlisted(tmp_path_factory, blob_field, tiny_model, search) -> Path:
    """A run without a reference."""
    out = tmp_path_factory.mktemp("plain") / "out"
    write_run(blob_field, out=out, model=tiny_model, config=search)
    return out


@pytest.fixture(scope="module")
def plain(unlisted) -> Catalogue:
    """The catalogue of a run without a reference."""
    return read_catalogue(unlisted)


@pytest.fixture(scope="module")
def reference(tmp_path_factory, blob_field, plain) -> Path:
    """Every second detection of the plain run with a new name, sources where nothing was found, and one outside."""
    rng = np.random.default_rng(5)
    corner = rng.uniform(40, 160, (12, 2))
    own = np.concatenate([corner, corner + rng.uniform(3, 6, (12, 2))], axis=1)
    own = np.concatenate([own, [[BLANK[0] - 3, BLANK[1] - 3, BLANK[0] + 3, BLANK[1] + 3], [900, 900, 910, 910]]])
    box = np.concatenate([plain.box[::2].astype(float), own])
    with open_mosaic(blob_field) as mosaic:
        ra, dec = mosaic.sky(0.5 * (box[:, 0] + box[:, 2]) - 0.5, 0.5 * (box[:, 1] + box[:, 3]) - 0.5)
    ids = np.concatenate([1000 + plain["id"][::2], np.arange(1, len(own) + 1)])
    columns = {"ID": ids, "RA": ra, "DEC": dec} | dict(zip(("x0", "y0", "x1", "y1"), box.T, strict=True))
    path = tmp_path_factory.mktemp("reference") / "reference.fits"
    Table(columns).write(path)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory, blob_field, tiny_model, search, reference) -> tuple[Path, Catalogue]:
    out = tmp_path_factory.mktemp("survey") / "out"
    return out, run(blob_field, out=out, model=tiny_model, config=search, reference=reference)


def rows_of(catalogue: Catalogue, origin: str) -> Catalogue:
    return catalogue[catalogue["origin"] == origin]


def test_every_source_of_the_reference_has_one_row(finished, reference, plain):
    out, catalogue = finished
    listed = Table.read(reference)["ID"][:-1]  # the last lies outside
    known = catalogue[catalogue["reference_id"] >= 0]
    assert sorted(known["reference_id"].tolist()) == sorted(listed.tolist())
    matched, forced, new = (rows_of(catalogue, origin) for origin in ("matched", "forced", "new"))
    assert len(matched) + len(forced) == len(listed) and len(matched) + len(new) <= len(plain)
    assert (new["reference_id"] == -1).all()
    np.testing.assert_array_equal((catalogue["flags"] & flag_value("UNMATCHED")) > 0, catalogue["origin"] == "new")
    assert (matched["reference_iou"] >= 0.3).all() and np.isnan(forced["reference_iou"]).all()
    assert json.loads((out / "run.json").read_text())["origins"] == {
        "matched": len(matched), "forced": len(forced), "new": len(new),
    }  # fmt: skip


def test_matched_rows_are_the_detections(finished, plain):
    """Which were listed with their own boxes, under another name."""
    _, catalogue = finished
    matched = rows_of(catalogue, "matched")
    again = matched["reference_id"] > 1000
    assert again.sum() == len(plain["id"][::2])
    rows = matched["reference_id"][again] - 1001
    assert (matched["reference_iou"][again] > 0.99).all()
    np.testing.assert_allclose(matched.box[again], plain.box[rows], atol=1e-3)
    np.testing.assert_allclose(matched["z_phot"][again], plain["z_phot"][rows], rtol=1e-3, atol=1e-3)


def test_a_detection_on_a_source_it_does_not_match_is_not_new(plain, monkeypatch):
    """Three detections: one with the box of a listed source, one of a size of its own on another, one alone."""
    box = np.array([[10, 10, 20, 20], [40, 40, 60, 60], [80, 80, 90, 90]], float)
    position = 0.03 / 3600 * (0.5 * (box[:, :2] + box[:, 2:]) - 0.5)
    sides = dict(zip(("x0", "y0", "x1", "y1"), box.T, strict=True))
    found = plain[:3].with_columns(ra=position[:, 0], dec=position[:, 1], **sides)
    strip = SimpleNamespace(catalogue=found, key=np.array([7, 3, 5]))
    monkeypatch.setattr("zpix.search.reference.assemble", lambda *_: [strip])
    listed = SourceList(np.array([71, 72]), *position[:2].T, np.array([box[0], [48, 48, 52, 52]]), np.full(2, np.nan))
    survey = PlacedReference(Path("list.fits"), None, listed, listed.box, 0)
    counterparts = find_counterparts(None, [], survey)
    assert counterparts.key.tolist() == [5, 7]
    assert counterparts.reference_id.tolist() == [-1, 71]
    np.testing.assert_array_equal(counterparts.iou, np.float32([np.nan, 1]))


@pytest.mark.parametrize(("origins", "stay"), [(("new", "new"), [False, True]), (("forced", "forced"), [True, True])])
def test_sources_of_the_reference_stay_though_their_light_has_one_centre(plain, origins, stay):
    """The boxes overlap a little and the masks not at all."""
    sides = {"x0": [10, 30], "y0": [10, 30], "x1": [32, 50], "y1": [32, 50]}
    centres = {"x": [30.0, 31.0], "y": [30.0, 31.0]}
    columns = {name: np.array(values, np.float64) for name, values in {**sides, **centres}.items()}
    of_reference = {"origin": origins, "reference_id": [71, 72], "reference_iou": np.full(2, np.nan, np.float32)}
    found = plain[:2].with_columns(**columns, score=np.float32([0.5, 0.9]), **of_reference)
    masks = np.zeros((2, 20, 20), np.uint8)
    masks[0, :5], masks[1, 10:] = 255, 255
    segments = Stamps(np.int32([[10, 10], [30, 30]]), np.int32([[20, 20], [20, 20]]), masks.ravel())
    (tile,) = make_tiles((64, 64))
    part = Part(found, segments, np.zeros(2, np.int64), np.arange(2))
    assert _decide(part, 0, {tile.index: tile}, InferenceConfig()).tolist() == stay


def test_forced_rows_have_the_boxes_of_the_reference(finished, reference):
    _, catalogue = finished
    listed = Table.read(reference)
    forced = rows_of(catalogue, "forced")
    assert len(forced) > 5
    row = {int(name): number for number, name in enumerate(listed["ID"])}
    expected = np.array([[listed[side][row[int(name)]] for side in ("x0", "y0", "x1", "y1")]
                         for name in forced["reference_id"]])  # fmt: skip
    np.testing.assert_allclose(forced.box, expected, atol=1e-3)
    assert np.isfinite(forced["z_phot"]).all() and (forced["n_pix"] > 0).all()
    blank = forced[forced["reference_id"] == 13]
    assert len(blank) == 1 and blank["n_bands"][0] == 0 and np.isnan(blank["flux_f444w"][0])


def test_all_products_hold_the_same_rows(finished):
    out, catalogue = finished
    same(catalogue, read_catalogue(out / "catalogue.fits"))
    ids, redshift = read_pdfs(out / "pdfs.hdf5")
    np.testing.assert_array_equal(ids, np.arange(1, len(catalogue) + 1))
    np.testing.assert_array_equal(redshift.means, catalogue["zmix_mean"])
    with fits.open(out / "segmentation.fits") as hdus:
        assert set(np.unique(hdus[0].data)) - {0} <= set(catalogue["id"])


def test_the_readme_tells_every_column_flag_and_origin(finished):
    out, catalogue = finished
    text = (out / "README.md").read_text("utf-8")
    for column in catalogue.schema:
        assert f"| `{column.name}` | " in text and column.description in text
    assert "| `UNMATCHED` | 256 |" in text and "tiny" in text
    for origin in ("matched", "forced", "new"):
        assert f"| `{origin}` | {(catalogue['origin'] == origin).sum()} |" in text
    assert "1 of the sources that the catalogue lists lie outside" in text


def test_without_a_reference_there_is_no_word_of_it(unlisted, plain):
    assert not {"origin", "reference_id", "reference_iou"} & set(plain.columns)
    assert "origin" not in (unlisted / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_a_killed_run_goes_on_in_another_process(
    finished, tmp_path, blob_field, tiny_model, search, reference, quick_programs
):
    out = tmp_path / "out"
    kill_in_second_block(
        blob_field, out, model=tiny_model, config=search, programs=quick_programs, reference=str(reference)
    )
    with pytest.raises(OutputError, match="unfinished run with other settings"):
        run(blob_field, out=out, model=tiny_model, config=search)
    run(blob_field, out=out, model=tiny_model, config=search, reference=reference)
    assert contents(out) == contents(finished[0])


def test_segments_of_the_reference_are_the_masks(tmp_path, blob_field, tiny_model, search):
    """Nothing is found: all rows are forced, and their pixels are those of the map, also across seams of tiles."""
    segments = np.zeros(FIELD_SHAPE, np.int32)
    y, x = np.mgrid[: FIELD_SHAPE[0], : FIELD_SHAPE[1]]
    centres = [(60, 40), (60, 127), (110, 128), (30, 200), (150, 255)]
    for number, (cy, cx) in enumerate(centres, start=3):
        segments[(y - cy) ** 2 + (x - cx) ** 2 <= (number + 2) ** 2] = number
    fits.writeto(tmp_path / "map.fits", segments)
    with open_mosaic(blob_field) as mosaic:
        ra, dec = mosaic.sky(*np.array(centres, float).T[::-1])
    Table({"id": np.arange(3, 8), "ra": ra, "dec": dec}).write(tmp_path / "reference.csv")
    catalogue = run(
        blob_field, out=tmp_path / "out", model=tiny_model, config=search.model_copy(update={"score_threshold": 1.0}),
        reference=tmp_path / "reference.csv", reference_segmentation=tmp_path / "map.fits",
    )  # fmt: skip
    assert catalogue["origin"].tolist() == ["forced"] * 5
    drawn = fits.getdata(tmp_path / "out" / "segmentation.fits")
    renamed = np.append(catalogue["reference_id"], 0)[drawn - 1]
    np.testing.assert_array_equal(renamed, segments)
    order = np.argsort(catalogue["reference_id"])
    np.testing.assert_array_equal(catalogue["n_pix"][order], np.bincount(segments.ravel())[3:])
    distance = np.abs(
        catalogue["x"][order] - [cx for _, cx in centres]
    )  # positions are of the light in and around them
    assert (distance <= np.arange(3, 8) + 2.5).all()


def test_positions_alone_are_matched_by_position(tmp_path, blob_field, tiny_model, search, plain):
    rows = plain["id"] <= 20
    table = Table({"ra": plain["ra"][rows], "dec": plain["dec"][rows]})
    table.add_row((53.16, -27.79))
    table.write(tmp_path / "positions.csv")
    found = run(blob_field, out=tmp_path / "out", model=tiny_model, config=search, reference=tmp_path / "positions.csv")
    known = found[found["reference_id"] >= 0]
    assert sorted(known["reference_id"].tolist()) == list(range(1, 22))
    matched = rows_of(found, "matched")
    assert len(matched) >= 20 and np.isnan(matched["reference_iou"]).all()


def test_boxes_of_a_larger_mosaic_are_moved(finished, tmp_path, blob_field, tiny_model, search, reference, caplog):
    table = Table.read(reference)
    for side, shift in (("x0", 700), ("x1", 700), ("y0", -30), ("y1", -30)):
        table[side] = table[side] + shift
    table.write(tmp_path / "larger.fits")
    found = run(blob_field, out=tmp_path / "out", model=tiny_model, config=search, reference=tmp_path / "larger.fits")
    assert "moved by (-700, 30) pixels" in caplog.text
    np.testing.assert_array_equal(found["reference_id"], finished[1]["reference_id"])


def test_mistakes_are_told_and_leave_nothing(tmp_path, blob_field, tiny_model, search, reference):
    far, coarse, negative = (Table.read(reference) for _ in range(3))
    far["DEC"] += 1.0
    for side in ("x0", "y0", "x1", "y1"):
        coarse[side] *= 2
    negative["ID"][0] = -4
    for name, table in (("far", far), ("coarse", coarse), ("negative", negative)):
        table.write(tmp_path / f"{name}.fits")
    fits.writeto(tmp_path / "map.fits", np.zeros((9, 9), np.int32))
    before = {path.name for path in tmp_path.iterdir()}
    for options, error, words in (
        ({"reference": tmp_path / "far.fits"}, CatalogueError, r"far\.fits' lists \d+ sources, none of which"),
        ({"reference": tmp_path / "coarse.fits"}, CatalogueError, "not on the mosaics' grid"),
        ({"reference": tmp_path / "negative.fits"}, CatalogueError, "identifier -4"),
        ({"reference": reference, "reference_segmentation": tmp_path / "map.fits"}, GridError, "9 × 9"),
        ({"reference_segmentation": tmp_path / "map.fits"}, ConfigError, "name the catalogue too"),
    ):
        with pytest.raises(error, match=words):
            run(blob_field, out=tmp_path / "out", model=tiny_model, config=search, **options)
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.slow
def test_the_shipped_model_leaves_no_hole(tmp_path):
    """On a simulated field most of the detectable sources are found, and the others have a redshift too."""
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    try:
        model = default_model()
    except ModelError:
        pytest.skip("this checkout holds no src/zpix/models/default.safetensors")
    field = tmp_path / "field"
    zpix.simulate(field, size_pix=384, seed=778, config=SimulationConfig(ebv=0.01))
    catalogue = run(
        field, out=tmp_path / "out", model=model, config=InferenceConfig(device="cpu"),
        reference=field / "truth.fits", reference_segmentation=field / "segmentation.fits",
    )  # fmt: skip
    truth = Table.read(field / "truth.fits")
    known = catalogue[catalogue["reference_id"] >= 0]
    assert sorted(known["reference_id"].tolist()) == sorted(truth["id"].tolist())
    assert np.isfinite(catalogue["z_phot"]).all()
    matched = np.isin(truth["id"], rows_of(catalogue, "matched")["reference_id"])
    bright = truth["detectable"] & (truth["mag_f444w"] < 28)
    assert matched[bright].mean() > 0.8
    assert 0 < (~matched).sum() == len(rows_of(catalogue, "forced"))
    report = zpix.evaluate(tmp_path / "out", field / "truth.fits", out=tmp_path / "evaluation")
    assert {"matched", "forced"} <= set(report.by_origin)
    assert report.by_origin["matched"].outlier_fraction.value < report.by_origin["forced"].outlier_fraction.value
