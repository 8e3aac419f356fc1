"""Which redshift heads are there?

`REDSHIFT_HEADS` is the table from which the setting `redshift_head` of a model chooses.
"""

from __future__ import annotations

from zpix.config import Registry
from zpix.detector.bands_head import BandsRedshiftHead
from zpix.detector.redshift_head import PixelRedshiftHead, PyramidRedshiftHead, RedshiftHead

#: Redshift heads by name; a class is built from a `ModelConfig`.
REDSHIFT_HEADS: Registry[type[RedshiftHead]] = Registry(
    "redshift_heads",
    "redshift head",
    {"fpn": PyramidRedshiftHead, "fpn+pixels": PixelRedshiftHead, "bands": BandsRedshiftHead},
)
