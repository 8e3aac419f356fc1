"""Bands, mosaics with errors and validity, regions and tiles, and the dust of the Milky Way."""

from zpix.image.alignment import bring_onto, resample_bands
from zpix.image.band_image import BandImage, band_image, band_of
from zpix.image.bands import JADES_BANDS, PIVOT_UM, band_from_file_name, band_name, in_wavelength_order
from zpix.image.dust import SF11_RECALIBRATION, ebv_at
from zpix.image.examination import BandExamination, Examination
from zpix.image.examine import examine_mosaic
from zpix.image.fluxes import njy_per_unit
from zpix.image.formats import MOSAIC_FORMATS, MosaicFormat, MosaicPaths, named_bands, open_images
from zpix.image.grids import tangent_wcs
from zpix.image.mosaic import Mosaic, open_mosaic, reopen_mosaic
from zpix.image.noise_curve import NoiseCurve
from zpix.image.open_fits import FitsFile
from zpix.image.pixels import Pixels
from zpix.image.regions import Region
from zpix.image.repairs import BandRepair, find_repairs
from zpix.image.segmentation import SegmentationMap
from zpix.image.sum_noise import measured_factors
from zpix.image.target_grids import PixelGrid, band_on_scale, choose_grid
from zpix.image.taught import Taught, TaughtBand
from zpix.image.tiles import Tile, make_tiles
from zpix.image.verdict import Verdict, judge
from zpix.image.writer import MosaicWriter, write_mosaic

__all__ = [
    "JADES_BANDS",
    "MOSAIC_FORMATS",
    "PIVOT_UM",
    "SF11_RECALIBRATION",
    "BandExamination",
    "BandImage",
    "BandRepair",
    "Examination",
    "FitsFile",
    "Mosaic",
    "MosaicFormat",
    "MosaicPaths",
    "MosaicWriter",
    "NoiseCurve",
    "PixelGrid",
    "Pixels",
    "Region",
    "SegmentationMap",
    "Taught",
    "TaughtBand",
    "Tile",
    "Verdict",
    "band_from_file_name",
    "band_image",
    "band_name",
    "band_of",
    "band_on_scale",
    "bring_onto",
    "choose_grid",
    "ebv_at",
    "examine_mosaic",
    "find_repairs",
    "in_wavelength_order",
    "judge",
    "make_tiles",
    "measured_factors",
    "named_bands",
    "njy_per_unit",
    "open_images",
    "open_mosaic",
    "reopen_mosaic",
    "resample_bands",
    "tangent_wcs",
    "write_mosaic",
]
