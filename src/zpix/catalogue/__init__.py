"""The catalogue: its columns with units, its quality flags, and how it is stored and read."""

from zpix.catalogue.duplicates import without_duplicates
from zpix.catalogue.fits_file import read_catalogue_fits, write_catalogue_fits
from zpix.catalogue.flags import FLAGS, Flag, flag_names, flag_value, quality_flags
from zpix.catalogue.overlaps import box_iou, overlapping_boxes
from zpix.catalogue.parquet_file import read_catalogue_parquet, write_catalogue_parquet
from zpix.catalogue.pdf_file import read_pdfs, write_pdfs
from zpix.catalogue.reading import read_catalogue
from zpix.catalogue.regions_file import write_regions
from zpix.catalogue.schema import Column, catalogue_columns, flux_column, flux_error_column
from zpix.catalogue.segmentation_file import draw_segmentation, segmentation_blocks, write_segmentation
from zpix.catalogue.segments import (
    MASK_THRESHOLD,
    Photometry,
    mask_pixels,
    measure_masks,
    place_mask,
    place_probability,
    touching_masks,
)
from zpix.catalogue.table import Catalogue, build_catalogue, magnitude_ab

__all__ = [
    "FLAGS",
    "MASK_THRESHOLD",
    "Catalogue",
    "Column",
    "Flag",
    "Photometry",
    "box_iou",
    "build_catalogue",
    "catalogue_columns",
    "draw_segmentation",
    "flag_names",
    "flag_value",
    "flux_column",
    "flux_error_column",
    "magnitude_ab",
    "mask_pixels",
    "measure_masks",
    "overlapping_boxes",
    "place_mask",
    "place_probability",
    "quality_flags",
    "read_catalogue",
    "read_catalogue_fits",
    "read_catalogue_parquet",
    "read_pdfs",
    "segmentation_blocks",
    "touching_masks",
    "without_duplicates",
    "write_catalogue_fits",
    "write_catalogue_parquet",
    "write_pdfs",
    "write_regions",
    "write_segmentation",
]
