"""What does the network say about the sources of one piece of sky?"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from zpix.sources.mixture import ZMixture
from zpix.sources.overlaps import box_centres


@dataclass(frozen=True)
class Detections:
    """N detected sources; every array has the leading length N, and N = 0 is an ordinary result.

    Attributes
    ----------
    box : (N, 4) float32
        Half-open boxes (x0, y0, x1, y1) in pixels of the image the detections refer to.
    score : (N,) float32
        Probability that the source is real (one minus the background probability).
    label : (N,) int64
        Most probable class, as `zpix.sources.classes` numbers them: 1 galaxy, 2 star.
    class_probability : (N, C) float32
        Probability of each of the model's C classes, in its order, given that the source is real.
    mask : (N, M, M) float32
        Mask probability on an M × M grid that spans the box.
    redshift : ZMixture of length N
    features : (N, F) float32
        What the redshift was inferred from, as far as it is wanted: F is 0 by default.
    """

    box: NDArray[np.float32]
    score: NDArray[np.float32]
    label: NDArray[np.int64]
    class_probability: NDArray[np.float32]
    mask: NDArray[np.float32]
    redshift: ZMixture
    features: NDArray[np.float32] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.features is None:
            object.__setattr__(self, "features", np.zeros((len(self.score), 0), np.float32))

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, rows: slice | NDArray) -> Detections:
        return Detections(*(getattr(self, f.name)[rows] for f in fields(self)))

    @property
    def centre_xy(self) -> NDArray[np.float32]:
        """Centres of the boxes in pixel coordinates (integers are pixel centres), shape (N, 2)."""
        return box_centres(self.box)

    def shifted(self, dx: float, dy: float) -> Detections:
        """The same detections with boxes moved by (dx, dy) pixels."""
        moved = self.box + np.array([dx, dy, dx, dy], dtype=np.float32)
        rest = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "box"}
        return Detections(box=moved, **rest)

    @staticmethod
    def empty(mask_size: int, n_components: int, n_features: int = 0, n_classes: int = 2) -> Detections:
        """No detections at all."""
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

    @staticmethod
    def concatenate(parts: list[Detections]) -> Detections:
        """Join several sets of detections; the list must not be empty."""
        joined = {
            f.name: np.concatenate([getattr(part, f.name) for part in parts])
            for f in fields(Detections)
            if f.name != "redshift"
        }
        mixture = ZMixture(
            *(np.concatenate([getattr(p.redshift, name) for p in parts]) for name in ("weights", "means", "widths"))
        )
        return Detections(redshift=mixture, **joined)


@dataclass(frozen=True)
class ReferenceBoxes:
    """N sources of an image that are known before the network has seen it.

    Attributes
    ----------
    box : (N, 4) float32
        Half-open boxes (x0, y0, x1, y1) in pixels of the image, inside it.
    mask : (N, M, M) float32
        Mask probability on the grid of `Detections`; NaN where the network shall draw it.
    """

    box: NDArray[np.float32]
    mask: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.box)
