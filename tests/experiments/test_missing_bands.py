"""What is left out of a field, and what the table says of it, with a search whose answer is known."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np

from experiments import missing_bands
from zpix.evaluation import redshift_sample
from zpix.image import JADES_BANDS
from zpix.sources import ZMixture


def test_each_search_has_the_bands_that_are_kept_and_faint_galaxies_do_not_count(tmp_path, monkeypatch, capsys):
    flux = np.arange(9.0)[:, None, None] * np.ones((9, 4, 4))
    pixels = SimpleNamespace(flux=flux, error=flux + 1)
    mosaic = SimpleNamespace(shape=(4, 4), wcs=None, read=lambda region, bands: pixels)
    searched = []

    def predict(flux, error, wcs, *, bands, model, force):
        searched.append(bands)
        assert flux[:, 0, 0].tolist() == [JADES_BANDS.index(band) for band in bands] and (error == flux + 1).all()
        return len(bands)

    def scored(bands: int, truth: None) -> SimpleNamespace:
        """Three galaxies, of which the faintest and, with a band missing, another one are outliers."""
        wrong = np.array([1.0, 1.0 if bands == 9 else 3.0, 5.0])
        pdf = ZMixture(np.ones((3, 1)), wrong[:, None], np.full((3, 1), 0.1))
        return SimpleNamespace(sample=redshift_sample(pdf, wrong, np.ones(3)), magnitude=np.array([25.0, 26.0, 29.0]))

    monkeypatch.setattr(missing_bands.zpix, "open_mosaic", lambda field: mosaic)
    monkeypatch.setattr(missing_bands.zpix, "predict", predict)
    monkeypatch.setattr(missing_bands, "read_truth", lambda path: None)
    monkeypatch.setattr(missing_bands, "score_catalogue", scored)
    monkeypatch.setattr(missing_bands, "LEFT_OUT", ("", "F335M F410M"))
    monkeypatch.setattr(sys, "argv", ["missing_bands.py", str(tmp_path)])
    missing_bands.main()
    assert searched == [list(JADES_BANDS), [band for band in JADES_BANDS if band not in ("F335M", "F410M")]]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()[2:4]]
    assert [row[:3] + row[4:5] for row in rows] == [["9", "", "2", "0.000"], ["7", "F335M F410M", "2", "0.500"]]
