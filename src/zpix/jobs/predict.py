"""What are the sources of an image that is in memory? The same search as `zpix.run`, without files."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from numpy.typing import ArrayLike

from zpix.catalogue import Catalogue
from zpix.config import Config, InferenceConfig, as_config, override
from zpix.detector import Checkpoint, default_model, load_checkpoint
from zpix.errors import ArrayError, BandError, ConfigError
from zpix.progress import progress_bar
from zpix.search import choose_at_once, choose_threads, computing_with, make_blocks
from zpix.search.array_image import ArrayImage, image_of_arrays, image_of_nddata
from zpix.search.assembly import assemble
from zpix.search.doubts import count_faint, remark_on
from zpix.search.parts import KeptParts
from zpix.search.requirements import check_model, check_mosaic, examine_for
from zpix.search.searched_bands import narrowed, say_what_to_expect
from zpix.search.searcher import Searcher

if TYPE_CHECKING:
    from astropy.nddata import NDData
    from astropy.wcs import WCS

log = logging.getLogger(__name__)


def predict(
    flux: ArrayLike | Mapping[str, NDData],
    error: ArrayLike | None = None,
    wcs: WCS | None = None,
    *,
    bands: Sequence[str] | None = None,
    pixel_scale_arcsec: float | None = None,
    model: str | Path | Checkpoint | None = None,
    config: str | Path | Config | InferenceConfig | None = None,
    device: str | None = None,
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] | None = None,
    intervals: Literal["pdf", "conformal"] | None = None,
    dust: str | float | None = None,
    as_given: bool | None = None,
    force: bool = False,
) -> Catalogue:
    """Find every source of an image in memory and give each a redshift PDF.

    The catalogue is that of `run` on files with the same pixels: large images are searched in tiles, and widths of the
    PDFs, flags and intervals are calibrated in the same way.

    Parameters
    ----------
    flux : (band, y, x) array_like, nJy per pixel; or mapping of str to NDData or CCDData
        The image. In a mapping each band has a unit of flux per pixel or of surface brightness, an uncertainty, and
        perhaps a mask; then `error` and `bands` are left out.
    error : (band, y, x) array_like, nJy per pixel, optional
        1 σ errors. A pixel is valid where flux and error are finite and the error is above 0.
    wcs : astropy.wcs.WCS, optional
        Of the pixel grid; by default that of the mapping's images. Without one `ra` and `dec` are NaN.
    bands : sequence of str, optional
        Names of the planes of `flux`, such as "F444W"; by default the bands of the model, in its order.
    pixel_scale_arcsec : float, optional, arcsec
        Side of a pixel, where there is no WCS: for units of surface brightness, and to compare with the model's.
    model : str, Path or Checkpoint, optional
        Path of a model, or one that is loaded; the shipped model by default.
    config : str, Path, Config or InferenceConfig, optional
        Settings: the path of a TOML file with `[inference]`, or the settings themselves.
    device : str, optional
        "auto", "cpu", "cuda" or "cuda:N", in place of that of `config`.
    precision : {"auto", "fp32", "bf16", "fp16", "int8"}, optional
        Arithmetic of the network, in place of that of `config`.
    intervals : {"pdf", "conformal"}, optional
        Kind of the redshift intervals, in place of that of `config`.
    dust : str or float, optional
        E(B−V) in magnitudes, or a map as in `run`, in place of that of `config`. Without a WCS no map can be read:
        E(B−V) is then 0 by default.
    as_given : bool, optional
        Whether the pixels are taken as they are, as in `run`, in place of that of `config`.
    force : bool, default: False
        Whether an image is searched that has fewer than three bands, a band unlike any that the model was taught, or,
        for a model that names its bands, lacks more of them than it has learnt to do without.

    Returns
    -------
    Catalogue
        One row per source, by position.

    Raises
    ------
    ZpixError
        If shapes, bands, units, errors, the model or a setting cannot be used.

    See Also
    --------
    run : For files, and for fields that do not fit in memory.

    Examples
    --------
    >>> catalogue = zpix.predict(flux, error, wcs, bands=["F115W", "F200W", "F444W"])  # doctest: +SKIP
    >>> catalogue = zpix.predict({"F200W": ccd_data, "F444W": other_ccd_data})  # doctest: +SKIP
    """
    settings = {"device": device, "precision": precision, "intervals": intervals, "as_given": as_given}
    inference = override(as_config(config, "inference").inference, **settings)
    checkpoint, name = _loaded(model)
    image = _image(flux, error, wcs, bands, pixel_scale_arcsec, checkpoint)
    inference = inference.model_copy(update={"dust": _dust(inference.dust, dust, on_sky=image.wcs is not None)})
    check_model(checkpoint, inference, name)
    missing = check_mosaic(image, checkpoint, force=force)
    checkpoint = narrowed(checkpoint, image.bands)
    say_what_to_expect(image.bands, checkpoint)
    verdict = examine_for(image, checkpoint, inference)
    image = image.repaired(verdict.repairs)
    blocks = make_blocks(image.shape, inference)
    found = KeptParts(inference)
    facts = {
        "code_version": version("zpix"),
        "model": checkpoint.about.name or "unnamed",
        "mosaic_shape": list(image.shape),
    } | ({"missing_bands": list(missing)} if missing else {})
    noise = verdict.noise(checkpoint.bands)
    tiles = sum(len(block.tiles) for block in blocks)
    searcher = Searcher(
        checkpoint, image, inference, keep=found.keep, facts=facts, noise=noise,
        at_once=choose_at_once(inference, tiles=tiles),
    )  # fmt: skip
    with computing_with(choose_threads(inference, tiles=tiles)), progress_bar("finding sources", tiles) as bar:
        for block in searcher.search(blocks):
            bar.advance(block.tiles)
    catalogue = Catalogue.concatenate([strip.catalogue for strip in assemble(found, blocks)])
    remark_on(detections=len(catalogue), faint=count_faint(catalogue), shape=image.shape)
    return catalogue


def _loaded(model: str | Path | Checkpoint | None) -> tuple[Checkpoint, Path]:
    """A model, and its name for messages."""
    if isinstance(model, Checkpoint):
        return model, Path("the model")
    path = Path(default_model() if model is None else model)
    return load_checkpoint(path), path


def _image(
    flux: ArrayLike | Mapping[str, NDData],
    error: ArrayLike | None,
    wcs: WCS | None,
    bands: Sequence[str] | None,
    scale_arcsec: float | None,
    checkpoint: Checkpoint,
) -> ArrayImage:
    """The image, in bands of which a model that names its bands knows each."""
    if isinstance(flux, Mapping):
        if error is not None or bands is not None:
            raise ArrayError("flux is a mapping by band, which holds errors and names: leave out error and bands")
        image = image_of_nddata(flux, wcs=wcs, scale_arcsec=scale_arcsec)
    elif error is None:
        raise ArrayError("error is missing: give 1 σ errors of the shape of flux, in nJy per pixel")
    else:
        names = checkpoint.bands if bands is None else bands
        image = image_of_arrays(flux, error, bands=names, wcs=wcs, scale_arcsec=scale_arcsec)
    unknown = [] if checkpoint.serves_any_bands else [band for band in image.bands if band not in checkpoint.bands]
    if 0 < len(unknown) < len(image.bands):
        raise BandError(
            f"the model does not know {' '.join(unknown)}: leave it out, or take a model with it; "
            f"this one was trained on {' '.join(checkpoint.bands)}"
        )
    return image


def _dust(setting: str, dust: str | float | None, *, on_sky: bool) -> str:
    """The dust map or E(B−V) to use."""
    wanted = setting if dust is None else str(dust)
    try:
        float(wanted)
    except ValueError:
        if on_sky:
            return wanted
        if dust is not None:
            raise ConfigError(
                f"dust is {dust}, a map, which needs positions on the sky: give wcs or a number"
            ) from None
        log.warning("without a WCS no dust map can be read: E(B-V) is taken as 0; give it as dust=")
        return "0"
    return wanted
