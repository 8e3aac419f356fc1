"""Data of surveys: which files a release has, how they are downloaded, and how they are read."""

from zpix.surveys.download import Download, download_release
from zpix.surveys.galaxiesml import GalaxiesML
from zpix.surveys.jades_catalogue import JadesCatalogue, read_jades_catalogue
from zpix.surveys.manifest import RELEASES, Release, RemoteFile
from zpix.surveys.redshift_labels import sources_of_redshifts
from zpix.surveys.redshift_lists import RedshiftList, read_redshifts
from zpix.surveys.reference_catalogues import (
    REFERENCE_READERS,
    ReferenceReader,
    read_reference_catalogue,
    read_reference_photometry,
)
from zpix.surveys.spectroscopy import Compilation, compile_redshifts

__all__ = [
    "REFERENCE_READERS",
    "RELEASES",
    "Compilation",
    "Download",
    "GalaxiesML",
    "JadesCatalogue",
    "RedshiftList",
    "ReferenceReader",
    "Release",
    "RemoteFile",
    "compile_redshifts",
    "download_release",
    "read_jades_catalogue",
    "read_redshifts",
    "read_reference_catalogue",
    "read_reference_photometry",
    "sources_of_redshifts",
]
