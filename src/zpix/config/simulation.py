"""What does a simulated sky hold, and how is it observed?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_serializer, field_validator

from zpix.config.sections import Section


class SimulationConfig(Section):
    """What a simulated sky holds and how it is observed; every effect can be switched off."""

    cell_size_pix: int = Field(
        512,
        ge=128,
        description="the sky is drawn in cells of this side, each with its own random numbers",
    )
    pixel_scale_arcsec: float = Field(0.03, gt=0, description="pixel scale of the mosaics; 0.03 is that of JADES")
    limit_mag: float = Field(
        30.5,
        gt=18,
        lt=33,
        description="faintest galaxy in F444W (AB), fainter than what can be detected",
    )
    source_density: float = Field(
        1.0,
        ge=0,
        description="surface density of galaxies, in units of the observed number counts",
    )
    density_range: tuple[float, float] = Field(
        (1.0, 1.0),
        description="range of a factor on `source_density`, drawn per field, evenly in its logarithm",
    )
    high_z_boost: float = Field(
        0.0,
        ge=0,
        le=1,
        description="fraction of galaxies drawn flat in redshift, for training; the model's header says so",
    )
    high_z_range: tuple[float, float] = Field((4.0, 15.0), description="redshifts of that fraction")
    bright_boost: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "fraction of galaxies drawn flat in magnitude, for training: with the redshifts of galaxies as "
            "bright as that"
        ),
    )
    bright_range: tuple[float, float] = Field((24.0, 28.0), description="F444W magnitudes of that fraction")
    clustered_fraction: float = Field(
        0.15,
        ge=0,
        le=1,
        description="galaxies placed beside another one, at any redshift: blends",
    )
    clustered_range: tuple[float, float] | None = Field(
        None,
        description="range of `clustered_fraction`, from which it is drawn per field; none: `clustered_fraction`",
    )
    cluster_scale_arcsec: float = Field(0.8, gt=0, description="median separation of such pairs")
    star_density: float = Field(
        1.0,
        ge=0,
        description="surface density of stars, in units of the counts towards GOODS-S",
    )
    bright_star_boost: float = Field(
        0.0,
        ge=0,
        le=1,
        description="fraction of stars drawn flat in magnitude, for training",
    )
    bright_star_range: tuple[float, float] = Field((14.0, 22.0), description="F444W magnitudes of that fraction")
    star_haloes: bool = Field(
        False,
        description=(
            "spikes and haloes of bright stars as far as they are seen, up to 2,000 pixels, in pixels and segments; "
            "off: to 500 pixels, with segments that end at 5e-6 of the brightest pixel"
        ),
    )
    brown_dwarf_per_arcmin2: float = Field(
        0.4,
        ge=0,
        description="surface density of brown dwarfs; JADES has 0.3 (Hainline et al. 2024)",
    )
    emission_lines: bool = Field(True, description="nebular lines of galaxies")
    substructure: bool = Field(
        True,
        description="bulges, discs and clumps, each of its own colour; off: one profile and one colour per galaxy",
    )
    morphology: Literal["smooth", "rich"] = Field(
        "smooth",
        description=(
            "form of galaxies with `substructure`: `smooth` discs with a few clumps, or `rich`: spiral arms, bars, "
            "many clumps, irregulars and mergers by mass, redshift and type"
        ),
    )
    agn_density: float = Field(
        1.0,
        ge=0,
        description=(
            "active nuclei in massive galaxies, and little red dots, in units of the published numbers; 0 for none"
        ),
    )
    spectra: tuple[tuple[str, float], ...] = Field(
        (("kcorrect", 1.0),),
        description=(
            "families that galaxy spectra are drawn from, with the share of the galaxies that each has: `kcorrect`, "
            "`populations`, or the path of a list of templates in EAZY's format (`.param`); shares are divided by "
            "their sum"
        ),
    )
    spectral_scatter: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description=(
            "each galaxy's spectrum is multiplied by a smooth random curve in rest wavelength, whose rms is drawn from "
            "0 to this fraction"
        ),
    )
    catalogues: tuple[str, ...] = Field(
        (),
        description=(
            "paths of JAGUAR catalogues (Williams et al. 2018): their galaxies are drawn with their own fluxes, "
            "sizes and shapes, at their surface density times `source_density`, in place of the built-in ones"
        ),
    )
    ebv: float | None = Field(
        None,
        ge=0,
        description=(
            "Milky Way E(B−V) in magnitudes; none: for `zpix simulate` that of the SFD map, for `zpix prepare "
            "--mock` drawn per tile"
        ),
    )
    ebv_range: tuple[float, float] = Field(
        (0.0, 0.1),
        description="range in magnitudes from which it is drawn; extragalactic fields lie below 0.05",
    )
    depth_range: tuple[float, float] = Field(
        (1.0, 1.0),
        description=(
            "range of the error image in units of that of JADES deep, from which it is drawn per field: 2 is "
            "0.75 mag shallower"
        ),
    )
    depth_structure: float = Field(
        0.10,
        ge=0,
        lt=1,
        description="rms of the smooth variation of the error image over a field, as a fraction",
    )
    poisson_noise: bool = Field(True, description="noise of the sources' own photons")
    saturation_njy: float | None = Field(
        None,
        gt=0,
        description=(
            "light of a pixel in nJy from which on it has no data: a well of 80,000 electrons is full of "
            "160,000 nJy in the first read (10.7 s), of 20,000 nJy in the first group of eight (86 s)"
        ),
    )
    correlated_noise: bool = Field(True, description="neighbouring pixels share noise, as drizzled ones do")
    sky_residual_sigma: float = Field(
        0.05,
        ge=0,
        description="rms of a constant left in each band, in its error per pixel",
    )
    psf_angle_deg: float | None = Field(
        None,
        description="position angle of the telescope's pupil and detectors; none: drawn per field",
    )
    psf_files: str | tuple[tuple[str, str], ...] | None = Field(
        None,
        description=(
            "PSFs of your own in place of the built-in telescope's: a directory of FITS files named by band, "
            'such as `"psf/"` with `psf_f444w.fits`, or a file for each band, `{F444W = "a.fits"}`; as they are '
            "in the mosaic, pixels included, north up; centred and normalised; `psf_angle_deg` does not turn "
            "them"
        ),
    )
    psf_pixel_scale_arcsec: float | None = Field(
        None,
        gt=0,
        description="pixel scale of those files; none: their headers say it (PIXELSCL, PIXSCL, PIXSCALE, CD or CDELT)",
    )
    zero_point_scatter_mag: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description=(
            "rms of the zero points, drawn per band and field; in bands with several chips per pointing half of the "
            "variance is that of each chip. The truth keeps the true fluxes"
        ),
    )
    psf_width_scatter: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="PSFs are wider or narrower by up to this share, drawn per band and field: 0.15 is ±15 %",
    )
    psf_shared_tiles: int = Field(
        1,
        ge=1,
        description=(
            "number of tiles of a mock store, one after the other, that are seen with one PSF in each band; drawing "
            "them takes less time"
        ),
    )
    psf_ellipticity: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description=(
            "largest ellipticity (a − b) / (a + b) by which PSFs are stretched, drawn per band, along one position "
            "angle per field"
        ),
    )
    matched_fraction: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "share of fields that are matched to the PSF of F444W (of the band with the widest PSF where F444W is "
            "missing or clearly sharper), noise and artefacts too; their error images, ratios and correlation lengths "
            "are those of the unmatched mosaics"
        ),
    )
    noise_over_error_range: tuple[float, float] | None = Field(
        None,
        description=(
            "range of the scatter of a pixel in units of its error image, drawn per band, even in its logarithm; "
            "noise follows the depth, and error images are wrong by that much. None: those measured in JADES"
        ),
    )
    noise_over_error_common: float = Field(
        0.0,
        ge=0,
        le=1,
        description=(
            "how much of that ratio the bands of a field share: 0, each is drawn by itself; 1, all have the same"
        ),
    )
    noise_correlation_range: tuple[float, float] | None = Field(
        None,
        description=(
            "range of the Gaussian σ in pixels over which neighbouring pixels share noise, 0.1 to 3, drawn per "
            "channel, even in its logarithm; the noise of large areas stays the same, so that pixels scatter less the "
            "longer it is; twice as long in WFC3, whose pixels are twice as large. None: that of JADES, 0.45 in the "
            "short and 0.74 in the long channel, and 0.62 in HST's ACS and 1.4 in WFC3"
        ),
    )
    band_depth_scatter_mag: float = Field(
        0.0,
        ge=0,
        le=2,
        description="rms of the depth of each band about that of its field",
    )
    sky_gradient_sigma: float = Field(
        0.0,
        ge=0,
        description=(
            "rms of a sky that varies smoothly over each band, in its error per pixel: waves of 600 to 6,000 pixels, "
            "in a tile a gradient"
        ),
    )
    shallow_fraction: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the area in shallow pointings, which have straight edges; 0 is the inside of JADES deep",
    )
    shallow_factor: float = Field(
        2.75,
        ge=1,
        description="error there in units of the deep part's: 2.75 is 1.1 mag, as JADES medium",
    )
    chip_gaps: bool = Field(
        True,
        description=(
            "strips of fewer exposures where the gaps between detectors were, others in the short and the long channel"
        ),
    )
    missing_coverage: float = Field(
        0.01,
        ge=0,
        le=0.5,
        description="share of the area, in small rectangles, that one band or another did not observe: not valid there",
    )
    hot_pixels_per_arcmin2: float = Field(0.5, ge=0, description="hot or bad pixels left in each band; 0 for none")
    snowballs_per_arcmin2: float = Field(
        0.1,
        ge=0,
        description="faint discs and rings that snowballs left in each band; 0 for none",
    )
    striping: float = Field(
        0.03,
        ge=0,
        lt=1,
        description="rms of stripes along detector rows, in errors of a pixel; 0 for none",
    )
    wisps_per_arcmin2: float = Field(
        0.05,
        ge=0,
        description="strands of scattered light in each short band; 0 for none",
    )
    segment_threshold: float = Field(0.5, gt=0, description="S/N per pixel down to which light is part of a segment")
    segment_pieces: Literal["brightest", "detectable"] = Field(
        "brightest",
        description=(
            "which pieces of a source are its segment where others or faint gaps divide it: the one with its "
            "brightest pixel, or also each that would be detectable by itself"
        ),
    )
    detectable_snr: float = Field(5.0, gt=0, description="S/N of a segment from which a source is labelled")
    detectable_pixels: int = Field(5, ge=1, description="least number of pixels of a segment")

    @field_validator("noise_over_error_range", "noise_correlation_range")
    @classmethod
    def _need_rising_positive_range(cls, limits: tuple[float, float] | None) -> tuple[float, float] | None:
        """Refuse ranges whose logarithm cannot be drawn from."""
        if limits is not None and not 0 < limits[0] <= limits[1] < float("inf"):
            raise ValueError("a range needs two positive numbers, the smaller one first")
        return limits

    @field_validator("noise_correlation_range")
    @classmethod
    def _need_lengths_that_are_drawn(cls, limits: tuple[float, float] | None) -> tuple[float, float] | None:
        """Refuse lengths beyond those of the kernel's wing."""
        if limits is not None and not (limits[0] >= 0.1 and limits[1] <= 3):
            raise ValueError("allowed are 0.1 to 3 pixels")
        return limits

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

    @field_validator("density_range", "clustered_range", "bright_star_range")
    @classmethod
    def _need_ranges(cls, values: tuple[float, float] | None, known: ValidationInfo) -> tuple[float, float] | None:
        """Refuse ranges that are upside down, and values that the setting they are drawn for cannot have."""
        allowed = {"density_range": (1e-3, 1e3), "clustered_range": (0.0, 1.0), "bright_star_range": (5.0, 33.0)}
        lowest, highest = allowed[str(known.field_name)]
        if values is not None and not lowest <= values[0] <= values[1] <= highest:
            raise ValueError(f"a range goes from a lower to a higher number within {lowest:g} to {highest:g}")
        return values

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
