"""Which files does a survey's release consist of, what are they called, and where do they lie?

No checksum is published with these files, so none is written here: what is fetched is held to the size that its server
states, and its own checksum is kept for later (`zpix.surveys.download`).
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

    path : below the release's base URL
    part : what it is, such as "mosaics" or "catalogue": what a user chooses by
    band : of a mosaic, else empty
    """

    path: str
    part: str
    band: str = ""

    @property
    def name(self) -> str:
        """File name, the same here and there."""
        return self.path.rpartition("/")[2]

    @property
    def label(self) -> str:
        """What it is, in short."""
        return f"{self.part} {self.band}".strip()


@dataclass(frozen=True)
class Release:
    """Files that belong together, below one base URL; without one a mirror has to be named.

    about : one line on what it is and whom to cite
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
        """The files of some parts, and of the mosaics those of some bands; all by default.

        Raises
        ------
        BandError, ConfigError
            If the release has no such band or part.
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
        "",  # the model comes with the package; newer weights come from a server that the user names
        (RemoteFile("default.safetensors", "model"),),
        "weights of a default model: those of this version come with the package",
    ),
)

#: Every release that can be fetched, by name.
RELEASES = MappingProxyType({release.name: release for release in _RELEASES})


def release(name: str) -> Release:
    """The release of that name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if name not in RELEASES:
        raise ConfigError(f"'{name}' cannot be fetched: allowed are {', '.join(RELEASES)}")
    return RELEASES[name]
