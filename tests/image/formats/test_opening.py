"""Files are opened in the format of their name, also in one that another package adds."""

import gzip
import pickle
from pathlib import Path

import pytest
from astropy.io import fits

from zpix.errors import BandError, ConfigError, InputFileError
from zpix.image import MOSAIC_FORMATS, open_mosaic

from ..small_mosaics import NJY_PER_UNIT, ONES, PIXAR_SR, check_mosaic, jades_file, refused

# A package of a camera whose archive has two files per band, science and error, in µJy per pixel.
TWO_FILES = """
from zpix.image import BandImage, FitsFile, MosaicFormat, band_of, njy_per_unit


def read(path):
    science, error = FitsFile(path), FitsFile(path.with_name(path.name.replace("_flux.", "_rms.")))
    header = science.headers[0]
    image = BandImage(
        band=band_of(path, header),
        path=path,
        wcs=science.wcs(0),
        science=science.image(0),
        error=error.image(0),
        error_kind="sigma",
        weight=None,
        njy_per_unit=njy_per_unit(header, path=path, default=1000.0),
    )
    return [image]


TWO_FILES = MosaicFormat("two files", "*_flux.fits", read)
"""


@pytest.fixture
def two_files(tmp_path, wcs, values):
    """A directory with one band of such a camera."""
    folder = tmp_path / "mosaics"
    folder.mkdir()
    for name, image in zip(("flux", "rms"), values, strict=True):
        fits.PrimaryHDU(image, wcs.to_header()).writeto(folder / f"field_f435w_{name}.fits")
    return folder


def check_two_files(folder, values) -> None:
    with open_mosaic(folder) as mosaic:
        assert mosaic.bands == ("F435W",)
        check_mosaic(mosaic, 1000 * values[0], 1000 * values[1])


def test_a_package_adds_a_format_with_an_entry_point(install, two_files, values):
    install(MOSAIC_FORMATS, module="two_files", source=TWO_FILES, entry="two files = two_files:TWO_FILES")
    check_two_files(two_files, values)
    refused(InputFileError, "*_flux.fits (two files)", paths=two_files.parent)


def test_a_script_adds_a_format(open_registry, two_files, values):
    open_registry(MOSAIC_FORMATS)
    names: dict = {}
    exec(TWO_FILES, names)
    MOSAIC_FORMATS.add("two files", names["TWO_FILES"])
    check_two_files(two_files, values)
    with pytest.raises(ConfigError, match="'jades' exists already"):
        MOSAIC_FORMATS.add("jades", names["TWO_FILES"])


@pytest.mark.parametrize(
    ("file_name", "layout"),
    [
        ("hlsp_jades_f444w_v2.0_drz.fits", "jades"),
        ("a_f444w_DRZ.FITS.gz", "jades"),
        ("jw01_nircam_i2d.fits", "pipeline"),
        ("gds-f277w-clear_drc_sci.fits.gz", "grizli"),
        ("field.fits.fz", "extensions"),
        (".a_f444w_drz.fits.part", None),
        ("gds-f277w-clear_drc_wht.txt", None),
    ],
)
def test_the_file_name_tells_the_format(tmp_path, file_name, layout):
    claiming = [name for name, known in MOSAIC_FORMATS.items() if known.claims(tmp_path / file_name)]
    assert (claiming[-1] if claiming else None) == layout


def test_missing_file_or_directory(tmp_path):
    refused(InputFileError, "no_f444w_drz.fits", "does not exist", paths=tmp_path / "no_f444w_drz.fits")
    refused(InputFileError, "nowhere", "does not exist", paths=tmp_path / "nowhere")


def test_directory_without_mosaics(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    fits.BinTableHDU.from_columns([fits.Column("id", "J", array=[1])]).writeto(tmp_path / "truth.fits")
    refused(InputFileError, str(tmp_path), "_drz.fits", paths=tmp_path)
    refused(InputFileError, "no mosaic files", paths=[])


def test_unknown_layout(tmp_path, wcs):
    (tmp_path / "a.fits").write_text("not FITS")
    refused(InputFileError, "a.fits", "not a FITS file", paths=tmp_path / "a.fits")
    fits.PrimaryHDU(ONES, wcs.to_header()).writeto(tmp_path / "b.fits")
    refused(InputFileError, "b.fits", "SCI and ERR", paths=tmp_path / "b.fits")
    (tmp_path / "empty_f444w_drz.fits").touch()
    refused(InputFileError, "empty_f444w_drz.fits", paths=tmp_path / "empty_f444w_drz.fits")


def test_band_twice(tmp_path, wcs):
    paths = [jades_file(tmp_path / f"{name}_f444w_drz.fits", wcs, ONES, ONES) for name in "ab"]
    refused(BandError, "F444W", "a_f444w_drz.fits", "b_f444w_drz.fits", "twice", "`zpix align`", paths=paths)


def test_band_asked_for_but_missing(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    refused(BandError, "F090W", "F444W", paths=path, bands=["F090W"])
    refused(BandError, "F444W", "twice", paths=path, bands=["F444W", "f444w"])


def test_missing_hdu(tmp_path, wcs):
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=PIXAR_SR)
    science = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(ONES, header, name="SCI")])
    for name, missing in (
        ("a_f444w_drz.fits", "HDU 2"),
        ("a_f444w_i2d.fits", "ERR"),
        ("a_f444w.fits", "ERR"),
    ):
        science.writeto(tmp_path / name)
        refused(InputFileError, name, missing, paths=tmp_path / name)


def test_a_plain_file_is_taken_in_place_of_its_compressed_copy(tmp_path, wcs, caplog):
    for band in ("f200w", "f444w"):
        plain = jades_file(tmp_path / f"a_{band}_drz.fits", wcs, ONES, ONES)
        (tmp_path / f"{plain.name}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    with open_mosaic(tmp_path) as mosaic:
        assert [path.name for path in mosaic.paths] == ["a_f200w_drz.fits", "a_f444w_drz.fits"]
    (said,) = caplog.messages
    assert said.startswith("F200W F444W ('") and ".gz" in said and str(mosaic.paths[0]) in said


@pytest.mark.parametrize("form", ["list", "dict", "one"])
def test_files_are_named_by_band(tmp_path, wcs, values, form):
    for number, name in enumerate(("a", "b_f150w"), start=1):  # a name may say anything
        jades_file(tmp_path / f"{name}.fits", wcs, number * values[0], values[1])
    paths = {"f444w": tmp_path / "a.fits", "F115W": tmp_path / "b_f150w.fits"}
    if form == "one":
        paths.pop("F115W")
    given = paths if form == "dict" else [f"{band}={path}" for band, path in paths.items()]
    with open_mosaic(given[0] if form == "one" else given) as mosaic:
        assert mosaic.bands == ("F444W", "F115W")[: len(paths)]
        check_mosaic(mosaic, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])
        twin = pickle.loads(pickle.dumps(mosaic))  # as for another process
        assert twin.bands == mosaic.bands
        check_mosaic(twin, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])


def test_one_band_of_a_file_of_several(tmp_path, wcs, values):
    hdus = [fits.PrimaryHDU()]
    for band in ("F200W", "F444W"):
        header = wcs.to_header()
        header["BUNIT"] = "nJy"
        hdus += [
            fits.ImageHDU(data, header, name=f"{band}_{kind}")
            for data, kind in zip(values, ("SCI", "ERR"), strict=True)
        ]
    fits.HDUList(hdus).writeto(tmp_path / "field.fits")
    with open_mosaic(f"F444W={tmp_path / 'field.fits'}") as mosaic:
        assert pickle.loads(pickle.dumps(mosaic)).bands == mosaic.bands == ("F444W",)
    refused(BandError, "given as F115W", "F200W and F444W", paths={"F115W": tmp_path / "field.fits"})


def test_names_that_cannot_be(tmp_path, wcs):
    stated = jades_file(tmp_path / "a.fits", wcs, ONES, ONES, FILTER="F444W")
    refused(BandError, "a.fits", "given as F115W", "F444W", paths=f"F115W={stated}")
    refused(BandError, "F11W", "is F115W meant?", paths=f"F11W={stated}")
    refused(BandError, "cannot be a band", paths=[f"4={stated}"])
    refused(BandError, "twice", paths=[f"F444W={stated}", stated])
    refused(InputFileError, "directory", paths=f"F444W={tmp_path}")
    refused(InputFileError, "does not exist", paths="F444W=nowhere.fits")


def test_a_file_whose_own_name_has_an_equals_sign(tmp_path, wcs, monkeypatch):
    monkeypatch.chdir(tmp_path)
    jades_file(Path("run=1_f444w_drz.fits"), wcs, ONES, ONES)
    with open_mosaic("run=1_f444w_drz.fits") as mosaic:
        assert mosaic.bands == ("F444W",)
