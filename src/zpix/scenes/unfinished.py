"""Which blocks of a simulated field are already on disk, so that an interrupted simulation can go on?

A field in the making lives in the hidden directory `.simulation.part` of its output directory: the settings, the
mosaics and the segmentation map at their full size, and one small file per finished block with the block's rows of
truth. A block's file is written, as a whole, after its pixels have reached the disk, so the block files say how far
the simulation came. `simulation.json` is written last; from then on the files only have to be moved out.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from zpix.disk_space import reason_of
from zpix.errors import OutputError
from zpix.image import Region
from zpix.outputs import OVERWRITE, other_settings, refuse_other_settings, whole_file

_DIRECTORY = ".simulation.part"
_LAST = "simulation.json"
_FITS_BLOCK = 2880


class UnfinishedField:
    """A field in the making; see this module's docstring. Get one from `unfinished_field`.

    Attributes
    ----------
    path : Path
        The hidden directory that holds the files until they are complete.
    done : int
        Number of blocks that are finished; they are the first ones.
    """

    def __init__(self, out: Path, products: Collection[str]) -> None:
        self.out = out
        self.path = out / _DIRECTORY
        self.products = tuple(products)
        self.done = 0
        while self._block(self.done).exists():
            self.done += 1

    @property
    def complete(self) -> bool:
        """Whether all files are there and need only be moved out."""
        return (self.path / _LAST).exists()

    def add_block(self, rows: Table, segmentation: NDArray[np.int32], block: Region) -> None:
        """Note the next block, whose pixels are on disk, as finished.

        Parameters
        ----------
        rows : Table
            Its rows of truth.
        segmentation : (y, x) int32
            Its segmentation map.
        block : Region
            The block in the field's pixels.
        """
        ids, counts, boxes = _segments(segmentation, block)
        columns = {
            name: {"unit": str(column.unit or ""), "description": column.description}
            for name, column in rows.columns.items()
        }
        with whole_file(self._block(self.done)) as temporary, temporary.open("wb") as stream:
            np.savez(
                stream,
                rows=np.asarray(rows.as_array()),
                columns=json.dumps(columns),
                ids=ids,
                counts=counts,
                boxes=boxes,
            )
        self.done += 1

    def truth(self) -> tuple[Table, NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
        """Read the rows of all finished blocks, and the segments of the whole map.

        Returns
        -------
        rows : Table
            Rows of truth; a source at the edge of a block may have several.
        ids : (N,) int32
            Ids of the segments, sorted.
        counts : (N,) int64
            Pixels of each segment.
        boxes : (N, 4) int32, pixels
            Half-open (x0, y0, x1, y1).
        """
        parts = []
        for index in range(self.done):
            with np.load(self._block(index)) as stored:
                parts.append(dict(stored))
        rows = Table(np.concatenate([part["rows"] for part in parts]))
        for name, about in json.loads(str(parts[0]["columns"])).items():
            rows[name].unit = about["unit"] or None
            rows[name].description = about["description"]
        every, counts, boxes = (np.concatenate([part[key] for part in parts]) for key in ("ids", "counts", "boxes"))
        ids, place = np.unique(every, return_inverse=True)
        merged = np.zeros((len(ids), 4), np.int32)
        merged[:, :2] = np.iinfo(np.int32).max
        np.minimum.at(merged[:, :2], place, boxes[:, :2])
        np.maximum.at(merged[:, 2:], place, boxes[:, 2:])
        return rows, ids, np.bincount(place, counts, minlength=len(ids)).astype(np.int64), merged

    def publish(self) -> None:
        """Move the complete files out, `simulation.json` as the last, and remove the hidden directory.

        An older field's `simulation.json` is removed first, and block files before the new one is moved: whenever the
        move is interrupted, no incomplete field has a `simulation.json`, and no moved field looks unfinished.
        """
        for name in self.products:
            if name != _LAST and (self.path / name).exists():  # an interrupted move has left only some
                (self.out / _LAST).unlink(missing_ok=True)
                os.replace(self.path / name, self.out / name)
        for block in self.path.glob("block-*.npz"):
            block.unlink()
        os.replace(self.path / _LAST, self.out / _LAST)
        shutil.rmtree(self.path)

    def _block(self, index: int) -> Path:
        """Path of the file of a finished block."""
        return self.path / f"block-{index:06d}.npz"


@contextmanager
def unfinished_field(
    out: Path, settings: Mapping[str, Any], *, products: Collection[str], overwrite: bool
) -> Iterator[UnfinishedField]:
    """Begin a field or, if the same one was begun already, go on with it.

    However the `with` block ends, finished blocks of the field stay and a later call goes on after them; without a
    finished block nothing is left.

    Parameters
    ----------
    out : Path
        Directory of the field.
    settings : mapping
        Everything that the pixels depend on, fit for JSON.
    products : collection of str
        Names of the files that `out` will hold.
    overwrite : bool
        Whether files of these names, or a field begun with other settings, are replaced.

    Yields
    ------
    UnfinishedField
        The field.

    Raises
    ------
    OutputError
        If `out` holds one of the products, or a field begun with other settings, and `overwrite` is false; or if the
        system refuses to write.
    """
    made = not out.exists()
    try:
        _begin(out, settings, products=products, overwrite=overwrite)
        field = UnfinishedField(out, products)
        try:
            yield field
        finally:
            if not field.done:
                shutil.rmtree(field.path, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"cannot write a field to '{out}': {reason_of(error, out / _DIRECTORY)}") from error
    finally:
        if made:
            with suppress(OSError):
                out.rmdir()


def _begin(out: Path, settings: Mapping[str, Any], *, products: Collection[str], overwrite: bool) -> None:
    """Make the hidden directory, or find that the one there is of the same simulation."""
    part = out / _DIRECTORY
    record = part / "settings.json"
    begun = json.loads(record.read_text()) if record.exists() else None
    if not overwrite:
        refuse_other_settings(
            begun, settings, f"'{out}' holds an unfinished simulation with other settings", remedy=OVERWRITE
        )
    is_same = begun is not None and not other_settings(begun, settings)
    if is_same and (part / _LAST).exists():
        return  # files outside may already be of this simulation
    for name in products:
        if (out / name).exists() and not overwrite:
            raise OutputError(f"'{out / name}' exists already: choose another directory or allow overwriting")
    if not is_same:
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(parents=True)
        with whole_file(record) as path:
            path.write_text(json.dumps(settings, indent=2))


def _segments(
    segmentation: NDArray[np.int32], block: Region
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Ids, pixels and boxes (in the field's pixels) of the segments of one block."""
    ids, compact, counts = np.unique(segmentation, return_inverse=True, return_counts=True)
    places = find_objects(compact.reshape(segmentation.shape) + 1)
    corners = [(x.start, y.start, x.stop, y.stop) for y, x in places]
    boxes = np.array(corners, np.int32).reshape(-1, 4) + np.array([block.x0, block.y0] * 2, np.int32)
    return ids[ids > 0], counts[ids > 0], boxes[ids > 0]


class TrueSegmentationWriter:
    """Writer of a segmentation map (int32, HDU 0 of a FITS file), region by region; it goes on with an existing file.

    Rows are written where they belong, so that memory does not grow with the map.

    Parameters
    ----------
    path : Path
        The file.
    shape : (ny, nx)
        Rows and columns.
    wcs : WCS
        World coordinates of the map.
    """

    def __init__(self, path: Path, shape: tuple[int, int], wcs: WCS) -> None:
        axes = [("SIMPLE", True), ("BITPIX", 32), ("NAXIS", 2), ("NAXIS1", shape[1]), ("NAXIS2", shape[0])]
        header = fits.Header(axes)
        header.update(wcs.to_header(relax=True))
        text = header.tostring().encode("ascii")
        self._width, self._start = shape[1], len(text)
        self._stream = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._stream.truncate(len(text) + -(-4 * shape[0] * shape[1] // _FITS_BLOCK) * _FITS_BLOCK)
        os.pwrite(self._stream.fileno(), text, 0)

    def write(self, region: Region, segmentation: NDArray[np.int32]) -> None:
        """Write the map of a region.

        Parameters
        ----------
        region : Region
            The region, inside the map.
        segmentation : (y, x) int32
            Its pixels.
        """
        for row, line in enumerate(segmentation.astype(">i4"), start=region.y0):
            place = self._start + 4 * (row * self._width + region.x0)
            os.pwrite(self._stream.fileno(), memoryview(line), place)

    def flush(self) -> None:
        """Wait until what was written is on disk."""
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> TrueSegmentationWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
