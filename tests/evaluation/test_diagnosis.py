"""A field of red galaxies with redshifts and blue ones without: what is missing is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

import zpix
from zpix.catalogue import Catalogue, write_catalogue_parquet
from zpix.errors import BandError, CatalogueError, OutputError
from zpix.evaluation import colour_space, map_redshifts, next_table, read_labelled_sources
from zpix.evaluation.colour_space import arcsinh_magnitude, colours, draw_map
from zpix.evaluation.diagnosis import observe_next
from zpix.plots import diagnosis_figure

BANDS = ("F115W", "F200W", "F444W")
EACH = 150


def galaxies() -> Table:
    """150 red galaxies whose colour is their redshift, all with one, and 150 blue ones, none with one."""
    rng = np.random.default_rng(0)
    blue = np.arange(2 * EACH) >= EACH
    z = rng.uniform(0.5, 3, 2 * EACH)
    slope = np.where(blue, -2.0, 0.5 * z) + 0.05 * rng.normal(size=len(z))
    flux = 10 ** rng.uniform(1.5, 2.5, len(z))[:, None] * np.exp(slope[:, None] * (np.arange(3) - 2) / 2)
    table = Table({"id": np.arange(len(z)) + 7, "ra": 53 + np.arange(len(z)) / 3600, "dec": np.full(len(z), -27.8)})
    table["z"], table["z_spec"] = z, np.where(blue, np.nan, z)
    table["n_pix"] = rng.integers(20, 80, len(z))
    for band, values in zip(BANDS, flux.T, strict=True):
        table[f"flux_{band.lower()}"] = values
        table[f"fluxerr_{band.lower()}"] = 1.0
    return table


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    """Maps of so few kinds of galaxies are good after a fifth of the steps."""
    monkeypatch.setattr(colour_space, "_STEPS_PER_CELL", 100)


@pytest.fixture
def write(tmp_path):
    def write(table: Table, name: str = "table.fits") -> Path:
        table.write(tmp_path / name, overwrite=True)
        return tmp_path / name

    return write


def test_faint_and_negative_fluxes_have_magnitudes():
    flux, softening = np.array([[1e5, 0.0, -3.0]]), np.array([2.0, 2.0, 2.0])
    magnitude = arcsinh_magnitude(flux, softening)
    assert magnitude[0, 0] == pytest.approx(31.4 - 12.5, abs=1e-4)
    assert np.isfinite(magnitude).all() and magnitude[0, 2] > magnitude[0, 1] > magnitude[0, 0]
    assert colours(magnitude)[0, 0] == pytest.approx(magnitude[0, 0] - magnitude[0, 1])


def test_like_lies_with_like_on_the_map():
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(place, 0.1, (200, 4)) for place in (-1, 0, 1)])
    space = draw_map(features, seed=1)
    cell = space.cells(features)
    assert space.side == 11 and cell.max() < 121
    kinds = [set(cell[start : start + 200]) for start in (0, 200, 400)]
    assert not kinds[0] & kinds[1] and not kinds[1] & kinds[2]
    np.testing.assert_array_equal(draw_map(features, seed=1).cells(features), cell)


def test_what_has_no_redshift_is_seen_and_observed_next(write):
    table = galaxies()
    sources = read_labelled_sources(write(table))
    assert len(sources) == 2 * EACH and sources.labelled.sum() == EACH and sources.bands == BANDS
    found = map_redshifts(sources, number=20)
    assert found.count.sum() == 2 * EACH and found.labelled.sum() == EACH
    assert found.uncovered() == pytest.approx(0.5, abs=0.02)
    assert found.uncovered(with_next=True) < found.uncovered() - 0.2
    assert len(found.next) == 20 and not sources.labelled[found.next].any()
    best = found.information[0]
    assert "−" in best.quantity and best.nats > 1 > best.by_chance
    assert next(one for one in found.information if one.quantity == "n pix").nats < 0.3
    occupied = found.labelled > 1
    assert np.nanmedian(found.z_scatter[occupied]) < 0.1
    again = map_redshifts(sources, number=20)
    assert again.to_dict() == found.to_dict()

    listed = next_table(found)
    assert list(listed["rank"]) == list(range(1, 21)) and listed["ra"].unit == "deg"
    np.testing.assert_array_equal(listed["id"], found.next + 7)
    assert (listed["cell_redshifts"] == 0).all() and (np.diff(listed["cell_sources"][:5]) <= 0).all()


def test_redshifts_of_lists_are_matched_by_position(write):
    table = galaxies()
    near = table[EACH : EACH + 10]["ra", "dec", "z"]
    near["dec"] += 0.1 / 3600
    far = table[EACH + 10 : EACH + 20]["ra", "dec", "z"]
    far["dec"] += 2.0 / 3600
    sources = read_labelled_sources(write(table), redshifts=(write(near, "near.csv"), write(far, "far.fits")))
    np.testing.assert_allclose(sources.redshift[EACH : EACH + 10], near["z"])
    assert np.isnan(sources.redshift[EACH + 10 :]).all()


def test_a_list_with_spectra_gives_only_these(write):
    table = galaxies()
    bare = table.copy()
    bare.remove_columns(["z", "z_spec"])
    sources = read_labelled_sources(write(bare), redshifts=(write(table, "truth.fits"),))
    assert sources.labelled.sum() == EACH  # not the 2 EACH of column z


def test_stars_and_what_is_not_in_all_bands_is_counted_and_left_out(write):
    table = galaxies()
    table["class"] = ["star"] * 3 + ["galaxy"] * (2 * EACH - 3)
    table["flux_f200w"][2:8] = np.nan
    sources = read_labelled_sources(write(table))
    assert sources.left_out == {"stars": 3, "not detectable": 0, "not in all bands": 5}
    assert len(sources) == 2 * EACH - 8


@pytest.mark.parametrize(
    ("flux", "error"), [(np.nan, np.nan), (-99, -99), (-1e30, -1e30), (0, -1), (0, 0), (0, np.inf)]
)
def test_what_was_not_observed_is_left_out_however_the_table_says_it(flux, error, write):
    table = galaxies()
    table["flux_f115w"][:7], table["fluxerr_f115w"][:7] = flux, error
    assert read_labelled_sources(write(table)).left_out["not in all bands"] == 7


def test_lists_are_compiled_and_what_became_of_them_is_counted(write):
    table = galaxies()
    spectra = table[EACH : EACH + 8]["ra", "dec"]
    spectra["z_spec"] = [1.0, 1.1, 1.2, 0.0, 99.0, -1.0, 1.6, 1.7]
    spectra["zflag"] = ["4", "2", "3", "4", "4", "4", "4", "4"]
    spectra["dec"][7] += 1.0
    sources = read_labelled_sources(write(table), redshifts=(write(spectra, "spectra.csv"),))
    np.testing.assert_array_equal(np.flatnonzero(sources.labelled[EACH:]), [0, 2, 6])
    counted = sources.listed["all"]
    assert (counted["listed"], counted["not secure"], counted["no redshift"], counted["kept"]) == (8, 1, 3, 4)
    assert counted["without a partner"] == 1 and sources.quality_columns == {"spectra.csv": "zflag"}


def test_seats_go_to_the_cells_with_most_sources_for_each_redshift():
    cell = np.array([0] * 6 + [1] * 3 + [2])
    magnitude = np.arange(10)[::-1].astype(float)
    none = np.zeros(10, bool)
    chosen = observe_next(cell, none, magnitude, number=4)
    assert list(cell[chosen]) == [0, 0, 1, 0]  # 6/1, 6/2 before 3/1 by order, 3/1, 6/3
    assert list(chosen) == [5, 4, 8, 3]  # the brightest first
    some = none.copy()
    some[:5] = True
    assert list(cell[observe_next(cell, some, magnitude, number=9)]) == [1, 1, 0, 1, 2]
    assert list(observe_next(cell, none, magnitude, number=9, faintest=1.0)) == [8, 9]
    assert len(observe_next(cell, ~none, magnitude, number=9)) == 0


def test_a_field_without_redshifts_is_all_to_be_observed(write):
    table = galaxies()
    table.remove_columns(["z", "z_spec"])
    found = map_redshifts(read_labelled_sources(write(table)), number=5)
    assert found.uncovered() == 1 and found.information == () and len(found.next) == 5
    assert diagnosis_figure(found).axes


def test_a_catalogue_of_zpix_is_read_from_its_run(tmp_path, make_pair):
    catalogue, truth = make_pair(100)
    columns = dict(catalogue.columns)
    columns["flux_f277w"], columns["fluxerr_f277w"] = 0.8 * columns["flux_f444w"], columns["fluxerr_f444w"]
    write_catalogue_parquet(tmp_path / "catalogue.parquet", Catalogue(columns, ("F277W", "F444W"), catalogue.meta))
    truth.write(tmp_path / "truth.fits")
    sources = read_labelled_sources(tmp_path / "catalogue.parquet", redshifts=(tmp_path / "truth.fits",))
    assert len(sources) == 90 == sources.labelled.sum() and sources.left_out["stars"] == 10
    assert len(diagnosis_figure(map_redshifts(sources)).axes) >= 6


@pytest.mark.slow
def test_figure_numbers_and_list_are_written_together_or_not_at_all(write, tmp_path, monkeypatch):
    path, out = write(galaxies()), tmp_path / "out"
    found = zpix.diagnose(path, out=out, number=5)
    assert {item.name for item in out.iterdir()} == {"diagnosis.json", "diagnosis.png", "observe_next.ecsv"}
    assert json.loads((out / "diagnosis.json").read_text()) == found.to_dict()
    assert list(Table.read(out / "observe_next.ecsv")["id"]) == list(found.sources.id[found.next])
    with pytest.raises(OutputError, match="already exists"):
        zpix.diagnose(path, out=out)
    before = {item.name: item.read_bytes() for item in out.iterdir()}
    zpix.diagnose(path, out=out, number=5, overwrite=True)
    assert {item.name: item.read_bytes() for item in out.iterdir()} == before
    monkeypatch.setattr("zpix.jobs.diagnose.next_table", lambda diagnosis: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        zpix.diagnose(path, out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        (lambda t: t.remove_columns(["flux_f115w", "flux_f200w"]), CatalogueError, "1 columns 'flux_<band>'"),
        (lambda t: t.remove_column("flux_f444w"), BandError, "no flux in band 'F444W'"),
        (lambda t: t.remove_column("ra"), CatalogueError, "position|ra"),
        (lambda t: t.remove_rows(slice(19, None)), CatalogueError, "has 19 galaxies"),
    ],
)
def test_tables_that_cannot_be_used_are_told(write, change, error, word):
    table = galaxies()
    change(table)
    with pytest.raises(error, match=word) as raised:
        read_labelled_sources(write(table))
    assert "table.fits" in str(raised.value)
