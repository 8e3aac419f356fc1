"""How are mosaics of another pixel scale, or on several grids, brought to the model's scale for one run?

Once, before the search, into a hidden directory beside the run's, which is removed when the run is finished. After an
interruption the same command goes on after the last finished block, here as in the search.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zpix.detector import Checkpoint
from zpix.image import BandImage, MosaicPaths, PixelGrid, band_on_scale, bring_onto, choose_grid, open_images
from zpix.image.grids import pixel_scale_arcsec
from zpix.image.target_grids import is_on_one_grid
from zpix.outputs import OVERWRITE, other_settings, refuse_other_settings, resumable_directory, whole_file, write_json
from zpix.progress import progress_bar
from zpix.search.requirements import is_scale_of_model
from zpix.search.searched_bands import searched_bands

_log = logging.getLogger(__name__)

_RECORD = "resampled.json"
_DONE = "blocks-done"


@dataclass(frozen=True)
class ResampledMosaics:
    """Mosaics on a grid that was made for one run.

    Attributes
    ----------
    place : Path
        Directory of the files.
    paths : tuple of Path
        The files, one for each band.
    record : mapping of str to object
        On what their pixels depend: the mosaics that the user gave, and the grid.
    """

    place: Path
    paths: tuple[Path, ...]
    record: Mapping[str, Any]

    @property
    def about(self) -> dict[str, Any]:
        """What they add to that which decides on a result: the user's own mosaics, and the grid."""
        return {name: self.record[name] for name in ("mosaics", "resampled")}

    @property
    def facts(self) -> dict[str, Any]:
        """What the header of the catalogue says of them."""
        names = sorted({Path(mosaic["path"]).name for mosaic in self.record["mosaics"]})
        return {"mosaic": ", ".join(names), "resampled": self.record["resampled"]["as_by"]}

    def remove(self) -> None:
        """Remove the files: the run is finished."""
        shutil.rmtree(self.place, ignore_errors=True)


def resample_for_run(
    mosaics: MosaicPaths,
    model: Checkpoint,
    *,
    out: str | Path,
    overwrite: bool,
) -> ResampledMosaics | None:
    """Bring mosaics to a pixel scale for a run, unless they have it and are on one grid.

    The grid is that of a band that has the scale and covers as much as any other, or else a new one over all mosaics.

    Parameters
    ----------
    mosaics : str, Path, sequence of them, or mapping of str to path
        As for `zpix.image.open_images`.
    model : Checkpoint
        The model, whose pixel scale is wanted; bands in which it does not search are left out.
    out : str or Path
        Directory of the run.
    overwrite : bool
        Whether unfinished work with other settings is begun anew.

    Returns
    -------
    ResampledMosaics or None
        None if the mosaics can be searched as they are.

    Raises
    ------
    ZpixError
        If a mosaic cannot be read, two show the same exposures, or the files cannot be written.
    """
    given = open_images(mosaics)
    searched = searched_bands(model, [image.band for image in given])
    images = [image for image in given if image.band in searched] or given
    scale_arcsec = model.config.pixel_scale_arcsec
    if is_on_one_grid(given) and is_scale_of_model(pixel_scale_arcsec(images[0].wcs), scale_arcsec):
        return None
    band = band_on_scale(images, scale_arcsec)
    grid = choose_grid(images, reference=band, pixel_scale_arcsec=None if band else scale_arcsec)
    target = Path(os.path.abspath(out))
    place = target.with_name(f".{target.name}.resampled")
    record = _what_decides(images, grid, f"--reference {band}" if band else f"--pixel-scale {scale_arcsec:g}")
    if not _is_finished(place, record, out=out, overwrite=overwrite):
        _log.info("resampling the mosaics onto %d × %d pixels of %g arcsec", *grid.shape[::-1], scale_arcsec)
        with resumable_directory(place, record, products=(), overwrite=overwrite) as work:
            _resample(images, grid, work.parts, work.products)
            write_json(work.products / _RECORD, record)
    return ResampledMosaics(place, tuple(sorted(place.glob("*.fits"))), record)


def _what_decides(images: Sequence[BandImage], grid: PixelGrid, option: str) -> dict[str, Any]:
    """Everything that the resampled pixels depend on."""
    paths = dict.fromkeys(image.path.absolute() for image in images)
    return {
        "zpix": version("zpix"),
        "mosaics": [{"path": str(p), "bytes": p.stat().st_size, "changed": p.stat().st_mtime} for p in paths],
        "resampled": {
            "as_by": f"zpix align {option}",
            "shape": list(grid.shape),
            "wcs": {key: value for key, value in grid.wcs.to_header(relax=True).items() if key != "DATE-OBS"},
        },
    }


def _is_finished(place: Path, record: Mapping[str, Any], *, out: str | Path, overwrite: bool) -> bool:
    """Whether the files are there already; those of other mosaics or another grid are refused or removed."""
    if not place.exists():
        return False
    kept = place / _RECORD
    begun = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if not overwrite:
        refuse_other_settings(
            begun, record, f"{out}: an unfinished run with other settings is in '{place}'", remedy=OVERWRITE
        )
    if other_settings(begun, record):
        shutil.rmtree(place)
        return False
    return True


def _resample(images: Sequence[BandImage], grid: PixelGrid, parts: Path, products: Path) -> None:
    """Write the mosaics among the parts, from the first block that is missing, and move them to the products."""
    done = parts / _DONE
    begin = int(done.read_text()) if done.exists() else 0
    with progress_bar("resampling", 1, done=0) as bar:

        def keep(blocks: int, total: int) -> None:
            with whole_file(done) as path:
                path.write_text(str(blocks))
            bar.set(blocks, total)

        files = bring_onto(grid, images, parts, prefix="resampled", resume=True, begin=begin, progress=keep)
    done.unlink(missing_ok=True)  # before the files leave: after a death in between all is done anew
    for file in files:
        os.replace(file, products / file.name)
