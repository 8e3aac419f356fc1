"""What others have published: their files, where they lie, and how they are read."""

from zpix.surveys.galaxiesml import GalaxiesML

__all__ = ["GalaxiesML"]
