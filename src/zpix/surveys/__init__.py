"""What others have published: their files, where they lie, and how they are read."""

from zpix.surveys.download import Download, download_release
from zpix.surveys.galaxiesml import GalaxiesML
from zpix.surveys.manifest import RELEASES, Release, RemoteFile

__all__ = ["RELEASES", "Download", "GalaxiesML", "Release", "RemoteFile", "download_release"]
