"""The whole story: a mosaic goes in, one galaxy is owned by one tile, and a catalogue with redshift PDFs comes out."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from zpix.catalogue import Catalogue, CatalogueFile, read_catalogue_parquet, require_hats, write_hats
from zpix.config import Config, InferenceConfig, as_config, override
from zpix.detector import default_model
from zpix.detector.device import return_freed_memory
from zpix.errors import ConfigError
from zpix.image import Mosaic, MosaicPaths, open_mosaic
from zpix.outputs import refuse_to_replace, resumable_directory
from zpix.progress import waiting
from zpix.search import make_blocks
from zpix.search.doubts import remark_on
from zpix.search.products import FURTHER_PRODUCTS, PRODUCTS, write_products
from zpix.search.reference import read_placed_reference
from zpix.search.requirements import check_mosaic, examine_for, load_to_search, require_room, what_decides
from zpix.search.resampled import resample_for_run
from zpix.search.search_task import describe_search
from zpix.search.searched_bands import narrowed, say_what_to_expect
from zpix.search.whole_field import FieldSummary, expect_search, find_sources

log = logging.getLogger(__name__)


def run(
    mosaics: MosaicPaths,
    *,
    out: str | Path,
    model: str | Path | None = None,
    config: str | Path | Config | InferenceConfig | None = None,
    device: str | None = None,
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] | None = None,
    intervals: Literal["pdf", "conformal"] | None = None,
    dust: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    hats: bool = False,
    reference: str | Path | None = None,
    reference_segmentation: str | Path | None = None,
    resample: bool = False,
    as_given: bool | None = None,
    force: bool = False,
    overwrite: bool = False,
) -> Catalogue:
    """Find every source of a mosaic and give each a redshift PDF.

    The field is searched block by block. After an interruption the same call goes on after the finished blocks.

    Parameters
    ----------
    mosaics : str, Path, sequence of these, or mapping of str to path
        A directory of per-band FITS mosaics, several files, or one file of several bands. A file may be named by its
        band: "F444W=a.fits", or {"F444W": "a.fits"}.
    out : str or Path
        Directory to make. It appears when all its files are whole: `catalogue.fits`, `catalogue.parquet`,
        `catalogue.vot`, `pdfs.hdf5`, `pdf_grid.hdf5`, `segmentation.fits`, `regions.reg`, `moc.fits`, `detections.png`,
        `config.toml`, `run.json` and `README.md`.
    model : str or Path, optional
        Checkpoint; the shipped model by default.
    config : str, Path, Config or InferenceConfig, optional
        Settings: the path of a TOML file with `[inference]`, or the settings themselves.
    device : str, optional
        "auto", "cpu", "cuda" or "cuda:N", in place of that of `config`.
    precision : {"auto", "fp32", "bf16", "fp16", "int8"}, optional
        Arithmetic of the network, in place of that of `config`.
    intervals : {"pdf", "conformal"}, optional
        What the 68 % and 95 % intervals of redshifts are, in place of that of `config`.
    dust : str, optional
        E(B-V), in place of that of `config`: "sfd", "dustmaps", a number in magnitudes, or the path of a HEALPix map.
    workers : int, optional
        Number of processes that share the field, in place of that of `config`; 0 for what suits the machine and the
        field. The result is the same for any number.
    scheduler : str, optional
        Address of a `dask.distributed` scheduler whose workers search the field, in place of this machine. They must
        see the mosaics, the model and `out` under the same paths.
    hats : bool, default: False
        Whether the directory `hats`, a HATS catalogue for lsdb, is written too.
    reference : str or Path, optional
        Catalogue of a survey each of whose sources on the mosaic gets a row: that of the detection that matches it, or
        else the network's answer for the source's own box. The columns `reference_id`, `origin` and `reference_iou`
        tell which.
    reference_segmentation : str or Path, optional
        FITS map of the reference's identifiers on the mosaic's grid; boxes and masks are then those of its segments.
    resample : bool, default: False
        Whether mosaics of another pixel scale than the model's, on several grids, or with several images of one band
        are brought onto one grid of the model's scale first, as by `zpix.align`. Pixel positions and the segmentation
        map then belong to that grid.
    as_given : bool, optional
        Whether the pixels are taken as they are, in place of that of `config`. Otherwise a constant sky is subtracted
        and errors are scaled where the examination of the mosaics asks for it, and mosaics whose pixels contradict
        their headers are refused.
    force : bool, default: False
        Whether a mosaic is searched that has fewer than three bands, a band unlike any that the model was taught, or,
        for a model that names its bands, lacks more of them than it has learnt to do without.
    overwrite : bool, default: False
        Whether an earlier run at `out` is replaced.

    Returns
    -------
    Catalogue
        One row per source, as in `catalogue.parquet`.

    Raises
    ------
    ZpixError
        If the mosaics, the model, a setting or the output place cannot be used; nothing is then left at `out`.

    See Also
    --------
    write_run : For fields whose catalogue does not fit in memory.

    Examples
    --------
    >>> catalogue = zpix.run("field", out="result", device="cpu")  # doctest: +SKIP
    >>> catalogue["z_phot"]  # doctest: +SKIP
    """
    write_run(
        mosaics, out=out, model=model, config=config, device=device, precision=precision, intervals=intervals,
        dust=dust, workers=workers, scheduler=scheduler, hats=hats, reference=reference,
        reference_segmentation=reference_segmentation, resample=resample, as_given=as_given, force=force,
        overwrite=overwrite,
    )  # fmt: skip
    return read_catalogue_parquet(Path(out) / "catalogue.parquet")


def write_run(
    mosaics: MosaicPaths,
    *,
    out: str | Path,
    model: str | Path | None = None,
    config: str | Path | Config | InferenceConfig | None = None,
    scheduler: str | None = None,
    hats: bool = False,
    reference: str | Path | None = None,
    reference_segmentation: str | Path | None = None,
    resample: bool = False,
    force: bool = False,
    overwrite: bool = False,
    **settings: str | int | bool | None,
) -> FieldSummary:
    """Find every source of a mosaic, and leave the catalogue on disk: memory does not grow with the field.

    Parameters
    ----------
    mosaics : str, Path, sequence of these, or mapping of str to path
        As in `run`, and so are all others.
    out, model : str or Path
        Output directory and checkpoint.
    config : str, Path, Config or InferenceConfig, optional
        Settings.
    scheduler : str, optional
        Address of a `dask.distributed` scheduler.
    hats : bool, default: False
        Whether a HATS catalogue is written too.
    reference, reference_segmentation : str or Path, optional
        A survey's catalogue and its segmentation map.
    resample : bool, default: False
        Whether mosaics are brought to the model's pixel scale.
    force : bool, default: False
        Whether a mosaic is searched that lacks more bands than the model has learnt to do without.
    overwrite : bool, default: False
        Whether an earlier run is replaced.
    **settings
        Settings of `[inference]` in place of those of `config`, such as `device`, `precision` or `workers`.

    Returns
    -------
    FieldSummary
        Numbers of sources, and seconds of each stage.

    Raises
    ------
    ZpixError
        If the mosaics, the model, a setting or the output place cannot be used; nothing is then left at `out`.
    """
    inference = override(as_config(config, "inference").inference, **settings)
    if reference_segmentation is not None and reference is None:
        raise ConfigError("reference_segmentation is the map of a reference catalogue: name the catalogue too")
    products = PRODUCTS + FURTHER_PRODUCTS
    refuse_to_replace(out, products=products, overwrite=overwrite)
    if hats:
        require_hats()
    model = Path(default_model() if model is None else model).absolute()
    checkpoint = load_to_search(model, inference, mosaics)
    moved = resample_for_run(mosaics, checkpoint, out=out, overwrite=overwrite) if resample else None
    with open_mosaic(mosaics if moved is None else moved.paths) as given:
        missing = check_mosaic(given, checkpoint, force=force)
        checkpoint = narrowed(checkpoint, given.bands)
        expected = say_what_to_expect(given.bands, checkpoint)
        require_room(out, given.shape)
        expect_search(inference, given.shape, scheduler=scheduler)
        start = time.perf_counter()
        verdict = examine_for(given, checkpoint, inference)
        examining = time.perf_counter() - start
        mosaic = given.repaired(verdict.repairs)
        known, noise = checkpoint.about, verdict.noise(checkpoint.bands)
        del checkpoint  # every process that searches loads the network itself
        return_freed_memory()  # this process waits while others search
        blocks = make_blocks(mosaic.shape, inference)
        placed = None if reference is None else read_placed_reference(reference, reference_segmentation, mosaic)
        record = what_decides(mosaic, model, inference, verdict.repairs)
        record |= ({} if placed is None else placed.about) | ({} if moved is None else moved.about)
        with resumable_directory(out, record, products=products, overwrite=overwrite) as work:
            search = describe_search(
                mosaic, model, known, inference, placed, moved, missing, parts=work.parts, blocks=blocks
            )
            search = replace(search, repairs=verdict.repairs, noise=noise)
            summary = find_sources(search, blocks, scheduler=scheduler)
            summary.seconds = {"examining": examining} | summary.seconds
            catalogue = write_products(
                work.products, search, blocks, mosaic, summary, model=known.to_header(), reference=placed,
                verdict=verdict, expected=expected,
            )  # fmt: skip
            _write_further(work.products, catalogue, mosaic, summary, hats=hats, scheduler=scheduler)
            told = {"expected": expected and expected.to_json(), "examination": verdict.to_json(), **vars(summary)}
            (work.products / "run.json").write_text(json.dumps(record | told, indent=2) + "\n")
    if moved is not None:
        moved.remove()
    _tell(summary, out, mosaic.shape)
    return summary


def _tell(summary: FieldSummary, out: str | Path, shape: tuple[int, int]) -> None:
    """Log what is doubtful, how many sources there are, and how long each stage took."""
    remark_on(detections=summary.detections, faint=summary.faint, shape=shape)
    log.info("%d sources in %s", summary.sources, out)
    log.info("seconds: %s", ", ".join(f"{stage} {spent:.1f}" for stage, spent in summary.seconds.items()))


def _write_further(
    place: Path, catalogue: CatalogueFile, mosaic: Mosaic, summary: FieldSummary, *, hats: bool, scheduler: str | None
) -> None:
    """Write what is made from the catalogue: the picture and, if asked for, the HATS catalogue."""
    start = time.perf_counter()
    with waiting("drawing the picture"):
        from zpix.plots import draw_detections  # loads matplotlib, for which no search should wait

        draw_detections(place / "detections.png", catalogue, mosaic, segmentation=place / "segmentation.fits")
    if hats:
        with waiting("writing the HATS catalogue"):
            write_hats(place / "hats", place / "catalogue.parquet", scheduler=scheduler)
    summary.seconds["other products"] += time.perf_counter() - start
