"""Quality flags: each condition sets its own bit and no other."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import zpix
from zpix.catalogue import FLAGS, flag_names, flag_value, quality_flags
from zpix.catalogue.flags import count_peaks
from zpix.sources import ZMixture

ROOT = Path(__file__).parents[2]


def one_source(*, flux=100.0, mean=2.0, width=0.1, **changes) -> tuple[str, ...]:
    redshift = ZMixture(np.ones((1, 1)), np.full((1, 1), mean), np.full((1, 1), width))
    arguments = {
        "edge": np.array([False]),
        "saturated": np.array([False]),
        "novelty": np.array([0.5]),
        "blended": np.array([False]),
        "flux": np.array([[flux, 100.0]]),
        "flux_error": np.array([[10.0, 10.0]]),
        "redshift": redshift,
        "interval": redshift.quantile(np.array([0.16, 0.84])),
        "z_phot": redshift.least_risk(),
        "is_star": np.array([False]),
        "z_range": (0.0, 15.0),
        **changes,
    }
    return flag_names(quality_flags(**arguments)[0])


def test_bits_are_unique_and_names_round_trip():
    assert len({flag.bit for flag in FLAGS}) == len(FLAGS)
    assert all(flag.bit < 31 for flag in FLAGS), "the column is int32"
    for flag in FLAGS:
        assert flag_names(flag_value(flag.name)) == (flag.name,)


def test_each_condition_sets_its_flag_alone():
    yes = np.array([True])
    assert one_source() == ()
    assert one_source(edge=yes) == ("EDGE",)
    assert one_source(blended=yes) == ("BLENDED",)
    assert one_source(is_star=yes) == ("STAR",)
    assert one_source(saturated=yes) == ("SATURATED",)
    assert one_source(novelty=np.array([1.01])) == ("OUTSIDE_TRAINING",)
    assert one_source(novelty=np.array([np.nan])) == ()
    assert one_source(flux=np.nan) == ("BANDS_MISSING",)
    assert one_source(flux_error=np.array([[50.0, 50.0]])) == ("LOW_SNR",)
    assert one_source(width=1.0) == ("WIDE_PDF",)
    assert one_source(mean=14.9) == ("Z_RANGE_END",)
    assert one_source(mean=0.0, width=0.01) == ("Z_RANGE_END",)


def test_one_band_with_signal_is_enough_and_no_band_is_not():
    assert "LOW_SNR" not in one_source(flux=0.0)
    nothing = one_source(flux=np.nan, flux_error=np.array([[10.0, np.nan]]), z_range=(0.0, 15.0))
    assert "LOW_SNR" not in nothing
    none = np.array([[np.nan, np.nan]])
    redshift = ZMixture(np.ones((1, 1)), np.full((1, 1), 2.0), np.full((1, 1), 0.1))
    flags = quality_flags(
        edge=np.array([False]),
        saturated=np.array([False]),
        novelty=np.array([np.nan]),
        blended=np.array([False]),
        flux=none,
        flux_error=none,
        redshift=redshift,
        interval=np.array([[1.9, 2.1]]),
        z_phot=np.array([2.0]),
        is_star=np.array([False]),
        z_range=(0.0, 15.0),
    )
    assert flag_names(flags[0]) == ("BANDS_MISSING", "LOW_SNR")


def test_peaks_count_when_apart_and_heavy():
    weights = np.array([[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]])
    means = np.array([[1.0, 4.0], [1.0, 4.0], [2.0, 2.05]])
    peaks = count_peaks(ZMixture(weights, means, np.full((3, 2), 0.05)))
    assert peaks.tolist() == [2, 1, 1]
    assert count_peaks(ZMixture(*np.zeros((3, 0, 2)))).shape == (0,)


def test_the_selection_to_start_from_keeps_blends():
    """The page of the catalogue names its bits, and has measured what they keep."""
    page = (ROOT / "docs" / "catalogue.md").read_text("utf-8")
    (bits,) = re.findall(r"`flags & \((.*?)\) == 0` leaves out", page)
    chosen = sum(map(int, bits.split(" + ")))
    assert chosen == flag_value("EDGE", "BANDS_MISSING", "Z_RANGE_END", "STAR", "OUTSIDE_TRAINING", "SATURATED")
    assert f"| {', '.join(flag_names(chosen))} | {chosen} |" in page


def test_the_example_of_the_readme_lists_sound_galaxies_alone(make_catalogue, monkeypatch, capsys):
    """Of four sources beyond z = 6 one is a star, one is called a galaxy and a star, and one has no sound data."""
    catalogue = make_catalogue(5)
    parts = catalogue["zmix_mean"].shape
    catalogue = catalogue.with_columns(
        **{"class": ["galaxy", "star", "galaxy", "galaxy", "galaxy"]},
        flags=[flag_value("BLENDED"), flag_value("STAR"), flag_value("STAR"), flag_value("EDGE"), 0],
        zmix_mean=np.broadcast_to([[8.0], [8.0], [8.0], [8.0], [2.0]], parts),
        zmix_width=np.full(parts, 0.1),
        z_phot=[8.5, 8.1, 8.2, 8.3, 2.0],
    )
    monkeypatch.setattr(zpix, "run", lambda *_mosaics, **_options: catalogue)
    (script,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    exec(compile(script, "README.md", "exec"), {})
    assert re.findall(r"\b8\.\d", capsys.readouterr().out) == ["8.5"]
