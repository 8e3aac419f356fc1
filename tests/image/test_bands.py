import pytest

from zpix.errors import BandError
from zpix.image import JADES_BANDS, band_name, in_wavelength_order
from zpix.image.bands import PIVOT_UM, band_from_file_name, band_from_header


@pytest.mark.parametrize(
    ("name", "band"),
    [
        ("hlsp_jades_jwst_nircam_goods-s-deep_f335m_v2.0_drz.fits", "F335M"),
        ("gds-grizli-v7.2-f444w-clear_drc_sci.fits.gz", "F444W"),
        ("gds-grizli-v7.2-f115wn-clear_drc_sci.fits.gz", "F115WN"),
        ("jw02731-o001_t017_nircam_f444w-f470n_i2d.fits", "F470N"),
        ("jw01837-o001_t001_nircam_clear-f150w2_i2d.fits", "F150W2"),
        ("field_f850lp_drz.fits", "F850LP"),
        ("hlsp_hlf_hst_acs-30mas_goodss_f435w_v2.0_sci.fits", "F435W"),
        ("hlsp_candels_hst_acs_gs-tot_f606w_v1.0_drz.fits", "F606W"),
        ("hlsp_jades_hst_wfc3_goods-s_f160w_v1.0_drz.fits", "F160W"),
        ("gds-grizli-v7.2-f814w_drc_sci.fits.gz", "F814W"),
        ("goodss_3dhst.v4.0.F125W_orig_sci.fits", "F125W"),
        ("half4444w.fits", None),
    ],
)
def test_band_in_file_name(name, band):
    assert band_from_file_name(name) == band


@pytest.mark.parametrize(
    ("header", "band"),
    [
        ({"FILTER": "F444W", "PUPIL": "CLEAR"}, "F444W"),
        ({"FILTER": "F150W2", "PUPIL": "F162M"}, "F162M"),
        ({"FILTER": "CLEAR", "PUPIL": "F200W"}, "F200W"),
        ({"FILTER": "F410M-CLEAR"}, "F410M"),
        ({"FILTER1": "CLEAR1L", "FILTER2": "F814W"}, "F814W"),
        ({"FILTER": "F606W;CLEAR2L"}, "F606W"),
        ({"FILTER": "CLEAR1L, F435W"}, "F435W"),
        ({"FILTER": "HSC-G"}, "HSC-G"),
        ({"FILTER": "CLEAR"}, None),
        ({"FILTER": ""}, None),
        ({}, None),
    ],
)
def test_band_in_header(header, band):
    assert band_from_header(header) == band


def test_names_are_upper_case_identifiers():
    assert band_name(" f444w ") == "F444W"
    for bad in ("", "4F", "F444 W", "F/W"):
        with pytest.raises(BandError, match="cannot be a band"):
            band_name(bad)


def test_jades_bands_are_in_wavelength_order():
    assert in_wavelength_order(reversed(JADES_BANDS)) == list(JADES_BANDS)
    assert in_wavelength_order(["HSC-G", "F444W"]) == ["F444W", "HSC-G"]
    assert in_wavelength_order(["F444W", "F090W", "F160W", "F850LP", "F435W"])[:3] == ["F435W", "F090W", "F850LP"]
    assert set(JADES_BANDS) < set(PIVOT_UM)
