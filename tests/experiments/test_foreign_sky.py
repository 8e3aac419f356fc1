"""Skies that models are tested on, and how they are scored, on numbers whose answer is known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import zpix
from experiments import foreign_sky, real_galaxies
from experiments.foreign import scoring
from experiments.foreign.skies import RECIPE, Family, beyond, mixed, natural
from zpix.detector import default_model
from zpix.evaluation import Truth, redshift_sample
from zpix.image import JADES_BANDS
from zpix.matching import Matching
from zpix.sources import ZMixture
from zpix.training.found_sums import outliner


class Found(dict):
    """Detections as the scores read them."""

    def magnitude(self, band: str) -> np.ndarray:
        return self["mag"]


def searched() -> scoring.SearchedField:
    """Three galaxies of mag 25, and two stars of mag 20, one of them found in two pieces; one fragment."""
    ra, magnitude = np.array([0.0, 1.0, 2.0, 3.0, 4.0]) / 3600, np.array([25.0, 25.0, 25.0, 20.0, 20.0])
    star = np.array([False, False, False, True, True])
    x = np.arange(5) * 100.0
    box = np.stack([x - 10, np.full(5, -10.0), x + 10, np.full(5, 10.0)], axis=1)
    truth = Truth(
        ra=ra, dec=np.zeros(5), z=np.where(star, np.nan, 1.0), magnitude=magnitude, is_star=star,
        detectable=np.ones(5, bool), xy=np.stack([x, np.zeros(5)], axis=1), box=box,
    )  # fmt: skip
    # two galaxies (one 0.1 arcsec off), both stars, a piece of the second star, and one of the third galaxy
    offset = np.array([0.0, 0.1, 0.0, 0.0, 0.2, 0.3])
    of = np.array([0, 1, 3, 4, 4, 2])
    found = Found(
        ra=ra[of] + offset / 3600, dec=np.zeros(6), x=x[of] + offset, y=np.zeros(6), mag=magnitude[of],
        p_star=np.array([0, 0, 0.9, 0.9, 0.1, 0]), flags=np.array([0, zpix.flag_value("OUTSIDE_TRAINING"), 0, 0, 0, 0]),
    )  # fmt: skip
    matching = Matching(np.array([0, 1, 2, 3]), np.array([0, 1, 3, 4]), np.ones(4), 6, 5)
    pdf = ZMixture(np.ones((2, 1)), np.array([[1.0], [3.0]]), np.full((2, 1), 0.1))
    sample = redshift_sample(pdf, np.array([1.0, 3.0]), np.ones(2))
    report = SimpleNamespace(matching=matching, sample=sample, magnitude=np.array([25.0, 25.0]))
    return scoring.SearchedField(found, truth, report, np.array([1, 2, 4, 5, 5, 3]), np.arange(1, 6))


def test_intervals_of_the_catalogue_are_counted_for_galaxies():
    one = searched()
    one.catalogue.update(z160=np.array([0.9, 1.1, 0, 0, 0, 0]), z840=np.array([1.2, 1.3, 0, 0, 0, 0]),
                         z025=np.zeros(6), z975=np.full(6, 2.0))  # fmt: skip
    assert scoring.inside_intervals([one, one]) == {"count": 4, "in 68 %": 0.5, "in 95 %": 1.0}


def test_sources_fragments_and_stars_are_counted():
    told = scoring.score([searched(), searched()])
    counted = {
        kind: (sum(own["count"]), sum(own["total"])) for kind, own in told["detection"].items() if kind != "F444W"
    }
    assert counted == {
        "completeness": (8, 10),
        "purity": (8, 12),
        "fragments": (4, 12),
        "within 0.05 arcsec": (6, 8),
        "bright stars found, and once and called stars": (4 + 2, 2 * 4),
    }
    assert told["redshifts"]["F444W < 28"]["outlier_fraction"]["value"] == 0.5
    assert told["flags"] == {
        "OUTSIDE_TRAINING": 0.5,
        "outliers with it": 1.0,
        "outliers without it": 0.0,
        "share of outliers that have it": 1.0,
    }


def test_a_galaxy_before_a_star_is_no_piece_of_it_and_stars_beyond_the_field_do_not_count():
    one = searched()
    assert scoring.bright_stars(one).count.tolist() == [2, 1]
    assert scoring.bright_stars(one, brightest=20.5).total.tolist() == [0, 0]
    one.inside[1] = 4  # the second galaxy shines through the spikes of the first star
    assert scoring.bright_stars(one).count.tolist() == [2, 1]
    one.inside[5] = 4  # what is no source does not
    assert scoring.bright_stars(one).count.tolist() == [2, 0]
    one.segment[4] = -1
    assert scoring.bright_stars(one).total.tolist() == [1, 1]


def test_skies_of_one_family_are_natural_or_beyond_what_is_taught():
    taught = zpix.load_config(RECIPE).simulation
    family = Family.parse("soft=templates/soft.param")
    assert family == Family("soft", "templates/soft.param") and Family.parse("kcorrect").spectra == "kcorrect"
    sky = mixed(natural(taught), [family])
    assert dict(sky.spectra) == {"templates/soft.param": 1.0}
    assert (sky.high_z_boost, sky.bright_boost, sky.star_density) == (0.0, 0.0, 1.0)
    assert sky.psf_width_scatter == taught.psf_width_scatter > 0
    far = beyond(sky)
    assert far.psf_width_scatter == pytest.approx(1.5 * taught.psf_width_scatter)
    assert far.depth_range == pytest.approx((taught.depth_range[0] / 1.5, 1.5 * taught.depth_range[1]))


def test_real_galaxies_are_grouped_by_the_bands_they_were_measured_in(tmp_path: Path):
    columns = ["id", "z_spec", *(f"flux_{band.lower()}" for band in JADES_BANDS), "suspect"]
    rows = [["1", "0.5", *["100.0"] * 9, "0"], ["2", "0.7", *["100.0"] * 9, "1"], ["3", "2.0", *["50.0"] * 9, "0"]]
    rows[2][2 + JADES_BANDS.index("F335M")] = "nan"
    path = tmp_path / "photometry.csv"
    path.write_text("\n".join(",".join(row) for row in [columns, *rows]) + "\n")
    whole, without = real_galaxies.read_galaxies(path)
    assert whole.bands == JADES_BANDS and whole.z.tolist() == [0.5] and whole.flux.shape == (1, 9)
    assert "F335M" not in without.bands and without.flux.tolist() == [[50.0] * 8]
    assert without.z == pytest.approx([2.0], abs=1e-5)


def test_errors_are_of_resampled_galaxies_not_of_their_noises():
    z_true = np.repeat([1.0, 2.0, 3.0, 4.0], 50)
    z_phot = z_true + np.repeat([0.0, 0.0, 0.0, 2.0], 50)
    pdf = ZMixture(np.ones((200, 1)), z_phot[:, None], np.full((200, 1), 0.05))
    score = real_galaxies.resampled(redshift_sample(pdf, z_phot, z_true))
    assert (score["galaxies"], score["drawn"]) == (4, 200)
    assert score["outlier_fraction"]["value"] == 0.25
    assert score["outlier_fraction"]["error"] == pytest.approx(np.sqrt(0.25 * 0.75 / 4), rel=0.1)


def test_what_is_taught_has_the_shape_of_the_shipped_detector():
    outliner(default_model(), zpix.load_config(RECIPE).model)  # a model of another shape is refused


def test_a_model_alone_is_tested_on_every_family_and_outside_the_taught_ranges_if_asked(tmp_path):
    own, foreign = Family("kcorrect", "kcorrect"), Family("soft", "templates/soft.param")
    asked = SimpleNamespace(
        alone=True, model=tmp_path / "m.safetensors", family=[own], foreign=[foreign], out=tmp_path, seeds_beyond=None
    )
    config = zpix.load_config(RECIPE)
    listed = foreign_sky.tests(asked, config)
    assert [(one.name, one.model, one.family, one.kind) for one in listed] == [
        ("kcorrect, taught", asked.model, own, "varied"), ("soft, never taught", asked.model, foreign, "varied"),
    ]  # fmt: skip
    asked.seeds_beyond = [1]
    assert [one.kind for one in foreign_sky.tests(asked, config)] == ["varied", "varied", "beyond", "beyond"]
    assert not list(tmp_path.iterdir())  # nothing was drawn or taught
