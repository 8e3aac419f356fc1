"""What must the processes know that search a field together?"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from zpix.config import InferenceConfig
from zpix.detector import About
from zpix.image import Mosaic
from zpix.search.block import Search
from zpix.search.blocks import Block
from zpix.search.reference import PlacedReference
from zpix.search.resampled import ResampledMosaics
from zpix.search.workers import choose_threads


def describe_search(
    mosaic: Mosaic,
    model: Path,
    about: About,
    config: InferenceConfig,
    placed: PlacedReference | None,
    moved: ResampledMosaics | None,
    missing: tuple[str, ...],
    *,
    parts: Path,
    blocks: Sequence[Block],
) -> Search:
    """Describe a search to the processes that take part in it, on this machine or another.

    Parameters
    ----------
    mosaic : Mosaic
        The field.
    model : Path
        Checkpoint.
    about : About
        What it says of itself.
    config : InferenceConfig
        Settings.
    placed : PlacedReference, optional
        Catalogue of a survey whose sources each get a row.
    moved : ResampledMosaics, optional
        Where the pixels of the mosaic are from, if they were resampled.
    missing : tuple of str
        Bands of the model that the mosaic lacks.
    parts : Path
        Directory of what is found.
    blocks : sequence of Block
        Pieces of the field.

    Returns
    -------
    Search
        The search; the reference is written into `parts`.
    """
    facts = {
        "code_version": version("zpix"),
        "model": about.name or "unnamed",
        "mosaic_shape": mosaic.shape,
        "pixel_scale_arcsec": round(mosaic.pixel_scale_arcsec, 6),
        "mosaic": ", ".join(sorted({path.name for path in mosaic.paths})),
    } | ({} if placed is None else {"reference": placed.path.name})
    facts |= {} if moved is None else moved.facts
    if missing:
        facts["missing_bands"] = missing
    return Search(
        model,
        tuple(path.absolute() for path in mosaic.paths),
        mosaic.bands,
        config,
        parts,
        choose_threads(config, tiles=sum(len(block.tiles) for block in blocks)),
        facts=tuple(facts.items()),
        reference=None if placed is None else placed.write(parts),
        reference_segmentation=None if placed is None else placed.segmentation,
    )
