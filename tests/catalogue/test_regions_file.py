"""DS9 regions: each box covers on the sky what it covers in pixels."""

from __future__ import annotations

import re

import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from zpix.catalogue import write_regions
from zpix.image import tangent_wcs

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


def test_boxes_are_icrs_in_galactic_mosaics(make_catalogue, tmp_path):
    galactic = tangent_wcs(223.5, -54.4, (200, 200), 0.03)
    galactic.wcs.ctype, galactic.wcs.radesys = ["GLON-TAN", "GLAT-TAN"], ""
    galactic.wcs.set()
    catalogue = make_catalogue(3)
    write_regions(tmp_path / "r.reg", catalogue, wcs=galactic)
    for row, place in enumerate(LINE.findall((tmp_path / "r.reg").read_text())):
        x, y = (catalogue.box[row, :2] + catalogue.box[row, 2:]) / 2 - 0.5
        there = SkyCoord(float(place[0]), float(place[1]), unit="deg")
        assert there.separation(galactic.pixel_to_world(x, y)).arcsec < 1e-3


def test_astropy_regions_reads_every_box_without_a_warning(make_catalogue, wcs, tmp_path):
    regions = pytest.importorskip("regions", reason="astropy's regions is not installed")
    wcs.wcs.crval = [-1e-9, -27.8]
    write_regions(tmp_path / "r.reg", make_catalogue(5), wcs=wcs)
    found = regions.Regions.read(tmp_path / "r.reg", format="ds9")  # a warning would be an error
    assert len(found) == 5 and {box.center.frame.name for box in found} == {"icrs"}
    assert all(0 <= float(place[0]) < 360 for place in LINE.findall((tmp_path / "r.reg").read_text()))


def test_no_sources_give_a_header(make_catalogue, wcs, tmp_path):
    write_regions(tmp_path / "r.reg", make_catalogue(0), wcs=wcs)
    text = (tmp_path / "r.reg").read_text()
    assert text.endswith("icrs\n")
