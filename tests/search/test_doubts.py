"""Catalogues of noise are remarked on; those of a deep field are not."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.search.doubts import count_faint, found_alone, remark_on

BANDS = ("F115W", "F200W", "F277W", "F444W")


class Fluxes(dict):
    """The columns of a catalogue that matter here."""

    bands = BANDS

    @property
    def columns(self):
        return self

    def __len__(self) -> int:
        return len(self["flux_f115w"])


def sources(snr: float, n: int = 200) -> Fluxes:
    """Sources of a signal-to-noise ratio in each band, with noise, and errors of 2 nJy."""
    flux = 2 * (snr + np.random.default_rng(1).normal(size=(len(BANDS), n)))
    named = zip(BANDS, flux, strict=True)
    return Fluxes({f"flux_{b.lower()}": f for b, f in named} | {f"fluxerr_{b.lower()}": np.full(n, 2.0) for b in BANDS})


def test_noise_is_faint_and_sources_are_not():
    assert count_faint(sources(0.0)) == 200
    assert count_faint(sources(5.0)) == 0
    dark = sources(5.0)
    for band in BANDS[:3]:
        dark[f"flux_{band.lower()}"] = dark[f"fluxerr_{band.lower()}"] = np.full(200, np.nan)
    assert 60 < count_faint(dark) < 140  # of one band, with a ratio of 5
    dark["flux_f444w"] = dark["fluxerr_f444w"] = np.full(200, np.nan)
    assert count_faint(dark) == 200


def test_forced_rows_are_not_counted():
    noise = sources(0.0)
    noise["origin"] = np.array(["forced", "new"] * 100)
    assert count_faint(noise) == 100 == found_alone(noise).sum()


@pytest.mark.parametrize(
    ("detections", "faint", "words"),
    [
        (141, 0, []),
        (141, 60, []),
        (19, 19, []),
        (141, 100, ["100 of 141 detections have a signal-to-noise ratio below 5"]),
        (700, 0, ["700 detections are one for every 374 pixels"]),
        (3000, 2900, ["2900 of 3000", "one for every 87 pixels"]),
    ],
)
def test_what_no_field_can_hold_is_remarked_on(caplog, detections, faint, words):
    remark_on(detections=detections, faint=faint, shape=(512, 512))
    assert len(caplog.messages) == len(words)
    for message, word in zip(caplog.messages, words, strict=True):
        assert word in message and "detections.png" in message
