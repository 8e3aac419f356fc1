"""The stand-in of the archives has the layout of the real files."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from zpix.image import JADES_BANDS, Region, SegmentationMap, open_mosaic
from zpix.surveys import RELEASES

JADES = "hlsp_jades_jwst_nircam_goods-s-deep"


@pytest.fixture(scope="module")
def images(survey_archive) -> Path:
    return survey_archive / "hlsps/jades/dr2/goods-s/images"


@pytest.fixture(scope="module")
def catalogue(survey_archive) -> Path:
    return survey_archive / f"hlsps/jades/dr2/goods-s/catalogs/{JADES}_photometry_v2.0_catalog.fits"


def test_every_file_of_the_releases_is_there(survey_archive):
    found = {path.name for path in survey_archive.rglob("*") if path.is_file()}
    listed = [file.name for name in ("jades-dr2", "jades-dr4", "galaxiesml") for file in RELEASES[name].files]
    assert found == set(listed) and len(listed) == 16


def test_mosaics_have_units_and_errors_in_their_place(images):
    with fits.open(images / f"{JADES}_f444w_v2.0_drz.fits") as hdus:
        header, science, error = hdus[1].header, hdus[1].data, hdus[2].data
        assert header["BUNIT"] == "MJy/sr" and header["PHOTMJSR"] > 0
        pixel = WCS(header).proj_plane_pixel_scales()
        assert [scale.to_value("arcsec") for scale in pixel] == pytest.approx([0.03, 0.03])
        sigma = 1.4826 * np.nanmedian(np.abs(science)) * header["PIXAR_SR"] * 1e12  # µJy per pixel, as readers do
        assert science.dtype.byteorder == ">" and error.shape == science.shape == (384, 448)
    assert 1e-5 < sigma < 1e-2
    with open_mosaic(images) as mosaic:
        assert mosaic.bands == JADES_BANDS and mosaic.pixel_scale_arcsec == pytest.approx(0.03)


def test_the_catalogue_has_the_hdus_and_columns_that_readers_ask_for(catalogue, images):
    with fits.open(catalogue) as hdus:
        assert [hdu.name for hdu in hdus[2:]] == [
            "FLAG", "SIZE", "CIRC", "CIRC_BSUB", "CIRC_CONV", "KRON", "KRON_CONV", "PHOTOZ",
        ]  # fmt: skip
        flag, size, kron, photoz = (hdus[number].data for number in (2, 3, 7, 9))
        circ = hdus["CIRC"].data
        assert {"ID", "RA", "DEC", "F090W_FLAG", "FLAG_ST"} <= set(flag.names)
        assert {"ID", "X", "Y", "BBOX_XMIN", "BBOX_XMAX", "NPIX_DET", "R_KRON", "Q", "PA"} <= set(size.names)
        assert {"EAZY_z_a", "EAZY_l68", "EAZY_u68", "EAZY_l95", "EAZY_u95", "EAZY_chisq_min"} <= set(photoz.names)
        assert circ["F444W_CIRC1"].dtype.byteorder == flag["RA"].dtype.byteorder == ">"
        assert set(np.unique(flag["F444W_FLAG"])) <= {-1, 0}
        assert (hdus["FLAG"].data["ID"] == hdus["PHOTOZ"].data["ID"]).all()
        missing = flag["F090W_FLAG"] == -1
        assert np.isnan(kron["F090W_KRON"][missing]).all() and np.isfinite(kron["F090W_KRON"][~missing]).all()
        seen = flag["F444W_FLAG"] == 0
        assert (circ["F444W_CIRC1"][seen] < kron["F444W_KRON"][seen] + 3 * kron["F444W_KRON_e"][seen]).mean() > 0.8
        identifiers, ra, dec = np.array(flag["ID"]), np.array(flag["RA"], float), np.array(flag["DEC"], float)
    with SegmentationMap(images / f"{JADES}_segmentation_v2.0_drz.fits", shape=(384, 448)) as segments:
        map_ = segments.read(Region(0, 0, 448, 384))
    assert set(np.unique(map_)) - {0} == set(identifiers.tolist())
    with open_mosaic(images) as mosaic:
        x, y = np.rint(mosaic.pixel(ra, dec)).astype(int)
    inside = (x >= 0) & (x < 448) & (y >= 0) & (y < 384)
    assert (map_[y[inside], x[inside]] == identifiers[inside]).mean() > 0.8  # else a neighbour covers the middle


def test_fluxes_are_those_of_the_pixels(catalogue, images):
    flux = Table.read(catalogue, hdu="KRON")
    segments = fits.getdata(images / f"{JADES}_segmentation_v2.0_drz.fits")
    with fits.open(images / f"{JADES}_f277w_v2.0_drz.fits") as hdus:
        njy = hdus[1].data * hdus[1].header["PIXAR_SR"] * 1e15
    brightest = int(np.nanargmax(flux["F277W_KRON"]))
    total = np.nansum(njy[segments == flux["ID"][brightest]], dtype=float)
    assert flux["F277W_KRON"][brightest] == pytest.approx(total, rel=1e-4)


def test_lists_of_redshifts_have_flags_and_the_other_field(survey_archive, catalogue):
    dr3 = Table.read(
        survey_archive
        / "hlsps/jades/dr3/goods-s/catalogs/hlsp_jades_jwst_nirspec_goods-s_prism-line-fluxes_v1.1_catalog.fits",
        hdu=1,
    )
    dr4 = Table.read(survey_archive / "DR4" / "Combined_DR4_external_v1.2.1.fits", hdu="Obs_info")
    assert {"NIRSpec_ID", "NIRCam_ID", "RA_TARG", "Dec_TARG", "z_Spec", "z_Spec_flag"} <= set(dr3.colnames)
    assert {"Unique_ID", "RA_TARG", "Dec_TARG", "Field", "z_Spec", "z_Spec_flag", "z_phot"} <= set(dr4.colnames)
    assert set(dr4["Field"]) == {"GS", "GN"} and set(dr4["z_Spec_flag"]) <= set("ABCDE")
    listed = set(Table.read(catalogue, hdu="FLAG")["ID"])
    assert set(dr3["NIRCam_ID"]) <= listed and 0 < len(dr3) < len(dr4)


def test_colours_change_with_redshift_as_they_should(survey_archive):
    with h5py.File(survey_archive / "records/11117528/files/5x64x64_training_with_morphology.hdf5") as file:
        image, z = file["image"][:], file["specz_redshift"][:]
        mags = np.stack([file[f"{band}_cmodel_mag"][:] for band in "grizy"], axis=1)
        assert image.shape == (28, 5, 64, 64) and image.dtype == np.float32
        assert file["specz_redshift_err"].shape == z.shape == (28,)
    counts = image[:, :, 22:42, 22:42].sum(axis=(2, 3))
    measured = 27.0 - 2.5 * np.log10(np.maximum(counts, 1e-3))
    bright = mags[:, 3] < 21
    assert np.abs(np.median((measured - mags)[bright, 3])) < 0.3
    gap = mags[:, 1] - mags[:, 3]  # r − z grows with redshift while the 4000 Å break goes through r
    assert np.corrcoef(gap[z < 0.9], z[z < 0.9])[0, 1] > 0.3
