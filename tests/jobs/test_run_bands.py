"""A run on a mosaic with fewer bands than its model knows says which, or is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import zpix
from zpix.catalogue import flag_value, read_catalogue
from zpix.cli.describing import describe
from zpix.errors import BandError
from zpix.image import JADES_BANDS
from zpix.jobs.run import run

LEFT = ("F115W", "F200W", "F277W", "F444W")
MISSING = tuple(band for band in JADES_BANDS if band not in LEFT)


def field_of(place: Path, field: Path, bands: tuple[str, ...]) -> Path:
    """A copy of a field with the files of some bands."""
    place.mkdir()
    for path in field.iterdir():
        if any(band.lower() in path.name for band in bands):
            shutil.copy(path, place)
    return place


@pytest.fixture(scope="module")
def result(tmp_path_factory, blob_field, tiny_model, blob_search) -> Path:
    place = tmp_path_factory.mktemp("fewer")
    run(field_of(place / "field", blob_field, LEFT), out=place / "result", model=tiny_model, config=blob_search)
    return place / "result"


def test_the_readme_and_the_catalogue_say_which_bands_are_missing(result):
    text = (result / "README.md").read_text("utf-8")
    assert f"in {', '.join(LEFT)}, from" in text
    assert f"4 of the 9 bands that the model knows. **Not observed: {', '.join(MISSING)}.**" in text
    for name in ("catalogue.parquet", "catalogue.fits"):
        catalogue = read_catalogue(result / name)
        assert catalogue.bands == LEFT and catalogue.missing_bands == MISSING
        assert catalogue[:3].bands == LEFT and catalogue.with_columns(id=catalogue["id"]).missing_bands == MISSING
        assert len(catalogue) and (catalogue["n_bands"] <= 4).all()
        assert (catalogue["flags"] & flag_value("BANDS_MISSING")).all()
    # their columns are there, so that fields of other bands can become one table
    assert np.isnan(catalogue["flux_f090w"]).all() and np.isnan(catalogue.magnitude("F090W")).all()
    assert [name for name in catalogue.columns if name.startswith("flux_f")] == [
        f"flux_{band.lower()}" for band in JADES_BANDS
    ]


def test_two_bands_are_refused_unless_forced(tmp_path, blob_field, tiny_model, blob_search):
    field = field_of(tmp_path / "field", blob_field, ("F200W", "F444W"))
    options = {"out": tmp_path / "result", "model": tiny_model, "config": blob_search}
    with pytest.raises(BandError, match=r"2 of the 9 bands .*fewer than 3 bands.*--force \(force=True in Python\)"):
        run(field, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["field"]
    assert run(field, force=True, **options).bands == ("F200W", "F444W")


def test_the_same_holds_for_arrays(tiny_model, blob_search):
    rng = np.random.default_rng(0)
    flux, error = rng.normal(size=(2, 64, 64)), np.ones((2, 64, 64))
    options = {"bands": ("F200W", "F444W"), "model": tiny_model, "config": blob_search}
    with pytest.raises(BandError, match="fewer than 3 bands"):
        zpix.predict(flux, error, **options)
    catalogue = zpix.predict(flux, error, force=True, **options)
    assert catalogue.bands == ("F200W", "F444W") and len(catalogue.missing_bands) == 7


def test_info_knows_the_result_of_a_run(result):
    facts = zpix.info(result)
    catalogue = read_catalogue(result)
    assert (facts["kind"], facts["sources"], facts["model"]) == ("result", len(catalogue), "tiny")
    assert tuple(facts["bands"]) == LEFT and tuple(facts["missing_bands"]) == MISSING
    assert facts["flags"]["BANDS_MISSING"] == len(catalogue) == sum(facts["classes"].values())
    lines = describe(facts)
    assert len(lines) <= 10 and any(" ".join(MISSING) in line for line in lines)
    for file in ("catalogue.fits", "catalogue.parquet"):
        assert describe(zpix.info(result / file))[1:] == lines[1:]
