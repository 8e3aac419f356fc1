"""How does what zpix has made get into other programs?

A catalogue under the names that users of other tools look for, detections or a training store as the COCO data of
DeepDISC, or a network as a program of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from zpix.catalogue import Names, read_catalogue, refuse_other_endings, under_other_names, write_table
from zpix.config import Config, InferenceConfig, as_config
from zpix.errors import ConfigError, OutputError
from zpix.image import MosaicPaths, Region, SegmentationMap, band_name
from zpix.jobs.info import kind_of
from zpix.jobs.view import result_directory, run_record, searched_mosaic
from zpix.outputs import output_directory, refuse_existing, whole_file
from zpix.progress import track
from zpix.sources import ReferenceSources, label_of

# Endings of an exported network.
_FORMS: dict[str, Literal["torch", "onnx"]] = {".pt2": "torch", ".onnx": "onnx"}


def export(
    source: str | Path | None = None,
    *,
    out: str | Path,
    columns: Names | None = None,
    coco: bool = False,
    mosaics: MosaicPaths | None = None,
    size_pix: int = 512,
    bands: Sequence[str] | None = None,
    config: str | Path | Config | InferenceConfig | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a catalogue, a training store or a model in a form that other programs read.

    Parameters
    ----------
    source : str or Path, optional
        Result of `run` or its catalogue, training store of `prepare`, or checkpoint; the shipped model by default.
    out : str or Path
        Of a catalogue, a table to write: `.fits`, `.parquet` or `.csv`. With `coco`, a directory. Of a model, a file:
        `.pt2` for `torch.export.load`, `.onnx` for ONNX Runtime.
    columns : {"eazy", "roman"}, optional
        Of a catalogue: whose names and units the columns have.
    coco : bool, default: False
        Of a store or a result: write it as COCO annotations with images in numpy's format, as DeepDISC reads them.
    mosaics : str, Path, sequence of these, or mapping of str to path, optional
        Of a result with `coco`: the mosaics that were searched; by default those that `run.json` names.
    size_pix : int, default: 512
        Of a model: side of the images that the program takes, in pixels. Of a result with `coco`: side of the images.
    bands : sequence of str, optional
        Of a model that serves any bands: bands of the images, which the program takes by wavelength; those that the
        model was taught by default.
    config : str, Path, Config or InferenceConfig, optional
        Of a model: settings of the search (`score_threshold`, `nms_iou`, `proposals_per_megapixel`).
    overwrite : bool, default: False
        Whether an existing output is replaced.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    ZpixError
        If the source cannot be read, an option does not fit it, or the output cannot be written.

    Examples
    --------
    >>> zpix.export("result", out="for_eazy.fits", columns="eazy")  # doctest: +SKIP
    >>> zpix.export("result", out="coco", coco=True)  # doctest: +SKIP
    >>> zpix.export(out="network.onnx", size_pix=512)  # doctest: +SKIP
    """
    kind = "model" if source is None else kind_of(source)
    given = {"columns": columns is not None, "coco": coco, "bands": bands is not None}
    fitting = {"result": ("columns", "coco"), "training store": ("coco",), "model": ("bands",)}[kind]
    for option, is_given in given.items():
        if is_given and option not in fitting:
            raise ConfigError(f"{option} is not for a {kind}: '{source or 'the shipped model'}' is one")
    if kind == "result" and coco:
        if columns is not None:
            raise ConfigError("columns and coco are both given: a catalogue is written as one of them")
        return _export_detections(Path(str(source)), Path(out), mosaics, size_pix, overwrite=overwrite)
    if kind == "result":
        return _export_catalogue(Path(str(source)), Path(out), columns, overwrite=overwrite)
    if kind == "training store":
        return _export_store(Path(str(source)), Path(out), coco=coco, overwrite=overwrite)
    inference = as_config(config, "inference").inference
    return _export_model(source, Path(out), size_pix, bands, inference, overwrite=overwrite)


def _export_catalogue(source: Path, out: Path, columns: Names | None, *, overwrite: bool) -> Path:
    """Write a catalogue under other names."""
    if columns is None or columns not in get_args(Names):
        told = "not given" if columns is None else f"'{columns}'"
        allowed = " and ".join(get_args(Names))
        raise ConfigError(f"columns is {told}: allowed are {allowed}; coco (--coco) writes annotations instead")
    refuse_other_endings(out)
    refuse_existing(out, overwrite=overwrite)
    catalogue = read_catalogue(source)
    table = under_other_names(catalogue, columns)
    facts = {"MODEL": str(catalogue.meta.get("model", "")), "ZPIX": str(catalogue.meta.get("code_version", ""))}
    write_table(out, table.values, table.schema, facts=facts)
    return out


def _export_detections(source: Path, out: Path, mosaics: MosaicPaths | None, size_pix: int, *, overwrite: bool) -> Path:
    """Write the sources of a run as COCO annotations, with the pixels that they were found in."""
    from zpix.training.annotation import annotate
    from zpix.training.coco_files import write_coco_images

    if size_pix < 1:
        raise ConfigError(f"size_pix is {size_pix}: it must be 1 or more")
    place = result_directory(source)
    catalogue = read_catalogue(place)
    sources = ReferenceSources(
        catalogue["id"].astype(np.int64), catalogue["ra"], catalogue["dec"],
        np.array([label_of(str(name)) for name in catalogue["class"]], np.int64),
        np.where(catalogue.has_redshift, catalogue["z_phot"], np.nan),
    )  # fmt: skip
    names = ("id", "score", "z160", "z840")
    rows = zip(*(catalogue[name].tolist() for name in names), strict=True)
    known = {own: {"score": score, "redshift_68": [low, high]} for own, score, low, high in rows}
    with (
        searched_mosaic(place, mosaics) as mosaic,
        SegmentationMap(place / "segmentation.fits", shape=mosaic.shape) as segmentation,
        output_directory(out, products=("images", "detections.json"), overwrite=overwrite) as partial,
    ):
        regions = _covering(mosaic.shape, size_pix)
        dust = run_record(place).get("inference", {}).get("dust", "sfd")
        cut = (
            annotate(mosaic, segmentation, sources, region, bands=mosaic.bands, dust=dust)
            for region in track(regions, "writing images", len(regions))
        )
        write_coco_images(
            partial, "detections", (tile for tile in cut if tile is not None), bands=mosaic.bands,
            pixel_scale_arcsec=mosaic.pixel_scale_arcsec, classes=catalogue.classes, known=known,
        )  # fmt: skip
    return out


def _covering(shape: tuple[int, int], side: int) -> list[Region]:
    """Squares that cover an image, smaller at its far edges."""
    height, width = shape
    return [
        Region(x, y, min(x + side, width), min(y + side, height))
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]


def _export_store(source: Path, out: Path, *, coco: bool, overwrite: bool) -> Path:
    """Write a training store as COCO annotations and images."""
    from zpix.training.coco_files import PRODUCTS, write_coco
    from zpix.training.store import Store

    if not coco:
        raise ConfigError("a training store is exported as COCO annotations: give coco (--coco)")
    with output_directory(out, products=PRODUCTS, overwrite=overwrite) as place:
        write_coco(place, Store(source))
    return out


def _export_model(
    source: str | Path | None,
    out: Path,
    size_pix: int,
    bands: Sequence[str] | None,
    inference: InferenceConfig,
    *,
    overwrite: bool,
) -> Path:
    """Write a network as a program."""
    from zpix.detector import default_model, load_checkpoint
    from zpix.detector.exported import OUTPUTS, FixedDetector, export_network

    if out.suffix not in _FORMS:
        raise OutputError(f"{out}: the name of an exported network must end in {' or '.join(_FORMS)}")
    if size_pix < 64 or size_pix % 32:
        raise ConfigError(f"size_pix is {size_pix}: it must be a multiple of 32, and 64 or more")
    refuse_existing(out, overwrite=overwrite)
    checkpoint = load_checkpoint(default_model() if source is None else source)
    if bands is not None and not checkpoint.serves_any_bands:
        raise ConfigError(f"bands is for a model that serves any; this one takes {' '.join(checkpoint.bands)}")
    if bands is not None:
        checkpoint = checkpoint.for_bands([band_name(band) for band in bands])
    chosen = {name: getattr(inference, name) for name in ("score_threshold", "nms_iou", "proposals_per_megapixel")}
    network = FixedDetector(checkpoint.detector, size_pix=size_pix, **chosen)
    about: dict[str, Any] = {
        **checkpoint.about.to_header(),
        "model": checkpoint.config.model_dump(mode="json"),
        "inputs": ["flux", "error", "dust"],
        "outputs": list(OUTPUTS),
        "size_pix": size_pix,
        **chosen,
    }
    with whole_file(out) as temporary:
        export_network(temporary, network, form=_FORMS[out.suffix], about=about)
    return out
