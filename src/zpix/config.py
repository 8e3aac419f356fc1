"""Which settings does zpix have, and what are their defaults?

Each part of zpix gets its own frozen section; unknown keys and values out of range are refused. Sections are read from
one TOML file by `load_config`, and the resolved values are saved beside weights and catalogues.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator

from zpix.errors import ConfigError

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Named things of one kind that a setting or a file can choose; other packages add theirs without an edit here.

    Another package adds an entry for every process that has it installed with an entry point in its `pyproject.toml`,
    as in `[project.entry-points."zpix.backbones"]`, or for one process with `add`.

    Parameters
    ----------
    group : str
        Name of the entry points, without the leading `zpix.`.
    what : str
        What an entry is, for messages, such as "backbone".
    entries : mapping of str to object, optional
        What zpix itself has.

    Examples
    --------
    >>> shapes = Registry("shapes", "shape", {"round": 1.0})
    >>> shapes.add("flat", 0.3)
    >>> sorted(shapes)
    ['flat', 'round']
    >>> shapes["square"]
    Traceback (most recent call last):
    zpix.errors.ConfigError: shape 'square' is unknown; known are flat, round
    """

    def __init__(self, group: str, what: str, entries: Mapping[str, Entry] | None = None) -> None:
        self.group, self.what = group, what
        self._entries: dict[str, Entry] = dict(entries or {})
        self._has_asked = False

    def add(self, name: str, entry: Entry) -> None:
        """Add an entry for this process.

        Parameters
        ----------
        name : str
            Its name; one that is taken is refused.
        entry : object
            What the name stands for.

        Raises
        ------
        ConfigError
            If another entry has the name.
        """
        if name in self._all() and self._entries[name] is not entry:
            raise ConfigError(f"{self.what} '{name}' exists already: give the new one another name")
        self._entries[name] = entry

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of a name; an unknown name is a `ConfigError` that lists the known ones."""
        try:
            return self._all()[name]
        except KeyError:
            raise ConfigError(f"{self.what} '{name}' is unknown; known are {', '.join(sorted(self))}") from None

    def __contains__(self, name: object) -> bool:
        """Return whether there is an entry of that name."""
        return name in self._all()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, those of zpix first."""
        return iter(self._all())

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._all())

    def _all(self) -> dict[str, Entry]:
        """Return the entries, those of installed packages included."""
        if not self._has_asked:
            self._has_asked = True
            for point in entry_points(group=f"zpix.{self.group}"):
                self._entries.setdefault(point.name, point.load())
        return self._entries


class Section(BaseModel):
    """Base of every section: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelConfig(Section):
    """Shape of the detector network."""

    backbone: str = "resnet18"  # a name of zpix.detector.BACKBONES
    redshift_head: str = "fpn+pixels"  # a name of zpix.detector.REDSHIFT_HEADS
    classes: tuple[str, ...] = ("galaxy", "star")  # names of zpix.sources.CLASSES; the background is not one
    bands: tuple[str, ...] = (
        "F090W", "F115W", "F150W", "F200W", "F277W", "F335M", "F356W", "F410M", "F444W",
    )  # fmt: skip
    pixel_scale_arcsec: float = Field(0.03, gt=0)  # of the images it is trained on
    pyramid_channels: int = Field(128, ge=8)  # 256 in the paper; 128 halves the cost of the dense part
    box_hidden: int = Field(512, ge=8)  # width of the two box layers; 1024 in the paper
    mask_layers: int = Field(2, ge=1)  # 3 × 3 convolutions of the mask head; 4 in the paper
    anchor_sizes_pix: tuple[int, ...] = (8, 16, 32, 64, 128)  # a NIRCam source is 8 to 40 pixels across
    mixture_components: int = Field(8, ge=1)  # Gaussians of a redshift PDF; 5 in the paper
    cutout_size_pix: int = Field(32, ge=8)  # ~1 arcsec: holds the colours of nearly every source
    gaussian_sigmas_pix: tuple[float, ...] = (1.2, 2.0, 3.5, 6.0)  # weights of soft photometry, 0.04 to 0.2 arcsec
    elliptical_widths: tuple[float, ...] = ()  # more weights, of the light's own shape and so many times as wide
    built_size_pix: int = Field(512, ge=64)  # transformers only accept images of this size

    @field_validator("classes")
    @classmethod
    def _name_each_class_once(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if not classes or len(set(classes)) < len(classes):
            raise ValueError("a model needs one class or more, each named once")
        return classes

    @field_validator("bands")
    @classmethod
    def _name_each_band_once(cls, bands: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(band.strip().upper() for band in bands)
        if not names or len(set(names)) < len(names):
            raise ValueError("a model needs one band or more, each named once")
        return names


class TrainingConfig(Section):
    """How a detector learns."""

    seed: int = 0
    epochs: int = Field(150, ge=1)  # the paper's
    batch_size: int = Field(4, ge=1)  # tiles of one step, per device
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = Field(0.01, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(1e-4, ge=0)
    warmup_steps: int = Field(200, ge=0)
    schedule: Literal["step", "cosine"] = "step"
    milestones: tuple[float, ...] = (0.6, 0.85)  # fractions of the run at which the rate falls tenfold
    clip_norm: float = Field(5.0, gt=0)  # gradient norm above which the gradient is scaled down
    flips: bool = True  # flips and quarter turns: the sky has no up
    band_dropout: float = Field(0.03, ge=0, lt=1)  # chance that a band is hidden, so that a missing one is no surprise
    box_jitter: float = Field(0.05, ge=0, lt=0.5)  # of its size, for sources without a box of the detector's own yet
    redshift_weight: float = Field(1.0, ge=0)  # of the redshift loss in the sum
    learn: Literal["all", "redshift_head"] = "all"  # what does; the rest stays as it was begun with
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # auto: bf16 where the processor is fast at it
    workers: int = Field(0, ge=0)  # processes that read the store; 0 reads in the training process
    validate_every: int = Field(1, ge=1)  # epochs between validation losses


class PretrainingConfig(Section):
    """How the redshift head or the backbone learns from cutouts, before the joint training."""

    seed: int = 0
    epochs: int = Field(20, ge=1)
    batch_size: int = Field(256, ge=1)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-4, ge=0)
    band_dropout: float = Field(0.03, ge=0, lt=1)
    clip_norm: float = Field(5.0, gt=0)
    image_size_pix: int = Field(64, ge=64, multiple_of=32)  # cutouts for the backbone, whose coarsest stride is 32
    realisations: int = Field(3, ge=1)  # of the noise, in which each scene drawn for the redshift head is seen


class InferenceConfig(Section):
    """How a field is searched."""

    tile_size: int = Field(1024, ge=128)  # read region; larger tiles waste less on margins
    margin: int = Field(128, ge=0)  # what a tile sees around what it owns: at 64 single boxes differ at seams
    score_threshold: float = Field(0.35, ge=0, le=1)  # best balance of completeness and purity on validation fields
    nms_iou: float = Field(0.5, gt=0, lt=1)  # boxes or masks that overlap more are one source
    mask_threshold: float = Field(0.5, gt=0, lt=1)
    proposals_per_megapixel: int = Field(20_000, ge=1)  # bounds time and memory; a deep field reaches a third of it
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] = "auto"  # auto: bf16 where the device is fast at it
    compile: bool = False  # compile the dense part: a little faster, after up to a minute
    device: str = "auto"  # auto: the first CUDA device, else the processor
    intervals: Literal["pdf", "conformal"] = "pdf"  # quantiles of the PDFs, or what held known redshifts as often
    dust: str = "sfd"  # E(B-V): "sfd", a number in magnitudes, or the path of a HEALPix map
    workers: int = Field(0, ge=0)  # processes that share a field; 0: what suits the machine and the field


class SimulationConfig(Section):
    """What a simulated sky holds and how it is observed; every effect can be switched off."""

    cell_size_pix: int = Field(512, ge=128)  # the sky is drawn in cells, each with its own random numbers
    pixel_scale_arcsec: float = Field(0.03, gt=0)  # JADES
    limit_mag: float = Field(30.5, gt=18, lt=33)  # faintest F444W (AB): below what is detectable
    source_density: float = Field(1.0, ge=0)  # galaxies, in units of the observed number counts
    high_z_boost: float = Field(0.0, ge=0, le=1)  # fraction of galaxies drawn flat in redshift, for training
    high_z_range: tuple[float, float] = (4.0, 15.0)  # of the boosted fraction
    bright_boost: float = Field(0.0, ge=0, le=1)  # fraction of galaxies drawn flat in magnitude, for training
    bright_range: tuple[float, float] = (24.0, 28.0)  # of that fraction, in F444W (AB)
    clustered_fraction: float = Field(0.15, ge=0, le=1)  # galaxies placed beside another one: natural blends
    cluster_scale_arcsec: float = Field(0.8, gt=0)  # median separation of such pairs
    star_density: float = Field(1.0, ge=0)  # stars, in units of the counts towards GOODS-S
    brown_dwarf_per_arcmin2: float = Field(0.4, ge=0)  # JADES: 0.3 (Hainline et al. 2024)
    emission_lines: bool = True
    substructure: bool = True  # bulges, discs and clumps of their own colours
    agn_density: float = Field(1.0, ge=0)  # active nuclei and little red dots, in units of the published numbers
    spectra: tuple[tuple[str, float], ...] = (("kcorrect", 1.0),)  # families of galaxy spectra and their shares
    catalogues: tuple[str, ...] = ()  # JAGUAR files whose galaxies are drawn in place of the built-in ones
    ebv: float | None = Field(None, ge=0)  # Milky Way E(B-V) in mag; none: drawn per field from `ebv_range`
    ebv_range: tuple[float, float] = (0.0, 0.1)  # extragalactic fields lie below 0.05
    depth_range: tuple[float, float] = (1.0, 1.0)  # error image in units of the deep field's, drawn per field
    depth_structure: float = Field(0.10, ge=0, lt=1)  # rms of the smooth variation of the error image
    poisson_noise: bool = True  # of the sources' own photons
    saturation_njy: float | None = Field(None, gt=0)  # light of a pixel from which on it has no data; none: no limit
    correlated_noise: bool = True  # neighbouring pixels share noise, as drizzled ones do
    sky_residual_sigma: float = Field(0.05, ge=0)  # rms of a constant left per band, in its errors
    psf_angle_deg: float | None = None  # position angle of pupil and detectors; none: drawn per field
    psf_files: str | tuple[tuple[str, str], ...] | None = None  # directory, or file of each band; none: built in
    psf_pixel_scale_arcsec: float | None = Field(None, gt=0)  # of those files; none: their headers say it
    shallow_fraction: float = Field(0.0, ge=0, le=1)  # of the area, in pointings with straight edges
    shallow_factor: float = Field(
        2.75, ge=1
    )  # error there in units of the deep part: JADES medium is 1.1 mag shallower
    chip_gaps: bool = True  # strips of fewer exposures where the detectors' gaps were
    missing_coverage: float = Field(0.01, ge=0, le=0.5)  # of the area, observed in all bands but one
    hot_pixels_per_arcmin2: float = Field(0.5, ge=0)  # in each band
    snowballs_per_arcmin2: float = Field(0.1, ge=0)  # in each band
    striping: float = Field(0.03, ge=0, lt=1)  # rms of stripes along detector rows, in errors of a pixel
    wisps_per_arcmin2: float = Field(0.05, ge=0)  # in each short band
    segment_threshold: float = Field(0.5, gt=0)  # S/N per pixel down to which light is part of a segment
    detectable_snr: float = Field(5.0, gt=0)  # segment S/N above which a source is labelled
    detectable_pixels: int = Field(5, ge=1)

    @field_validator("spectra", mode="before")
    @classmethod
    def _pair_families_with_shares(cls, shares: Any) -> Any:
        """Turn a TOML table, `{kcorrect = 1.0}`, into pairs in order of name: sections can be compared and hashed."""
        return tuple(sorted(shares.items())) if isinstance(shares, Mapping) else shares

    @field_validator("spectra")
    @classmethod
    def _need_positive_shares(cls, shares: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
        """Refuse an empty mix, a family named twice, and shares that are not positive."""
        if not shares or len(dict(shares)) < len(shares) or not all(0 < share < float("inf") for _, share in shares):
            raise ValueError("a mix needs one family or more, each named once and with a positive share")
        return shares

    @field_serializer("spectra")
    def _table_of_shares(self, shares: tuple[tuple[str, float], ...]) -> dict[str, float]:
        """Write the shares as the table that people write."""
        return dict(shares)

    @field_validator("psf_files", mode="before")
    @classmethod
    def _pair_bands_with_files(cls, files: Any) -> Any:
        """A table in TOML, `{F444W = "psf.fits"}`, as pairs: sections can be compared and hashed."""
        if isinstance(files, Mapping):
            files = tuple(files.items())
        if isinstance(files, (tuple, list)):
            files = tuple((str(band).strip().upper(), str(path)) for band, path in files)
            if len({band for band, _ in files}) < len(files):
                raise ValueError("each band may have one file")
        return files


AnySection = TypeVar("AnySection", bound=Section)


def parse_section(section: type[AnySection], values: dict[str, Any], *, source: str) -> AnySection:
    """Validate `values` as a section; `source` names where they come from in the error message."""
    try:
        return section(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigError(
                f"{source}: unknown setting '{key}'; allowed are {_siblings(section, first['loc'])}"
            ) from None
        reason = first["msg"].removeprefix("Value error, ").lower()
        raise ConfigError(f"{source}: setting '{key}' = {first['input']!r}: {reason}") from None


def _siblings(section: type[Section], place: tuple[int | str, ...]) -> str:
    """Names allowed where an unknown one was found."""
    for part in place[:-1]:
        annotation = section.model_fields[str(part)].annotation
        assert isinstance(annotation, type) and issubclass(annotation, Section)
        section = annotation
    return ", ".join(section.model_fields)


class Config(Section):
    """Everything one TOML file can set, a table per section."""

    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    pretraining: PretrainingConfig = PretrainingConfig()
    inference: InferenceConfig = InferenceConfig()
    simulation: SimulationConfig = SimulationConfig()


def load_config(path: str | Path | None) -> Config:
    """Read a TOML file; what it leaves out, or everything without a file, takes its default.

    Raises
    ------
    ConfigError
        If the file is missing or is not TOML, or has an unknown section or setting.

    >>> load_config(None).inference.tile_size
    1024
    """
    if path is None:
        return Config()
    file = Path(path)
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{file}: no such configuration file") from None
    except OSError as error:
        raise ConfigError(f"{file}: the configuration file cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    return parse_section(Config, tables, source=str(file))


def as_config(config: str | Path | Config | Section | None, *reads: str) -> Config:
    """Take settings in any of the forms in which a function of zpix accepts them.

    Parameters
    ----------
    config : str, Path, Config, Section or None
        Path of a TOML file, all settings, or one section; None for the defaults.
    *reads : str
        Names of the sections that the caller uses, such as "inference".

    Returns
    -------
    Config
        All settings; what was not given has its default.

    Raises
    ------
    ConfigError
        If the file cannot be used, or a section is given that the caller does not use.
    """
    if config is None or isinstance(config, (str, Path)):
        return load_config(config)
    if isinstance(config, Config):
        return config
    sections = {name: type(getattr(Config(), name)) for name in reads}
    for name, section in sections.items():
        if isinstance(config, section):
            return Config(**{name: config})
    allowed = ", ".join(["Config", *(section.__name__ for section in sections.values())])
    raise ConfigError(f"config is a {type(config).__name__}: allowed are the path of a TOML file and {allowed}")


def override(section: AnySection, **values: Any) -> AnySection:
    """The section with those settings replaced that are not None, validated again."""
    given = {key: value for key, value in values.items() if value is not None}
    return parse_section(type(section), {**section.model_dump(), **given}, source="command line")


def write_config(path: str | Path, **sections: Section) -> None:
    """Write resolved sections as TOML that `load_config` reads back."""
    lines = []
    for name, section in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in section.model_dump().items() if value is not None]
        lines.append("")
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)
