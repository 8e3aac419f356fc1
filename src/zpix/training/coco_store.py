"""How do COCO annotations become a training store?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zpix.errors import ConfigError
from zpix.progress import progress_bar
from zpix.training.about import store_counts
from zpix.training.annotation import check_fractions
from zpix.training.coco_files import CocoImage, coco_tiles, read_coco
from zpix.training.store import SPLITS, Split, Store, StoreWriter


def store_from_coco(
    files: Sequence[str | Path],
    out: str | Path,
    *,
    bands: Sequence[str] | None,
    tile_size: int,
    pixel_scale: float | None,
    zero_point: float,
    dust: str | float,
    fractions: Mapping[Split, float],
    seed: int,
) -> dict[str, Any]:
    """Make a training store of COCO annotations; a call that was interrupted goes on.

    Parameters
    ----------
    files : sequence of str or Path
        JSON files; images of one whose name has train, val or test go there, others are shared out.
    out : str or Path
        Store to make.
    bands : sequence of str or None
        Bands of the images, in order; as the files say by default.
    tile_size : int, pixels
        Side of a tile.
    pixel_scale : float or None, arcsec
        Side of a pixel; as the files say by default.
    zero_point : float, AB mag
        Magnitude of a pixel of value one.
    dust : str or float, mag
        E(B−V) where the files do not tell it.
    fractions : mapping of str to float
        Shares of the splits, of images whose file does not tell theirs.
    seed : int
        Seed of that split.

    Returns
    -------
    dict of str to object
        Counts of tiles, sources and redshifts of each split.

    Raises
    ------
    ConfigError
        If bands or pixel scale are neither given nor in the files, or an image says that it has other bands.
    """
    check_fractions(fractions)
    images = [image for file in files for image in read_coco(file)]
    bands = bands or _told(images, "bands")
    pixel_scale = pixel_scale or _told(images, "pixel_scale_arcsec")
    for option, value in (("bands", bands), ("pixel_scale", pixel_scale)):
        if not value:
            raise ConfigError(f"the COCO files do not say their {option}: give {option}")
    assert bands is not None and pixel_scale is not None
    for image in images:
        told = image.record.get("bands", bands)
        if list(told) != list(bands):
            raise ConfigError(f"bands = {','.join(bands)}: an image in '{image.home}' has {','.join(told)}")
    splits = _splits(images, fractions, seed)
    settings = {
        "coco": [Path(file).name for file in files],
        "images": len(images),
        "zero_point": zero_point,
        "dust": str(dust),
        "fractions": dict(fractions),
        "seed": seed,
    }
    writer = StoreWriter(
        out, bands=tuple(bands), tile_size=tile_size, pixel_scale_arcsec=float(pixel_scale), settings=settings
    )
    ebv = _number(dust)
    done, begun = 0, writer.position
    with progress_bar("annotating images", len(images)) as bar:
        for image, split in zip(images, splits, strict=True):
            for tile in coco_tiles(image, bands=bands, tile_size=tile_size, zero_point=zero_point, dust=ebv):
                if done >= begun:
                    writer.add(split, tile)
                done += 1
            bar.advance()
    writer.close({"kind": "survey", **settings})
    return store_counts(Store(out))


def _told(images: Sequence[CocoImage], key: str) -> Any:
    """What the first image says of all."""
    return images[0].record.get(key) if images else None


def _number(dust: str | float) -> float | None:
    """E(B-V) as a number, where it is one."""
    try:
        return float(dust)
    except ValueError:
        return None


def _splits(images: Sequence[CocoImage], fractions: Mapping[Split, float], seed: int) -> list[Split]:
    """Split of each image: that of its file, or by shares of the others in random order."""
    free = [number for number, image in enumerate(images) if image.split is None]
    order = np.random.default_rng(seed).permutation(len(free))
    ends = np.round(np.cumsum([fractions[split] for split in SPLITS]) * len(free))
    given = {free[row]: SPLITS[int(np.searchsorted(ends, place, side="right"))] for place, row in enumerate(order)}
    return [given.get(number, image.split or "train") for number, image in enumerate(images)]
