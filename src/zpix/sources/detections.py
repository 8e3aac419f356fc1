"""What does the network say about the sources of one piece of sky?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from zpix.sources.mixture import ZMixture
from zpix.sources.overlaps import box_centres
from zpix.sources.rows import Rows


@dataclass(frozen=True, eq=False)
class Detections(Rows):
    """N detected sources; N = 0 is an ordinary result.

    Attributes
    ----------
    box : (N, 4) float32, pixels
        Half-open boxes (x0, y0, x1, y1) in the image that was searched.
    score : (N,) float32
        Probability that the source is real (one minus the background probability).
    label : (N,) int64
        Most probable class, as `zpix.sources.classes` numbers them: 1 galaxy, 2 star.
    class_probability : (N, C) float32
        Probability of each of the model's C classes, in its order, given that the source is real.
    mask : (N, M, M) float32
        Mask probability on an M × M grid that spans the box.
    redshift : ZMixture of length N
        Redshift PDFs.
    features : (N, F) float32, default F = 0
        Input of the last layer of the redshift head, where it was asked for.
    """

    box: NDArray[np.float32]
    score: NDArray[np.float32]
    label: NDArray[np.int64]
    class_probability: NDArray[np.float32]
    mask: NDArray[np.float32]
    redshift: ZMixture
    features: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __post_init__(self) -> None:
        if not self.features.size:  # none were given, or there are no sources
            shape = (len(self.score), self.features.shape[1])
            object.__setattr__(self, "features", np.zeros(shape, np.float32))

    @property
    def centre_xy(self) -> NDArray[np.float32]:
        """Centres of the boxes as pixel positions (integers are pixel centres), (N, 2)."""
        return box_centres(self.box)

    def shifted(self, dx: float, dy: float) -> Detections:
        """Return the same detections with boxes moved.

        Parameters
        ----------
        dx, dy : float, pixels
            By how much to move them.

        Returns
        -------
        Detections
            The moved detections; all other arrays are shared.
        """
        return replace(self, box=self.box + np.array([dx, dy, dx, dy], dtype=np.float32))

    @staticmethod
    def empty(mask_size: int, n_components: int, n_features: int = 0, n_classes: int = 2) -> Detections:
        """Return a table without detections.

        Parameters
        ----------
        mask_size : int
            Side M of the mask grid.
        n_components : int
            Components of the redshift mixtures.
        n_features : int, default 0
            Number F of features.
        n_classes : int, default 2
            Number of classes of the model.

        Returns
        -------
        Detections
            Of length 0.
        """
        nothing = np.zeros((0, n_components))
        return Detections(
            box=np.zeros((0, 4), np.float32),
            score=np.zeros(0, np.float32),
            label=np.zeros(0, np.int64),
            class_probability=np.zeros((0, n_classes), np.float32),
            mask=np.zeros((0, mask_size, mask_size), np.float32),
            redshift=ZMixture(nothing, nothing, nothing),
            features=np.zeros((0, n_features), np.float32),
        )


@dataclass(frozen=True, eq=False)
class ReferenceBoxes(Rows):
    """Boxes of N sources of a reference catalogue in one image.

    Attributes
    ----------
    box : (N, 4) float32, pixels
        Half-open boxes (x0, y0, x1, y1), inside the image.
    mask : (N, M, M) float32
        Mask probability on the grid of `Detections`; NaN where the network is to predict it.
    """

    box: NDArray[np.float32]
    mask: NDArray[np.float32]
