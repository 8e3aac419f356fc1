"""Which implementations of one network are compared?

Each is built in its own process from the same `Contest`. In a turn it searches some tiles and reports the time of a
tile and of each stage.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from torchvision.ops import clip_boxes_to_image

from zpix.catalogue import place_masks
from zpix.config import BAND_SETS, InferenceConfig, ModelConfig
from zpix.detector import Checkpoint, Detector, Found, load_checkpoint, measured_ranges
from zpix.detector import detector as two_stages
from zpix.detector.device import choose_device
from zpix.detector.pooling import BoxPooler
from zpix.search import Predictor
from zpix.search.predictor import to_detections
from zpix.sources import Detections
from zpix.speed.clock import REST, StageClock, answer_instead, remember_answers
from zpix.speed.load import Answers, Load
from zpix.speed.stock import StockDetector

#: Stages of all implementations, in order.
STAGES = (
    "normalise", "pyramid", "proposal head", "proposal choice", "box pooling", "box head", "mask pooling",
    "mask head", "redshift pooling", "cutouts", "redshift head", "mask placing", REST,
)  # fmt: skip

#: Bands of the tile that a model searches which serves any bands: nine, so that figures compare.
BANDS = BAND_SETS["JADES"]

_SHORTEST_TURN_S = 1.0
_SEED = 0


@dataclass(frozen=True)
class Contest:
    """What all implementations have in common.

    Attributes
    ----------
    model : Path or ModelConfig
        Checkpoint, or the shape of a network with random weights.
    load : Load
        The tile.
    config : InferenceConfig
        Settings of the search.
    """

    model: Path | ModelConfig
    load: Load
    config: InferenceConfig

    def checkpoint(self) -> Checkpoint:
        """Load or make the network in fp32, the same in every process.

        Returns
        -------
        Checkpoint
            The network.
        """
        if isinstance(self.model, Path):
            return load_checkpoint(self.model).for_bands(BANDS)
        torch.manual_seed(_SEED)
        return Checkpoint(Detector(self.model).eval())

    def predictor(self) -> Predictor:
        """Make the fast twin of the network in the precision of the settings.

        Returns
        -------
        Predictor
            Ready for tiles.
        """
        checkpoint = self.checkpoint()
        if self.config.precision == "int8" and not checkpoint.about.ranges:  # random weights: those of the tile itself
            with measured_ranges(checkpoint.detector) as ranges:
                _detect(checkpoint.detector, self)
            checkpoint = replace(checkpoint, about=replace(checkpoint.about, ranges=ranges))
        predictor = Predictor(checkpoint, self.config)
        if self.load.answers is not None:
            give_answers(predictor._detector, self.load.answers)
        return predictor

    @property
    def device(self) -> torch.device:
        """Device of the network."""
        return choose_device(self.config.device)


@dataclass(frozen=True)
class Turn:
    """One turn of one process.

    Attributes
    ----------
    tiles : int
        Number of tiles searched.
    sources : int
        Sources of each tile.
    seconds : float
        Wall time per tile.
    computing : float
        Processor time per tile in seconds; less than the wall time of one thread if others used the machine.
    stages : dict of str to float
        Seconds per tile of each stage.
    """

    tiles: int
    sources: int
    seconds: float
    computing: float
    stages: dict[str, float]


#: A search of the tile; returns the number of sources.
Work = Callable[[], int]


def take_turns(build: Callable[[Contest, StageClock], Work], contest: Contest, member: int) -> Callable[[], Turn]:
    """Build an implementation that takes turns: one tile to warm up, then tiles for at least a second.

    Parameters
    ----------
    build : callable
        Makes the search of a tile from the contest and a clock.
    contest : Contest
        The network, the tile and the settings.
    member : int
        Number of the process; not used.

    Returns
    -------
    callable
        Takes a turn.
    """
    clock = StageClock(contest.device)
    work = build(contest, clock)

    def turn() -> Turn:
        sources = work()
        clock.seconds.clear()
        start, computing, tiles = clock.now(), time.process_time(), 0
        while tiles == 0 or clock.now() - start < _SHORTEST_TURN_S:
            clock.time(work)
            tiles += 1
        spent = {stage: seconds / tiles for stage, seconds in clock.seconds.items()}
        return Turn(tiles, sources, sum(spent.values()), (time.process_time() - computing) / tiles, spent)

    return turn


def build_torchvision(contest: Contest, clock: StageClock) -> Work:
    """Build torchvision's own Mask R-CNN around the same weights.

    Parameters and result are those of `build_plain`.
    """
    detector = contest.checkpoint().detector
    stock = StockDetector(detector, contest.config, contest.load.pixels.shape[1]).to(contest.device)
    if contest.load.answers is not None:
        stock.answer_with(contest.load.answers)
    stock.watch(clock)
    pixels = contest.load.pixels

    def work() -> int:
        found, mixture = stock(*_on_device(contest))
        assert found["masks"].shape[-2:] == pixels.shape[1:]
        return len(mixture.means.cpu())

    return work


def build_plain(contest: Contest, clock: StageClock) -> Work:
    """Build the network of zpix as it was trained, in fp32.

    Parameters
    ----------
    contest : Contest
        The network, the tile and the settings.
    clock : StageClock
        Times the stages.

    Returns
    -------
    callable
        Searches the tile; returns the number of sources.
    """
    detector = contest.checkpoint().detector.to(contest.device)
    if contest.load.answers is not None:
        give_answers(detector, contest.load.answers)
    watch_ours(detector, clock)
    return lambda: _place_masks(to_detections(_detect(detector, contest), detector.config.classes), clock)


def build_fast(contest: Contest, clock: StageClock) -> Work:
    """Build the fast twin, in the `Predictor` that runs use.

    Parameters and result are those of `build_plain`.
    """
    predictor = contest.predictor()
    watch_ours(predictor._detector, clock)
    return lambda: _place_masks(predictor.predict(contest.load.pixels, dust=contest.load.dust), clock)


def build_detectron2(contest: Contest, clock: StageClock) -> Work:
    """Build detectron2's Mask R-CNN of the same shape with the redshift head of zpix.

    Parameters and result are those of `build_plain`; the tile must have given answers.
    """
    from zpix.speed.detectron import DetectronDetector

    assert contest.load.answers is not None
    _, height, width = contest.load.pixels.shape
    network = DetectronDetector(contest.checkpoint().detector, contest.config).to(contest.device)
    network.answer_with(contest.load.answers, (height, width))
    network.watch(clock)

    def work() -> int:
        _, mixture = network(*_on_device(contest))
        return len(mixture.means.cpu())

    return work


def answers_of(contest: Contest) -> Answers:
    """Take the answers of a trained network on the tile: its boxes before suppression, as proposals, and their logits.

    With them detectron2, whose network cannot hold the weights of zpix, has the same work to do.

    Parameters
    ----------
    contest : Contest
        The network, the tile and the settings.

    Returns
    -------
    Answers
        Proposals, logits and sources.
    """
    detector = contest.checkpoint().detector.to(contest.device)
    logits, boxes = remember_answers(detector, "classify"), remember_answers(detector.box_head, "decode")
    found = _detect(detector, contest)
    _, height, width = contest.load.pixels.shape
    proposals = clip_boxes_to_image(boxes[0], (height, width))
    return Answers(*(tensor.cpu().numpy() for tensor in (proposals, logits[0][0], found.boxes)))


def gflop_per_tile(contest: Contest) -> float:
    """Count the arithmetic of the layers on the tile.

    Parameters
    ----------
    contest : Contest
        The network, the tile and the settings.

    Returns
    -------
    float
        10⁹ operations; a multiplication and an addition count as two.
    """
    detector = contest.checkpoint().detector
    if contest.load.answers is not None:
        give_answers(detector, contest.load.answers)
    with FlopCounterMode(display=False) as counter:
        _detect(detector.to(contest.device), contest)
    return float(counter.get_total_flops()) / 1e9


def has_openvino() -> bool:
    """Tell whether OpenVINO, which computes in eight bits, is installed.

    Returns
    -------
    bool
        Whether it can be imported.
    """
    return importlib.util.find_spec("openvino") is not None


def has_detectron2() -> bool:
    """Tell whether detectron2 is installed.

    Returns
    -------
    bool
        Whether it can be imported.
    """
    return importlib.util.find_spec("detectron2") is not None


def give_answers(detector: Detector, answers: Answers) -> None:
    """Replace the answers of two stages of a network of zpix, after they have done their work.

    Parameters
    ----------
    detector : Detector
        The network; changed in place.
    answers : Answers
        Proposals and logits.
    """
    device = next(detector.parameters()).device
    boxes, logits = (torch.from_numpy(a).to(device) for a in (answers.proposals, answers.logits))
    answer_instead(detector.proposals, "select", [boxes])
    describe = detector.classify

    def classify(pooler: BoxPooler, own: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        describe(pooler, own, image)
        row = (own[:, None] == boxes).all(2).int().argmax(1)  # a part of an image has some of the proposals
        return logits[row], torch.zeros_like(own)

    detector.classify = classify  # type: ignore[method-assign, assignment]


def watch_ours(detector: Detector, clock: StageClock) -> None:
    """Time the stages of a network of zpix.

    Parameters
    ----------
    detector : Detector
        The network.
    clock : StageClock
        Measures the seconds.
    """
    clock.watch(two_stages, "image_channels", "normalise")
    clock.watch(two_stages, "BoxPooler", "box pooling")  # the table, which the others share
    for stage in ("box", "mask", "redshift"):
        clock.watch(detector, f"_{stage}_features", f"{stage} pooling")
    clock.watch(two_stages, "source_pixels", "cutouts")
    clock.watch(detector.proposals, "select", "proposal choice")
    for layer, stage in (
        (detector.pyramid, "pyramid"),
        (detector.proposals.head, "proposal head"),
        (detector.proposals, "proposal choice"),
        (detector.box_head, "box head"),
        (detector.mask_head, "mask head"),
        (detector.redshift_head, "redshift head"),
    ):
        clock.watch_layer(layer, stage)


def _on_device(contest: Contest) -> tuple[Tensor, Tensor, Tensor]:
    """Flux, error and dust of the tile as a batch of one."""
    pixels = contest.load.pixels
    flux, error = (torch.from_numpy(array)[None].to(contest.device) for array in (pixels.flux, pixels.error))
    return flux, error, torch.tensor([contest.load.dust], dtype=torch.float32, device=contest.device)


def _detect(detector: Detector, contest: Contest) -> Found:
    """Search the tile with the network as it was trained."""
    (found,) = detector.detect(
        *_on_device(contest),
        score_threshold=contest.config.score_threshold,
        nms_iou=contest.config.nms_iou,
        proposals_per_megapixel=contest.config.proposals_per_megapixel,
    )
    return found


def _place_masks(found: Detections, clock: StageClock) -> int:
    """Place the masks as runs do; returns the number of sources."""
    clock.time(lambda: place_masks(found), "mask placing")
    return len(found)
