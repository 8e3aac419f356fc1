"""What others have published: their files, where they lie, and how they are read."""

from zpix.surveys.manifest import RELEASES, Release, RemoteFile, release

__all__ = ["RELEASES", "Release", "RemoteFile", "release"]
