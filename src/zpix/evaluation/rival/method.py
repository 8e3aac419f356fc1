"""What does a method have to do, so that zpix can be compared with it?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zpix.evaluation.redshifts import Redshifts
from zpix.evaluation.rival.sources import RivalSources
from zpix.evaluation.rival.templates import TemplateSet


@dataclass(frozen=True)
class RivalTask:
    """What a rival is given before it sees any source.

    Attributes
    ----------
    field : Path
        Directory of the field's mosaics, for methods that use pixels.
    bands : tuple of str
        Bands of the photometry, in its order.
    scratch : Path
        Directory for temporary files, removed after the comparison.
    templates : TemplateSet or None
        The user's template spectra.
    param_file : Path or None
        The user's EAZY parameter file.
    """

    field: Path
    bands: tuple[str, ...]
    scratch: Path
    templates: TemplateSet | None = None
    param_file: Path | None = None


class Rival(ABC):
    """A method that gives redshifts of sources, which zpix is compared with.

    Parameters
    ----------
    task : RivalTask
        The field and its bands.

    Attributes
    ----------
    title : str
        Name in tables; the registry's name if it is empty.
    uses_photometry_alone : bool
        Whether redshifts depend on fluxes and errors alone. If so, they are also measured on perfect photometry; a
        method that reads the mosaics sets it to False.

    Examples
    --------
    A method that gives every source the same PDF:

    >>> import numpy as np
    >>> from zpix.evaluation import GridPdf, Redshifts
    >>> class Flat(Rival):
    ...     def redshifts(self, sources):
    ...         z = np.linspace(0, 10, 101)
    ...         return Redshifts(GridPdf(z, np.ones((len(sources), 101))), np.full(len(sources), 5.0))
    """

    title: str = ""
    uses_photometry_alone: bool = True

    def __init__(self, task: RivalTask) -> None:
        self.task = task

    @abstractmethod
    def redshifts(self, sources: RivalSources) -> Redshifts:
        """Estimate redshifts.

        Parameters
        ----------
        sources : RivalSources
            N sources with positions, and fluxes corrected for the dust of the Milky Way.

        Returns
        -------
        Redshifts of length N
            PDFs and point estimates, in the order of the sources.
        """

    def settings(self) -> dict[str, Any]:
        """Settings that are kept with the comparison.

        Returns
        -------
        dict
            JSON values; nothing by default.
        """
        return {}
