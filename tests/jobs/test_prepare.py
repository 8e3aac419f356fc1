"""`zpix prepare` on files in the formats of JADES."""

import subprocess
from pathlib import Path
from signal import SIGKILL

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import zpix
from tests.surveys.small_jades import TILE, catalogue_tables, tables
from zpix.cli import main
from zpix.config import SimulationConfig
from zpix.errors import CatalogueError, ConfigError, OutputError, ZpixError
from zpix.image import JADES_BANDS
from zpix.instruments import transmission
from zpix.surveys.jades_catalogue import read_jades_catalogue
from zpix.training.store import SPLITS, Store

OPTIONS = {"tile_size_pix": TILE, "block_tiles": 1, "dust": 0.01}


def prepare(field, out, **changes):
    options = {
        "segmentation": field.segmentation, "catalogue": field.catalogue, "redshifts": [field.dr4, field.dr3],
        "out": out, **OPTIONS,
    }  # fmt: skip
    return zpix.prepare(field.mosaics, **{**options, **changes})


def content(store: Path) -> dict[str, bytes]:
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(jades_field, tmp_path_factory):
    """The store of a preparation that nobody interrupted, and its counts."""
    out = tmp_path_factory.mktemp("whole") / "store.zarr"
    return out, prepare(jades_field, out)


def test_the_counts_of_a_survey(whole):
    out, counts = whole
    assert counts["redshifts"]["all"]["listed"] == 17 and counts["redshifts"]["all"]["kept"] == 13
    assert counts["redshifts"]["all"]["overruled by order"] == 1 and counts["redshifts"]["all"]["not secure"] == 1
    assert counts["sources"] == {"listed": 12, "stars": 1}
    assert counts["labels"]["known"] == 13 and counts["labels"]["learnt from"] == 4
    assert sum(counts[split]["redshifts"] for split in SPLITS) == 4
    assert sum(counts[split]["tiles"] for split in SPLITS) == 8
    assert sum(counts[split]["star"] for split in SPLITS) == 1
    store = Store(out)
    assert store.bands == JADES_BANDS and store.about["counts"]["labels"] == counts["labels"]
    assert store.about["labels"] == "spectroscopic"  # without being asked: EAZY's redshifts are not learnt from


def test_sources_without_a_usable_redshift_are_still_trained_on(whole):
    store = Store(whole[0])
    everything = {split: store.sources(split) for split in SPLITS}
    listed = np.concatenate([columns["source_id"] for columns in everything.values()])
    assert {1002, 1003, 1004, 1011} <= set(listed.tolist()) and not {1005, 1009} & set(listed.tolist())
    known = {
        int(i): float(z)
        for columns in everything.values()
        for i, z in zip(columns["source_id"], columns["redshift"], strict=True)
        if np.isfinite(z)
    }
    assert known == pytest.approx({1001: 1.501, 1006: 3.0, 1007: 2.7, 1012: 2.5})


def test_the_store_says_where_each_redshift_is_from(whole):
    out, _ = whole
    store = Store(out)
    table = Table.read(out / "redshifts.parquet")
    assert len(table) == 13
    used = table[np.isin(table["use"], SPLITS)]
    assert len(used) == 4
    for row in used:
        assert row["source_id"] in store.sources(row["use"])["source_id"]
    (first,) = used[used["source_id"] == 1001]
    assert first["list"] == "Combined_DR4_external_v1.2.1.fits" and first["lists_agree"] == 2
    assert first["id"] == "goods-s-mediumhst_0" and first["z_spec_flag"] == "A"
    (older,) = used[used["source_id"] == 1007]
    assert older["list"].startswith("hlsp_jades_jwst_nirspec") and older["id"] == "goods-s-deephst_2"
    assert table["use"][table["source_id"] == 1004].tolist() == ["of stars"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"mock": 2, "dry_run": True}, "dry_run counts tiles of mosaics"),
        ({"coco": "train.json", "dry_run": True}, "dry_run counts tiles of mosaics"),
        ({"redshifts": ["list.fits"], "dry_run": True}, "dry_run counts tiles of mosaics"),
        ({"mock": 2, "redshifts": ["list.fits"]}, "redshifts are of sources of mosaics"),
        ({"coco": "train.json", "redshifts": "list.fits"}, "redshifts are of sources of mosaics"),
        ({"coco": "train.json", "labels": "spectroscopic"}, "labels = 'spectroscopic'"),
    ],
)
def test_what_would_be_left_aside_is_refused(given, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        zpix.prepare(out=tmp_path / "store", **given)
    assert not (tmp_path / "store").exists()


def test_a_dry_run_counts_the_same_and_writes_nothing(jades_field, whole, tmp_path):
    counts = prepare(jades_field, tmp_path / "store", dry_run=True)
    for part in ("redshifts", "sources", "labels"):
        assert counts[part] == whole[1][part]
    for split in SPLITS:
        assert counts[split] == {name: whole[1][split][name] for name in ("tiles", "redshifts")}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_killed_preparation_continues_to_the_same_store(jades_field, whole, tmp_path, quick_programs):
    out = tmp_path / "store.zarr"
    script = f"""
import os, signal
import zpix.jobs.prepare
from zpix.surveys.jades_catalogue import read_jades_catalogue
from zpix.training.store import StoreWriter
annotate, begun = zpix.jobs.prepare.annotate, []
def stop(*arguments, **options):
    begun.append(1)
    return annotate(*arguments, **options) if len(begun) < 5 else os.kill(os.getpid(), signal.SIGKILL)
zpix.jobs.prepare.annotate = stop
zpix.prepare({str(jades_field.mosaics)!r}, segmentation={str(jades_field.segmentation)!r},
    catalogue={str(jades_field.catalogue)!r}, out={str(out)!r},
    redshifts=[{str(jades_field.dr4)!r}, {str(jades_field.dr3)!r}], **{OPTIONS!r})
"""
    killed = subprocess.run(["python", "-c", script], env=quick_programs, timeout=120)
    assert killed.returncode == -SIGKILL
    with pytest.raises(ZpixError, match="was interrupted"):
        Store(out)
    with pytest.raises(OutputError, match="other settings"):  # other redshifts are another store
        prepare(jades_field, out, redshifts=[jades_field.dr4])
    (out / ".redshifts.1.part.parquet").touch()  # as a kill in the last moment leaves it
    assert prepare(jades_field, out) == whole[1]
    assert content(out) == content(whole[0])


def test_redshifts_alone_are_compiled(jades_field, tmp_path):
    counts = zpix.prepare(redshifts=[jades_field.dr4, jades_field.dr3], out=tmp_path / "all.fits")
    assert counts["redshifts"]["all"]["kept"] == 13 == len(Table.read(tmp_path / "all.fits"))
    again = prepare(jades_field, tmp_path / "store", redshifts=[tmp_path / "all.fits"], dry_run=True)
    assert again["labels"]["learnt from"] == 4


@pytest.mark.parametrize("damage", ["no extension 'FLAG'", "no column 'RA'", "no redshift"])
def test_errors_leave_no_store(jades_field, damage, tmp_path):
    named, changes = catalogue_tables(), {}
    if "extension" in damage:
        del named["FLAG"]
    elif "column" in damage:
        named["FLAG"].remove_column("RA")
    else:
        changes = {"redshifts": (), "labels": "spectroscopic"}
    tables(*named.items()).writeto(tmp_path / "catalogue.fits")
    with pytest.raises(CatalogueError, match=rf"catalogue\.fits.*{damage}"):
        prepare(jades_field, tmp_path / "store", catalogue=tmp_path / "catalogue.fits", **changes)
    assert not (tmp_path / "store").exists()


def test_a_catalogue_without_sources_gives_tiles_without_sources(jades_field, tmp_path):
    tables(*((name, table[:0]) for name, table in catalogue_tables().items())).writeto(tmp_path / "empty.fits")
    counts = prepare(jades_field, tmp_path / "store", catalogue=tmp_path / "empty.fits")
    assert counts["sources"]["listed"] == counts["labels"]["learnt from"] == 0
    assert sum(counts[split]["tiles"] for split in SPLITS) == 8
    with fits.open(tmp_path / "empty.fits") as hdus:
        assert len(hdus["FLAG"].data) == 0


def test_the_stand_in_is_prepared_by_one_command(survey_archive, tmp_path, monkeypatch, capsys):
    files = {path.name: path for path in survey_archive.rglob("*.fits")}
    (segmentation,) = (path for name, path in files.items() if "segmentation" in name)
    (catalogue,) = (path for name, path in files.items() if "photometry" in name)
    lists = [path for name, path in sorted(files.items()) if "Combined_DR4" in name or "line-fluxes" in name]
    arguments = ["prepare", segmentation.parent, "--segmentation", segmentation, "--catalogue", catalogue]
    arguments += [part for path in lists for part in ("--redshifts", path)]
    arguments += ["--tile-size", 128, "--dust", 0.01, "--out", tmp_path / "store.zarr"]
    monkeypatch.setattr("sys.argv", ["zpix", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    shown = capsys.readouterr().out
    store = Store(tmp_path / "store.zarr")
    labels = store.about["counts"]["labels"]
    assert f"{labels['learnt from']} learnt from" in shown and f"{labels['outside the mosaics']} outside" in shown
    assert labels["known"] == sum(labels.values()) - labels["known"] and labels["learnt from"] > 3
    # what is learnt is true of the source that it is learnt of: EAZY's redshifts scatter by 3 per cent around the truth
    photometric = read_jades_catalogue(catalogue)
    z_phot = dict(zip(photometric.sources.id.tolist(), photometric.z_phot.tolist(), strict=True))
    columns = [store.sources(split) for split in SPLITS]
    ids, z = (np.concatenate([part[name] for part in columns]) for name in ("source_id", "redshift"))
    ids, z = ids[np.isfinite(z)], z[np.isfinite(z)]
    assert len(z) == labels["learnt from"]
    assert np.nanmedian(np.abs([z_phot[one] for one in ids.tolist()] - z) / (1 + z)) < 0.05


@pytest.mark.slow
def test_stores_of_a_mock_keep_what_was_not_observed(tmp_path):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    config = SimulationConfig(cell_size_pix=128, limit_mag=28.5, missing_coverage=0.3, chip_gaps=False)
    options = {"mock": 2, "seed": 5, "bands": ["F150W", "F444W"], "tile_size_pix": 256, "fractions": (1.0, 0.0, 0.0)}
    zpix.prepare(out=tmp_path / "s.zarr", config=config, **options)
    store = Store(tmp_path / "s.zarr")
    errors = np.stack([store.read("train", index).error for index in range(2)])
    fluxes = np.stack([store.read("train", index).flux for index in range(2)])
    assert np.isinf(errors).any()
    assert not fluxes[np.isinf(errors)].any()


def plain_catalogue(path: Path, name: str, identifiers) -> Path:
    """The catalogue as a plain table, without a row of each third source, in another order than the identifiers."""
    flag = catalogue_tables()["FLAG"]
    rows = np.flatnonzero(np.arange(len(flag)) % 3 > 0)[::-1]
    Table({name: np.asarray(identifiers)[rows], "ra": flag["RA"][rows], "dec": flag["DEC"][rows]}).write(path)
    return path


def test_identifiers_of_every_kind_give_the_same_counts(jades_field, tmp_path):
    ids = np.asarray(catalogue_tables()["FLAG"]["ID"])
    kinds = {"id": ids, "ID_1": ids.astype(float), "NUMBER": ids.astype(str), "label": ids}
    counts = [
        prepare(jades_field, tmp_path / "store", catalogue=plain_catalogue(tmp_path / f"{n}.fits", n, v), dry_run=True)
        for n, v in kinds.items()
    ]
    assert counts[0]["labels"]["learnt from"] > 0 and all(other == counts[0] for other in counts[1:])


@pytest.mark.parametrize(
    ("name", "first", "message"),
    [("id", 1, r"cat\.fits.*do not belong together: of 8 positions 0"), ("source", 1001, r"cat\.fits.*no identifiers")],
)
def test_a_catalogue_of_other_identifiers_or_of_none_is_refused(name, first, message, jades_field, tmp_path):
    catalogue = plain_catalogue(tmp_path / "cat.fits", name, first + np.arange(12))
    with pytest.raises(CatalogueError, match=message):
        prepare(jades_field, tmp_path / "store", catalogue=catalogue)
    assert not (tmp_path / "store").exists()


def test_bands_that_cannot_be_drawn_leave_no_half_store(tmp_path, monkeypatch):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    out = tmp_path / "s.zarr"
    with pytest.raises(zpix.ZpixError, match=r"band 'F999W' is of no instrument .*F444W"):
        zpix.prepare(out=out, mock=1, bands=["F444W", "F999W"])
    with pytest.raises(zpix.ZpixError, match="bands = F115W,F115W: each band can be named once"):
        zpix.prepare(out=out, mock=1, bands=["F115W", "f115w"])
    transmission.cache_clear()
    monkeypatch.setattr("zpix.instruments.curve_files.package_file", lambda *parts: tmp_path / parts[-1])
    with pytest.raises(zpix.ZpixError, match=r"'F070W' cannot be drawn: astro-sedpy has no curve 'jwst_f070w\.par'"):
        zpix.prepare(out=out, mock=1, bands=["F070W"])
    assert list(tmp_path.iterdir()) == []


def test_a_mock_has_the_bands_of_the_model_in_its_settings(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("zpix.jobs.prepare._draw_mock", lambda *args, bands, **rest: asked.append(tuple(bands)))
    settings = zpix.Config(model=zpix.ModelConfig(bands=("F115W", "F444W")))
    for options in ({"config": settings}, {"config": settings, "bands": ["F200W"]}, {}):
        zpix.prepare(out=tmp_path / "s.zarr", mock=1, **options)
    assert asked == [("F115W", "F444W"), ("F200W",), JADES_BANDS]


def test_a_first_tile_that_fails_leaves_no_half_store(tmp_path, monkeypatch):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

    def failing(tile):
        raise zpix.ZpixError("this sky cannot be drawn")

    monkeypatch.setattr("zpix.jobs.prepare.draw_tile", failing)
    with pytest.raises(zpix.ZpixError, match="this sky"):
        zpix.prepare(out=tmp_path / "s.zarr", mock=1, bands=["F444W"])
    assert list(tmp_path.iterdir()) == []
