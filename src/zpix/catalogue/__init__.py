"""The catalogue: its columns with units, its quality flags, and how it is stored and read."""

from zpix.catalogue.building import build_catalogue
from zpix.catalogue.duplicates import without_duplicates
from zpix.catalogue.expressions import values_of, where_holds
from zpix.catalogue.fits_file import read_catalogue_fits, write_catalogue_fits
from zpix.catalogue.flags import FLAGS, Flag, flag_names, flag_value, quality_flags
from zpix.catalogue.footprint import write_footprint
from zpix.catalogue.hats_directory import require_hats, write_hats
from zpix.catalogue.light import Light, measure_light
from zpix.catalogue.other_names import NamedTable, Names, under_other_names
from zpix.catalogue.parquet_file import (
    CatalogueFile,
    CatalogueWriter,
    read_catalogue_parquet,
    write_catalogue_parquet,
)
from zpix.catalogue.pdf_file import read_pdfs, write_pdf_grid, write_pdfs
from zpix.catalogue.plain_table import refuse_other_endings, write_table
from zpix.catalogue.reading import catalogue_file, read_catalogue
from zpix.catalogue.readme import write_readme
from zpix.catalogue.regions_file import write_regions
from zpix.catalogue.schema import (
    INTERVALS,
    Column,
    catalogue_columns,
    flux_column,
    flux_error_column,
    total_column,
    total_error_column,
)
from zpix.catalogue.segmentation_file import SegmentationWriter, draw_segmentation, segmentation_blocks
from zpix.catalogue.segments import Photometry, measure_masks, measure_stamps, touching_masks
from zpix.catalogue.stamps import (
    MASK_THRESHOLD,
    Stamps,
    inside_masks,
    mask_pixels,
    place_masks,
    place_probability,
    segment_masks,
)
from zpix.catalogue.table import Catalogue, magnitude_ab
from zpix.catalogue.votable_file import write_catalogue_votable

__all__ = [
    "FLAGS",
    "INTERVALS",
    "MASK_THRESHOLD",
    "Catalogue",
    "CatalogueFile",
    "CatalogueWriter",
    "Column",
    "Flag",
    "Light",
    "NamedTable",
    "Names",
    "Photometry",
    "SegmentationWriter",
    "Stamps",
    "build_catalogue",
    "catalogue_columns",
    "catalogue_file",
    "draw_segmentation",
    "flag_names",
    "flag_value",
    "flux_column",
    "flux_error_column",
    "inside_masks",
    "magnitude_ab",
    "mask_pixels",
    "measure_light",
    "measure_masks",
    "measure_stamps",
    "place_masks",
    "place_probability",
    "quality_flags",
    "read_catalogue",
    "read_catalogue_fits",
    "read_catalogue_parquet",
    "read_pdfs",
    "refuse_other_endings",
    "require_hats",
    "segment_masks",
    "segmentation_blocks",
    "total_column",
    "total_error_column",
    "touching_masks",
    "under_other_names",
    "values_of",
    "where_holds",
    "without_duplicates",
    "write_catalogue_fits",
    "write_catalogue_parquet",
    "write_catalogue_votable",
    "write_footprint",
    "write_hats",
    "write_pdf_grid",
    "write_pdfs",
    "write_readme",
    "write_regions",
    "write_table",
]
