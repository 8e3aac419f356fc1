"""Formats of mosaics, one file each; `open_bands` finds the right one for each file."""

from zpix.image.formats.mosaic_format import MosaicFormat
from zpix.image.formats.opening import MOSAIC_FORMATS, open_bands, open_images

__all__ = ["MOSAIC_FORMATS", "MosaicFormat", "open_bands", "open_images"]
