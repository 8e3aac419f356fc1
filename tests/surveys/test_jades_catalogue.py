import numpy as np
import pytest
from astropy.io import fits

from tests.surveys.small_jades import SOURCES, catalogue_tables, sky, tables
from zpix.errors import CatalogueError, InputFileError
from zpix.image import JADES_BANDS, Region, SegmentationMap, open_mosaic
from zpix.surveys.jades_catalogue import (
    is_jades_catalogue,
    read_jades_catalogue,
    read_jades_photometry,
    read_jades_sources,
)


def test_columns_are_read_by_name(jades_field):
    catalogue = read_jades_catalogue(jades_field.catalogue)
    sources = catalogue.sources
    assert sources.id.tolist() == list(SOURCES) and (sources.label == 2).tolist() == [i == 1004 for i in SOURCES]
    assert (sources.ra[0], sources.dec[0]) == sky(1001) and np.isnan(sources.redshift).all()
    np.testing.assert_array_equal(catalogue.box_xyxy_pix[0], [26, 27, 35, 34])  # half-open
    assert catalogue.bands == JADES_BANDS and catalogue.observed.shape == (12, 9)
    assert np.argwhere(~catalogue.observed).tolist() == [[2, JADES_BANDS.index("F335M")]]
    assert catalogue.flux_njy[0] == 30 and catalogue.core_flux_error_njy[0] == 2
    assert catalogue.z_phot[0] == 1.25 and np.isnan(catalogue.z_phot[9])  # 21.99 is no redshift
    for array in (sources.id, sources.ra, catalogue.box_xyxy_pix, catalogue.flux_njy, catalogue.z_phot):
        assert array.dtype.isnative


def test_fluxes_are_a_table_with_the_usual_column_names(jades_field):
    table = read_jades_photometry(jades_field.catalogue)
    assert table.identifier().tolist() == list(SOURCES) and table.is_star().tolist() == [i == 1004 for i in SOURCES]
    assert table.position()[0][0] == sky(1001)[0] and table.number("n_pix")[0] == 63
    assert table.number("flux_f444w")[0] == 30 and table.number("fluxerr_f090w")[0] == 2
    assert np.flatnonzero(np.isnan(table.number("flux_f335m"))).tolist() == [2]  # no data there
    assert np.isnan(table.redshift(required=False)).all()


def test_boxes_and_identifiers_are_those_of_the_segmentation_map(jades_field):
    catalogue = read_jades_catalogue(jades_field.catalogue)
    with open_mosaic(jades_field.mosaics) as mosaic:
        shape = mosaic.shape
    with SegmentationMap(jades_field.segmentation, shape=shape) as segments:
        for identifier, box in zip(catalogue.sources.id, catalogue.box_xyxy_pix.astype(int), strict=True):
            window = segments.read(Region(*box))
            assert (window == (0 if identifier == 1005 else identifier)).all()


def test_names_of_a_later_release_are_known(tmp_path):
    named = catalogue_tables()
    named["PHOTOZ"].rename_column("EAZY_z_a", "z_a")
    tables(*named.items()).writeto(tmp_path / "dr5.fits")
    assert read_jades_catalogue(tmp_path / "dr5.fits").z_phot[0] == 1.25


def test_a_flag_of_stars_may_be_missing(tmp_path, caplog):
    """As in DR5."""
    named = catalogue_tables()
    named["FLAG"].remove_column("FLAG_ST")
    tables(*named.items()).writeto(tmp_path / "dr5.fits")
    sources = read_jades_sources(tmp_path / "dr5.fits")
    assert sources.id.tolist() == list(SOURCES) and (sources.label == 1).all()
    assert "dr5.fits" in caplog.text and "FLAG_ST" in caplog.text
    assert len(read_jades_photometry(tmp_path / "dr5.fits")) == len(SOURCES)


def test_a_flux_with_an_error_that_is_none_was_not_observed(tmp_path):
    named = catalogue_tables()
    named["KRON"]["F444W_KRON_e"] = named["KRON"]["F444W_KRON_e"].astype(float)
    for row, error in enumerate((-1.0, np.inf, 0.0, -99.0)):
        named["KRON"]["F444W_KRON_e"][row] = error
    tables(*named.items()).writeto(tmp_path / "jades.fits")
    flux = read_jades_photometry(tmp_path / "jades.fits").number("flux_f444w")
    assert np.flatnonzero(np.isnan(flux)).tolist() == [0, 1, 2, 3]


def test_rows_are_taken_with_their_bands(jades_field):
    catalogue = read_jades_catalogue(jades_field.catalogue)
    some = catalogue[catalogue.sources.id > 1010]
    assert len(some) == len(some.sources) == len(some.observed) == 2
    assert some.bands == catalogue.bands


def test_a_catalogue_may_have_no_sources(tmp_path):
    tables(*((name, table[:0]) for name, table in catalogue_tables().items())).writeto(tmp_path / "empty.fits")
    catalogue = read_jades_catalogue(tmp_path / "empty.fits")
    assert len(catalogue) == 0 and catalogue.box_xyxy_pix.shape == (0, 4) and catalogue.observed.shape == (0, 9)


@pytest.mark.parametrize("name", ["FLAG", "SIZE", "CIRC", "KRON", "PHOTOZ"])
def test_a_missing_extension_is_named_with_those_that_are_there(name, tmp_path):
    named = catalogue_tables()
    del named[name]
    tables(*named.items()).writeto(tmp_path / "damaged.fits")
    assert is_jades_catalogue(tmp_path / "damaged.fits")
    with pytest.raises(CatalogueError, match=rf"damaged\.fits.*no extension '{name}'.*CIRC_BSUB"):
        read_jades_catalogue(tmp_path / "damaged.fits")


@pytest.mark.parametrize(
    ("extension", "column", "there"),
    [
        ("FLAG", "RA", "ID"), ("FLAG", "F410M_FLAG", "FLAG_ST"), ("SIZE", "BBOX_XMIN", "X, Y"),
        ("CIRC", "F444W_CIRC1", "F090W_CIRC1"), ("KRON", "F444W_KRON_e", "F090W_KRON"), ("PHOTOZ", "EAZY_z_a", "l68"),
    ],
)  # fmt: skip
def test_a_renamed_column_is_named_with_those_that_are_there(extension, column, there, tmp_path):
    named = catalogue_tables()
    named[extension].rename_column(column, "XYZ")
    tables(*named.items()).writeto(tmp_path / "renamed.fits")
    with pytest.raises(CatalogueError, match=rf"renamed\.fits.*'{column}.*'{extension}'.*{there}"):
        read_jades_catalogue(tmp_path / "renamed.fits")


def test_extensions_that_list_other_sources_are_refused(tmp_path):
    named = catalogue_tables()
    named["KRON"] = named["KRON"][::-1]
    tables(*named.items()).writeto(tmp_path / "mixed.fits")
    with pytest.raises(CatalogueError, match=r"mixed\.fits.*KRON"):
        read_jades_catalogue(tmp_path / "mixed.fits")


def test_an_incomplete_file_is_one_sentence(jades_field, tmp_path):
    whole = jades_field.catalogue.read_bytes()
    (tmp_path / "half.fits").write_bytes(whole[: len(whole) // 2 + 700])
    (tmp_path / "page.fits").write_text("<html>404</html>")
    for name in ("half.fits", "page.fits", "nowhere.fits"):
        for read in (is_jades_catalogue, read_jades_sources, read_jades_catalogue):
            with pytest.raises(InputFileError, match=name):
                read(tmp_path / name)


def test_other_tables_are_not_taken_for_a_catalogue_of_jades(jades_field, tmp_path):
    (tmp_path / "list.csv").write_text("id,ra,dec\n1,53.16,-27.79\n")
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(catalogue_tables()["FLAG"], name="FLAG")]).writeto(
        tmp_path / "flag.fits"
    )
    assert is_jades_catalogue(jades_field.catalogue)
    for other in (tmp_path / "list.csv", tmp_path / "flag.fits", jades_field.dr4):
        assert not is_jades_catalogue(other)
