"""Conformal intervals from the model's header to the catalogue, whoever searches the field."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import zpix
from zpix.catalogue import INTERVALS, Catalogue, read_catalogue
from zpix.cli import main
from zpix.config import InferenceConfig, load_config
from zpix.detector import Checkpoint, load_checkpoint, save_checkpoint
from zpix.errors import ModelError, OutputError
from zpix.image import JADES_BANDS, NoiseCurve
from zpix.jobs.run import run, write_run
from zpix.plots import draw_detections
from zpix.sources import ConformalIntervals, ZMixture

ENDS = [name for names in INTERVALS.values() for name in names]


def snr(catalogue: Catalogue) -> np.ndarray:
    """Signal-to-noise ratio in the mask, all bands with a positive flux in quadrature, (N,)."""
    flux, error = (np.stack([catalogue[f"{n}_{b.lower()}"] for b in catalogue.bands], 1) for n in ("flux", "fluxerr"))
    return np.sqrt((np.nan_to_num(np.maximum(flux / error, 0)) ** 2).sum(1))


def holds(catalogue: Catalogue, fitted: ConformalIntervals) -> None:
    """The catalogue's intervals are the fitted ones of its PDFs, and it says so."""
    assert catalogue.meta["intervals"] == "conformal"
    for share, names in INTERVALS.items():
        expected = fitted.interval(catalogue.redshift, snr(catalogue), level=share)
        np.testing.assert_allclose(np.stack([catalogue[name] for name in names], 1), expected, atol=1e-5)
    assert (np.diff([catalogue[name] for name in ("z025", "z160", "z500", "z840", "z975")], axis=0) >= 0).all()


@pytest.fixture(autouse=True)
def independent_pixels(monkeypatch) -> None:
    """Errors of the catalogue are those that intervals are calibrated by."""
    curve = NoiseCurve((1.0,), ((1.0,),) * len(JADES_BANDS))
    monkeypatch.setattr(NoiseCurve, "of", classmethod(lambda *_arguments: curve))


@pytest.fixture(scope="module")
def fitted() -> ConformalIntervals:
    """Of PDFs that are the more too narrow, the brighter the source."""
    rng = np.random.default_rng(0)
    ratio, mean = 10 ** rng.uniform(0.5, 3.0, 5000), rng.uniform(2, 6, 5000)
    mixture = ZMixture(np.ones((5000, 1)), mean[:, None], np.full((5000, 1), 0.1))
    return ConformalIntervals.fit(mixture, ratio, mean + 0.1 * (1 + np.log10(ratio)) * rng.standard_normal(5000))


@pytest.fixture(scope="module")
def model(tmp_path_factory, tiny_model, fitted) -> Path:
    """`tiny_model` with conformal intervals in its header."""
    path, tiny = tmp_path_factory.mktemp("model") / "covering.safetensors", load_checkpoint(tiny_model)
    save_checkpoint(path, Checkpoint(tiny.detector, replace(tiny.about, conformal=asdict(fitted))))
    return path


@pytest.fixture
def search(blob_search) -> InferenceConfig:
    return blob_search.model_copy(update={"intervals": "conformal"})


@pytest.mark.slow
def test_only_the_ends_of_the_intervals_differ(tmp_path, blob_field, model, search, blob_search, fitted, monkeypatch):
    monkeypatch.setattr("zpix.plots.draw_detections", draw_detections)
    plain = run(blob_field, out=tmp_path / "plain", model=model, config=blob_search)
    two = search.model_copy(update={"workers": 2})  # processes, which are to give the same as one
    assert write_run(blob_field, out=tmp_path / "found", model=model, config=two).workers == 2
    found = read_catalogue(tmp_path / "found")
    holds(found, fitted)
    assert plain.meta["intervals"] == "pdf"
    assert len(np.unique(np.digitize(snr(found), 10 ** np.array(fitted.log_snr)))) > 1
    for column in plain.schema:
        if column.name in ENDS:
            assert (plain[column.name] != found[column.name]).mean() > 0.9, column.name
        else:
            np.testing.assert_array_equal(plain[column.name], found[column.name], err_msg=column.name)
    same = ("pdfs.hdf5", "segmentation.fits", "regions.reg", "detections.png")
    assert all((tmp_path / "plain" / n).read_bytes() == (tmp_path / "found" / n).read_bytes() for n in same)


def test_files_say_what_their_intervals_are(tmp_path, blob_field, model, search, monkeypatch, capsys):
    settings = tmp_path / "settings.toml"
    settings.write_text('[inference]\ntile_size = 192\nmargin = 64\nscore_threshold = 0.0\ndust = "0.01"\n')
    words = ["run", blob_field, "-o", tmp_path / "out", "-m", model, "-c", settings, "--intervals", "conformal"]
    monkeypatch.setattr(sys, "argv", ["zpix", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    out = tmp_path / "out"
    assert load_config(out / "config.toml").inference.intervals == "conformal"
    assert json.loads((out / "run.json").read_text())["inference"]["intervals"] == "conformal"
    assert "- Intervals are conformal" in (out / "README.md").read_text("utf-8")
    header = fits.getheader(out / "catalogue.fits", "CATALOGUE")
    described = {header[f"TTYPE{n}"]: header[f"TCOMM{n}"] for n in range(1, header["TFIELDS"] + 1)}
    for catalogue in (read_catalogue(out / "catalogue.fits"), read_catalogue(out / "catalogue.parquet")):
        conformal = {c.name for c in catalogue.schema if "conformal" in c.description}
        assert conformal == {name for name, text in described.items() if "conformal" in text} == set(ENDS)


@pytest.mark.slow
def test_a_cluster_gives_the_same(tmp_path, blob_field, model, search, fitted):
    distributed = pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster:
        write_run(blob_field, out=tmp_path / "out", model=model, config=search, scheduler=cluster.scheduler_address)
    holds(read_catalogue(tmp_path / "out"), fitted)


def test_forced_sources_have_them_too(tmp_path, blob_field, model, search, fitted):
    listed = tmp_path / "listed.fits"
    corner = np.array([60.0, 100.0, 140.0])
    sky = zpix.open_mosaic(blob_field).sky(corner + 8, corner + 8)
    box = dict(zip(("xmin", "ymin", "xmax", "ymax"), (corner, corner, corner + 16, corner + 16), strict=True))
    Table({"id": [7, 8, 9], "ra": sky[0], "dec": sky[1], **box}).write(listed)
    # what the network finds by itself is left out, so that every row is forced
    nothing = search.model_copy(update={"score_threshold": 1.0})
    catalogue = run(blob_field, out=tmp_path / "out", model=model, config=nothing, reference=listed)
    assert catalogue["origin"].tolist() == ["forced"] * 3
    holds(catalogue, fitted)


@pytest.mark.slow
def test_a_run_goes_on_with_the_intervals_that_it_began_with(
    tmp_path, blob_field, model, search, blob_search, fitted, monkeypatch
):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("zpix.search.products.write_regions", full)
        with pytest.raises(OutputError, match="No space left"):
            run(blob_field, out=tmp_path / "out", model=model, config=search)
    with pytest.raises(OutputError, match="unfinished run with other settings"):
        run(blob_field, out=tmp_path / "out", model=model, config=blob_search)
    monkeypatch.setattr("zpix.search.searcher.Searcher._predict", None)  # nothing is searched again
    holds(run(blob_field, out=tmp_path / "out", model=model, config=search), fitted)


def test_a_model_without_them_is_refused(tmp_path, blob_field, tiny_model, search):
    with pytest.raises(ModelError, match=r"tiny\.safetensors: has no conformal intervals.*intervals = pdf"):
        run(blob_field, out=tmp_path / "out", model=tiny_model, config=search)
    assert list(tmp_path.iterdir()) == []
