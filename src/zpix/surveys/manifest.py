"""Which files does a release of a survey have, what are they called, and where are they?

No checksums are published for these files, so none are listed here: the size of a download is compared with that on the
server, and its checksum is recorded for later (`zpix.surveys.download`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from zpix.errors import BandError, ConfigError
from zpix.image import JADES_BANDS, band_name


@dataclass(frozen=True)
class RemoteFile:
    """One file of a release.

    Attributes
    ----------
    path : str
        Path below the base URL of the release.
    part : str
        Part of the release, by which a user chooses files, such as "mosaics" or "catalogue".
    band : str, default ""
        Band of a mosaic; empty for other files.
    """

    path: str
    part: str
    band: str = ""

    @property
    def name(self) -> str:
        """File name, on the server and on disk."""
        return self.path.rpartition("/")[2]

    @property
    def label(self) -> str:
        """Part and band, for messages."""
        return f"{self.part} {self.band}".strip()


@dataclass(frozen=True)
class Release:
    """Files of one release of a survey.

    Attributes
    ----------
    name : str
        Name of the release.
    base : str
        URL below which the files are; empty if a mirror must be named.
    files : tuple of RemoteFile
        The files.
    about : str
        One line on what it is and whom to cite.
    """

    name: str
    base: str
    files: tuple[RemoteFile, ...]
    about: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts to choose from, in the order of the files."""
        return tuple(dict.fromkeys(file.part for file in self.files))

    def chosen(self, *, bands: Sequence[str] | None = None, parts: Sequence[str] | None = None) -> list[RemoteFile]:
        """Return the files of some parts and bands.

        Parameters
        ----------
        bands : sequence of str, optional
            Bands of the mosaics; default all. Files without a band are always included.
        parts : sequence of str, optional
            Parts of the release; default all.

        Returns
        -------
        list of RemoteFile
            The files, in the order of the release.

        Raises
        ------
        BandError
            If the release has no such band.
        ConfigError
            If the release has no such part.
        """
        known = [file.band for file in self.files if file.band]
        wanted = known if bands is None else [band_name(band) for band in bands]
        for band in wanted:
            if band not in known:
                raise BandError(f"band {band} is not among the mosaics of {self.name}: {', '.join(known) or 'none'}")
        for part in parts or ():
            if part not in self.parts:
                raise ConfigError(f"'{part}' is not a part of {self.name}: allowed are {', '.join(self.parts)}")
        of_parts = [file for file in self.files if parts is None or file.part in parts]
        return [file for file in of_parts if not file.band or file.band in wanted]


_JADES = "hlsp_jades_jwst_nircam_goods-s-deep"


def _jades_files() -> tuple[RemoteFile, ...]:
    """Files of JADES DR2 in GOODS-S, with the redshifts of DR3."""
    images, catalogues = "dr2/goods-s/images", "dr2/goods-s/catalogs"
    mosaics = [RemoteFile(f"{images}/{_JADES}_{band.lower()}_v2.0_drz.fits", "mosaics", band) for band in JADES_BANDS]
    return (
        *mosaics,
        RemoteFile(f"{images}/{_JADES}_segmentation_v2.0_drz.fits", "segmentation"),
        RemoteFile(f"{catalogues}/{_JADES}_photometry_v2.0_catalog.fits", "catalogue"),
        RemoteFile(
            "dr3/goods-s/catalogs/hlsp_jades_jwst_nirspec_goods-s_prism-line-fluxes_v1.1_catalog.fits", "redshifts"
        ),
    )


def _galaxiesml_files(size: int) -> tuple[RemoteFile, ...]:
    """Files of GalaxiesML with cutouts of `size` pixels a side."""
    splits = ("training", "validation", "testing")
    return tuple(RemoteFile(f"5x{size}x{size}_{split}_with_morphology.hdf5", split) for split in splits)


_MAST = "https://archive.stsci.edu/hlsps/jades/"
_ZENODO = "https://zenodo.org/records/11117528/files/"
_RELEASES = (
    Release(
        "jades-dr2",
        _MAST,
        _jades_files(),
        "JADES DR2 of GOODS-S: NIRCam mosaics, segmentation, photometry (Rieke et al. 2023; Eisenstein et al. 2023), "
        "and the redshifts of DR3 (D'Eugenio et al. 2025)",
    ),
    Release(
        "jades-dr4",
        "https://jades.herts.ac.uk/DR4/",
        (RemoteFile("Combined_DR4_external_v1.2.1.fits", "redshifts"),),
        "JADES DR4: all NIRSpec redshifts (Curtis-Lake et al. 2025; Scholtz et al. 2025)",
    ),
    Release(
        "galaxiesml", _ZENODO, _galaxiesml_files(64), "GalaxiesML: HSC grizy cutouts of 64 pixels (Do et al. 2024)"
    ),
    Release(
        "galaxiesml-127",
        _ZENODO,
        _galaxiesml_files(127),
        "GalaxiesML: HSC grizy cutouts of 127 pixels (Do et al. 2024)",
    ),
    Release(
        "model",
        "",  # the package comes with a model; other weights are downloaded from a server that the user names
        (RemoteFile("default.safetensors", "model"),),
        "weights of a default model; those of this version are part of the package",
    ),
)

#: Every release that can be downloaded, by name.
RELEASES = MappingProxyType({release.name: release for release in _RELEASES})


def release(name: str) -> Release:
    """Return the release of a name.

    Parameters
    ----------
    name : str
        Name of the release.

    Returns
    -------
    Release
        The release.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if name not in RELEASES:
        raise ConfigError(f"release '{name}' is unknown: allowed are {', '.join(RELEASES)}")
    return RELEASES[name]
