"""Columns under the names, and in the units, that users of other tools look for."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.catalogue import read_catalogue, under_other_names, write_catalogue_fits


@pytest.fixture
def catalogue(make_catalogue):
    plain = make_catalogue(8)
    totals = {
        f"total{kind}_{band.lower()}": plain[f"flux{kind}_{band.lower()}"]
        for band in plain.bands
        for kind in ("", "err")
    }
    return plain.with_columns(**totals, a=np.full(8, 3.0), b=np.full(8, 2.0))


def test_eazy(catalogue):
    table = under_other_names(catalogue, "eazy")
    names = [column.name for column in table.schema]
    assert names[:6] == ["id", "ra", "dec", "z_spec", "nusefilt", "z_ml"] and list(table.values) == names
    np.testing.assert_array_equal(table.values["u68"], catalogue["z840"])
    np.testing.assert_array_equal(table.values["z_min_risk"], catalogue["z_phot"])
    flux = table.values["f_F277W"]
    np.testing.assert_allclose(flux, catalogue["total_f277w"] / 1000, rtol=1e-6)
    missing = np.isnan(catalogue["total_f090w"])
    assert missing.any() and (table.values["f_F090W"][missing] == -99).all()
    assert (table.values["e_F090W"][missing] == -99).all() and (table.values["z_spec"] == -1).all()


def test_roman(catalogue):
    table = under_other_names(catalogue, "roman")
    np.testing.assert_array_equal(table.values["label"], catalogue["id"])
    np.testing.assert_array_equal(table.values["kron_f444w_flux"], catalogue["total_f444w"])
    np.testing.assert_array_equal(table.values["segment_f444w_flux_err"], catalogue["fluxerr_f444w"])
    assert (table.values["bbox_xmin"] <= catalogue["x0"]).all() and (
        table.values["bbox_xmax"] + 1 >= catalogue["x1"]
    ).all()
    assert table.values["is_extended"].tolist() == (catalogue["class"] != "star").tolist()
    assert "semimajor" not in table.values  # the size of a pixel is not known
    scaled = type(catalogue)(catalogue.columns, catalogue.bands, {**catalogue.meta, "pixel_scale_arcsec": 0.03})
    table = under_other_names(scaled, "roman")
    np.testing.assert_allclose(table.values["semimajor"], 0.09, rtol=1e-6)
    np.testing.assert_allclose(table.values["segment_area"], catalogue["n_pix"] * 0.0009, rtol=1e-5)
    assert {c.name: c.unit for c in table.schema}["segment_area"] == "arcsec2"


@pytest.mark.parametrize("names", ["eazy", "roman"])
def test_no_sources_are_no_rows(make_catalogue, tmp_path, names):
    write_catalogue_fits(tmp_path / "catalogue.fits", make_catalogue(0))
    table = under_other_names(read_catalogue(tmp_path / "catalogue.fits"), names)
    assert all(len(values) == 0 for values in table.values.values())
