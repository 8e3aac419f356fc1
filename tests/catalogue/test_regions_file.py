"""DS9 regions: each box covers on the sky what it covers in pixels."""

from __future__ import annotations

import re

import numpy as np
import pytest

from zpix.catalogue import write_regions

LINE = re.compile(r'box\((.+),(.+),(.+)",(.+)",(.+)\) # text=\{(\d+) (.+?)\}')


@pytest.mark.parametrize("turn_deg", [0.0, 25.0])
def test_boxes_are_labelled_and_placed(make_catalogue, wcs, tmp_path, turn_deg):
    turn = np.deg2rad(turn_deg)
    wcs.wcs.pc = [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    catalogue = make_catalogue(5)
    write_regions(tmp_path / "r.reg", catalogue, wcs=wcs)
    found = LINE.findall((tmp_path / "r.reg").read_text())
    assert len(found) == 5
    box = catalogue.box
    for row, (ra, dec, width, height, angle, number, label) in enumerate(found):
        x, y = wcs.world_to_pixel_values(float(ra), float(dec))
        np.testing.assert_allclose([x, y], (box[row, :2] + box[row, 2:]) / 2 - 0.5, atol=0.02)
        np.testing.assert_allclose(float(width), 0.03 * (box[row, 2] - box[row, 0]), atol=2e-3)
        np.testing.assert_allclose(float(height), 0.03 * (box[row, 3] - box[row, 1]), atol=2e-3)
        assert float(angle) == pytest.approx(-turn_deg, abs=0.1)
        assert int(number) == row + 1
        star = catalogue["class"][row] == "star"
        assert label == ("star" if star else f"z={catalogue['z_phot'][row]:.2f}")


def test_no_sources_give_a_header(make_catalogue, wcs, tmp_path):
    write_regions(tmp_path / "r.reg", make_catalogue(0), wcs=wcs)
    text = (tmp_path / "r.reg").read_text()
    assert text.endswith("fk5\n")
