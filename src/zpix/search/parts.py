"""What is known of the sources of one block, before the blocks are put together?

A part is a Parquet file: the columns of the catalogue, with ids counted inside the block and without what only the
neighbours can tell (the flag BLENDED), and the columns `tile`, `segment`, `segment_x`, `segment_y`, `segment_width` and
`segment_height`: the tile that reported the source, and the stamp of its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.parquet_file import arrow_table, catalogue_of
from zpix.catalogue.stamps import Stamps
from zpix.catalogue.table import Catalogue
from zpix.config import InferenceConfig
from zpix.errors import OutputError
from zpix.outputs import whole_file
from zpix.search.blocks import Block
from zpix.sources.rows import Rows


@dataclass(frozen=True, eq=False)
class Part(Rows):
    """N sources on their way to the catalogue.

    Attributes
    ----------
    catalogue : Catalogue of length N
    segments : Stamps of length N
        From `segment_masks`, in the pixels of the mosaic.
    tile : (N,) int64
        Index of the tile that reported each.
    key : (N,) int64
        By which a source is told from all others of the field, whatever its id becomes.
    """

    catalogue: Catalogue
    segments: Stamps
    tile: NDArray[np.int64]
    key: NDArray[np.int64]

    @staticmethod
    def of_block(catalogue: Catalogue, segments: Stamps, tile: NDArray[np.int64]) -> Part:
        """The sources of one block, whose ids are counted inside it."""
        return Part(catalogue, segments, tile, tile << 32 | catalogue["id"])


@dataclass(frozen=True)
class KeptParts:
    """Parts of a field that is searched in memory.

    Attributes
    ----------
    config : InferenceConfig
        Settings of the search.
    parts : dict of int to Part
        By the index of the block.
    """

    config: InferenceConfig
    parts: dict[int, Part] = field(default_factory=dict)

    def keep(self, block: Block, part: Part) -> None:
        """Keep the part of a block.

        Parameters
        ----------
        block : Block
            The block that was searched.
        part : Part
            Its sources.
        """
        self.parts[block.index] = part

    def read(self, block: Block) -> Part:
        """Return the part of a block.

        Parameters
        ----------
        block : Block
            A block that was searched.

        Returns
        -------
        Part
            Its sources.
        """
        return self.parts[block.index]


def write_part(path: str | Path, part: Part) -> None:
    """Write a part; the file appears whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = arrow_table(part.catalogue)
    start, values = pa.py_buffer(part.segments.start), pa.py_buffer(np.ascontiguousarray(part.segments.values))
    columns = {
        "tile": pa.array(part.tile),
        "segment": pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(part), [None, start, values]),
        **{f"segment_{axis}": pa.array(part.segments.corner_xy[:, i]) for i, axis in enumerate("xy")},
        **{f"segment_{side}": pa.array(part.segments.shape_yx[:, i]) for i, side in enumerate(("height", "width"))},
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_part(path: str | Path) -> Part:
    """Read what `write_part` wrote.

    Raises
    ------
    OutputError
        If the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise OutputError(f"{path}: the part of a run is damaged: remove it and run again ({error})") from error
    stored = table.column("segment").combine_chunks()
    start = np.frombuffer(stored.buffers()[1], np.int64)[stored.offset : stored.offset + len(stored) + 1]
    values = np.frombuffer(stored.buffers()[2] or b"", np.uint8)[start[0] : start[-1]]
    corner, shape = (
        np.stack([table.column(f"segment_{name}").to_numpy() for name in names], 1)
        for names in (("x", "y"), ("height", "width"))
    )
    return Part.of_block(catalogue_of(table), Stamps(corner, shape, values), table.column("tile").to_numpy())
