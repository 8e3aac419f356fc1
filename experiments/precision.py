"""How much accuracy does the fast path cost? The same fields are searched with every variant of the network.

    python experiments/precision.py --seeds 777 778 779 --size 2048 --out precision

The reference is the network as it was trained, in fp32. The fast twin in fp32, in bf16, in eight bits and compiled is
compared with it: sources lost and gained, differences of redshifts, boxes, masks and PDFs, and changes of the scores.
Fields are simulated unless they exist.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from astropy.io import fits
from numpy.typing import NDArray

import zpix
import zpix.search.searcher
from zpix.catalogue import Catalogue
from zpix.config import InferenceConfig
from zpix.detector import Checkpoint
from zpix.evaluation import OUTLIER_LIMIT, read_truth, score_catalogue
from zpix.matching import Matching, match_boxes
from zpix.search import Predictor
from zpix.sources import default_grid, sigma_nmad

BAND, FAINTEST = "F444W", 28.0
VARIANTS = {
    "plain fp32": {"precision": "fp32"},
    "fast fp32": {"precision": "fp32"},
    "fast bf16": {"precision": "bf16"},
    "fast int8": {"precision": "int8"},
    "fast bf16, compiled": {"precision": "bf16", "compile": True},
}
COLUMNS = (
    "variant", "sources", "lost, %", "gained, %", "Δz/(1+z), median", "95 %", "moved > 0.15, %", "box IoU, median",
    "mask IoU, median", "PDFs, median", "σ_NMAD, change %", "outliers, change %",
)  # fmt: skip


class PlainPredictor(Predictor):
    """A predictor of the network as it was trained, without its fast twin."""

    def __init__(self, checkpoint: Checkpoint, config: InferenceConfig) -> None:
        super().__init__(checkpoint, config)
        self.dtype = torch.float32
        self._detector = checkpoint.detector.eval()


@dataclass(frozen=True)
class Answer:
    """Results of one variant on a field.

    Attributes
    ----------
    catalogue : Catalogue
        The catalogue.
    segmentation : (y, x) int32
        Source id of each pixel.
    errors : (G,) float64
        Δz / (1 + z) of matched true galaxies with F444W < 28.
    """

    catalogue: Catalogue
    segmentation: NDArray[np.int32]
    errors: NDArray[np.float64]


def search(field: Path, out: Path, variant: str, model: Path | None, tile_size: int) -> Answer:
    """Search a field with one variant."""
    config = InferenceConfig(device="cpu", workers=1, tile_size=tile_size, **VARIANTS[variant])
    own = zpix.search.searcher.Predictor
    zpix.search.searcher.Predictor = PlainPredictor if variant.startswith("plain") else own  # type: ignore[misc]
    try:
        catalogue = zpix.run(field, out=out, model=model, config=config, overwrite=True)
    finally:
        zpix.search.searcher.Predictor = own  # type: ignore[misc]
    report = score_catalogue(catalogue, read_truth(field / "truth.fits", band=BAND), band=BAND)
    with fits.open(out / "segmentation.fits") as hdus:
        segmentation = np.asarray(hdus[0].data, np.int32)
    return Answer(catalogue, segmentation, report.sample.error[report.magnitude < FAINTEST])


def compare(plain: Answer, other: Answer) -> dict[str, NDArray]:
    """Compare the sources brighter than the limit; one entry of an array per source."""
    pairs = match_boxes(plain.catalogue.box, other.catalogue.box)
    bright = plain.catalogue.magnitude(BAND) < FAINTEST
    other_bright = other.catalogue.magnitude(BAND) < FAINTEST
    both = bright[pairs.left]
    left, right = pairs.left[both], pairs.right[both]
    z = plain.catalogue["z_phot"][left]
    return {
        "lost": ~pairs.left_matched[bright],
        "gained": ~pairs.right_matched[other_bright],
        "z": np.abs(other.catalogue["z_phot"][right] - z) / (1 + z),
        "box": pairs.agreement[both],
        "mask": mask_ious(plain, other, pairs)[both],
        "pdf": pdf_distances(plain.catalogue[left], other.catalogue[right]),
    }


def mask_ious(plain: Answer, other: Answer, pairs: Matching) -> NDArray[np.float64]:
    """Compute the intersection over union of the segments of each pair."""
    ids = plain.catalogue["id"][pairs.left], other.catalogue["id"][pairs.right]
    areas = [np.bincount(answer.segmentation.ravel()) for answer in (plain, other)]
    partner = np.full(len(areas[0]), -1)
    partner[ids[0]] = ids[1]
    shared_id = plain.segmentation[(plain.segmentation > 0) & (partner[plain.segmentation] == other.segmentation)]
    shared = np.bincount(shared_id, minlength=len(areas[0]))[ids[0]]
    return shared / np.maximum(areas[0][ids[0]] + areas[1][ids[1]] - shared, 1)


def pdf_distances(plain: Catalogue, other: Catalogue) -> NDArray[np.float64]:
    """Compute the area between the cumulative distributions of two PDFs in ln(1 + z), the mean shift of probability."""
    z = default_grid()
    gap = np.abs(plain.redshift.cdf(z) - other.redshift.cdf(z))
    return np.trapezoid(gap, np.log1p(z), axis=1)


def scores(answers: list[Answer]) -> tuple[float, float]:
    """Compute σ_NMAD and outlier fraction of the true galaxies brighter than the limit, of all fields."""
    error = np.concatenate([answer.errors for answer in answers])
    return sigma_nmad(error), float(np.mean(np.abs(error) > OUTLIER_LIMIT))


def row(variant: str, plain: list[Answer], other: list[Answer]) -> list[str]:
    """Compare one variant with the reference; return a line of the table."""
    parts = [compare(*pair) for pair in zip(plain, other, strict=True)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    before, after = scores(plain), scores(other)
    return [
        variant,
        str(len(joined["lost"])),
        f"{100 * joined['lost'].mean():.2f}",
        f"{100 * joined['gained'].mean():.2f}",
        f"{np.median(joined['z']):.4f}",
        f"{np.quantile(joined['z'], 0.95):.4f}",
        f"{100 * np.mean(joined['z'] > 0.15):.2f}",
        f"{np.median(joined['box']):.3f}",
        f"{np.median(joined['mask']):.3f}",
        f"{np.median(joined['pdf']):.4f}",
        *(f"{100 * (b / a - 1):+.1f} (of {a:.4f})" for a, b in zip(before, after, strict=True)),
    ]


def main() -> None:
    """Search every field with every variant and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory of fields and results")
    options.add_argument("--model", type=Path, help="checkpoint; the shipped model by default")
    options.add_argument("--seeds", type=int, nargs="+", default=[777, 778, 779], help="one field each")
    options.add_argument("--size", type=int, default=2048, help="side of a field in pixels")
    options.add_argument("--tile-size", type=int, default=InferenceConfig().tile_size)
    options.add_argument("--variants", nargs="+", default=list(VARIANTS)[:3], choices=list(VARIANTS))
    asked = options.parse_args()
    fields = [asked.out / f"field-{seed}" for seed in asked.seeds]
    for field, seed in zip(fields, asked.seeds, strict=True):
        if not (field / "truth.fits").is_file():
            zpix.simulate(field, size_pix=asked.size, seed=seed)
    plain: list[Answer] = []
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for variant in asked.variants:
        answers = [search(field, asked.out / "result", variant, asked.model, asked.tile_size) for field in fields]
        plain = plain or answers
        print("| " + " | ".join(row(variant, plain, answers)) + " |", flush=True)


if __name__ == "__main__":
    main()
