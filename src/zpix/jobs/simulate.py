"""Which mosaics would a telescope give of a simulated sky, and what is true of its sources?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zpix.config import Config, SimulationConfig, as_config, override
from zpix.errors import ConfigError
from zpix.image import JADES_BANDS
from zpix.progress import progress_bar
from zpix.scenes import GOODS_S, write_field


def simulate(
    out: str | Path,
    *,
    size_pix: int | tuple[int, int] = 1024,
    seed: int = 0,
    ra: float = GOODS_S[0],
    dec: float = GOODS_S[1],
    bands: Sequence[str] | None = None,
    catalogue: str | Path | Sequence[str | Path] = (),
    config: str | Path | Config | SimulationConfig | None = None,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Draw a mock JADES field: mosaics, segmentation map and truth.

    The directory receives `mock_<band>_drz.fits` in the JADES layout, `segmentation.fits`, `truth.fits` and
    `simulation.json` with all settings and, under `drawn`, what was drawn for the field. The files appear when all are
    complete; after an interruption the same call goes on.

    Parameters
    ----------
    out : str or Path
        Directory to write to.
    size_pix : int or tuple of int, default: 1024
        Side of the field in pixels of 0.03 arcsec, or (ny, nx).
    seed : int, default: 0
        Seed of every random choice; the same seed gives the same pixels.
    ra, dec : float, default: 53.16, -27.79
        Centre of the field in degrees. E(B-V) is that of the SFD map there, unless the settings give one.
    bands : sequence of str, optional
        Bands to draw, in any order, of the cameras in `zpix.instruments.INSTRUMENTS`: NIRCam, and ACS and WFC3 of HST,
        on the same grid. The nine of JADES by default.
    catalogue : path or sequence of paths, optional
        JAGUAR catalogues to draw galaxies from, in place of the built-in ones.
    config : str, Path, Config or SimulationConfig, optional
        Settings: the path of a TOML file with `[simulation]`, or the settings themselves.
    workers : int, default: 1
        Number of processes; the pixels are the same for any number.
    overwrite : bool, default: False
        Whether files of these names are replaced.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    ConfigError
        If a setting, the size or the number of workers is out of its range.
    InputFileError
        If a catalogue cannot be read.
    OutputError
        If the files exist, or cannot be written.

    Examples
    --------
    >>> zpix.simulate("field", size_pix=384, seed=1)  # doctest: +SKIP
    PosixPath('field')
    """
    shape = (size_pix, size_pix) if isinstance(size_pix, int) else size_pix
    if min(shape) < 1:
        raise ConfigError(f"size_pix = {size_pix}: a field needs at least one row and one column of pixels")
    catalogues = [catalogue] if isinstance(catalogue, (str, Path)) else catalogue
    settings = override(
        as_config(config, "simulation").simulation, catalogues=tuple(map(str, catalogues)) if catalogues else None
    )
    with progress_bar("drawing the sky", 1) as bar:
        return write_field(
            out,
            shape=shape,
            seed=seed,
            ra=ra,
            dec=dec,
            bands=JADES_BANDS if bands is None else tuple(bands),
            config=settings,
            workers=workers,
            overwrite=overwrite,
            progress=bar.set,
        )
