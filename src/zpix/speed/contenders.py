"""Which implementations of one network compete?

Each is built in a process of its own from the same `Contest`; what is built does one turn's work, some tiles, and
says how long a tile took and where the time went.
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
from zpix.config import InferenceConfig, ModelConfig
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

#: The stages of all contenders, in the order of the story.
STAGES = (
    "normalise", "pyramid", "proposal head", "proposal choice", "box pooling", "box head", "mask pooling",
    "mask head", "redshift pooling", "cutouts", "redshift head", "mask placing", REST,
)  # fmt: skip

_SHORTEST_TURN_S = 1.0
_SEED = 0


@dataclass(frozen=True)
class Contest:
    """What all contenders have in common: the network, the tile and the settings.

    Attributes
    ----------
    model : checkpoint, or the shape of a network with random weights
    """

    model: Path | ModelConfig
    load: Load
    config: InferenceConfig

    def checkpoint(self) -> Checkpoint:
        """The network, in fp32; the same in every process."""
        if isinstance(self.model, Path):
            return load_checkpoint(self.model)
        torch.manual_seed(_SEED)
        return Checkpoint(Detector(self.model).eval())

    def predictor(self) -> Predictor:
        """The fast twin, ready for tiles, in the contest's precision."""
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
        return choose_device(self.config.device)


@dataclass(frozen=True)
class Turn:
    """One turn of one process: tiles done, the sources of each, and seconds per tile.

    Attributes
    ----------
    computing : seconds of a processor that a tile took; more than that passed where others used the machine
    stages : seconds of each stage
    """

    tiles: int
    sources: int
    seconds: float
    computing: float
    stages: dict[str, float]


#: What a contender does with the contest's tile; answers the number of its sources.
Work = Callable[[], int]


def take_turns(build: Callable[[Contest, StageClock], Work], contest: Contest, member: int) -> Callable[[], Turn]:
    """A contender's turn: one tile to get warm, then tiles for a second, or one that takes longer."""
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
    """torchvision's Mask R-CNN as it comes, around the same weights."""
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
    """Our network as it was trained, in fp32."""
    detector = contest.checkpoint().detector.to(contest.device)
    if contest.load.answers is not None:
        give_answers(detector, contest.load.answers)
    watch_ours(detector, clock)
    return lambda: _place_masks(to_detections(_detect(detector, contest), detector.config.classes), clock)


def build_fast(contest: Contest, clock: StageClock) -> Work:
    """The fast twin, by way of the `Predictor` that runs use, in the contest's precision."""
    predictor = contest.predictor()
    watch_ours(predictor._detector, clock)
    return lambda: _place_masks(predictor.predict(contest.load.pixels, dust=contest.load.dust), clock)


def build_detectron2(contest: Contest, clock: StageClock) -> Work:
    """detectron2's Mask R-CNN of the same shape with our redshift head."""
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
    """What a trained network answers on the tile: its boxes before suppression, as proposals, and their logits.

    With them detectron2, whose network cannot hold our weights, has the same work to do.
    """
    detector = contest.checkpoint().detector.to(contest.device)
    logits, boxes = remember_answers(detector, "classify"), remember_answers(detector.box_head, "decode")
    found = _detect(detector, contest)
    _, height, width = contest.load.pixels.shape
    proposals = clip_boxes_to_image(boxes[0], (height, width))
    return Answers(*(tensor.cpu().numpy() for tensor in (proposals, logits[0][0], found.boxes)))


def gflop_per_tile(contest: Contest) -> float:
    """Arithmetic of the layers on the contest's tile, a multiplication and an addition counting as two, in 10⁹."""
    detector = contest.checkpoint().detector
    if contest.load.answers is not None:
        give_answers(detector, contest.load.answers)
    with FlopCounterMode(display=False) as counter:
        _detect(detector.to(contest.device), contest)
    return counter.get_total_flops() / 1e9


def has_openvino() -> bool:
    """Whether OpenVINO, which computes in eight bits, can be imported here."""
    return importlib.util.find_spec("openvino") is not None


def has_detectron2() -> bool:
    """Whether detectron2 can be imported here."""
    return importlib.util.find_spec("detectron2") is not None


def give_answers(detector: Detector, answers: Answers) -> None:
    """Replace what stages of one of our networks answer, once they have computed it."""
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
    """Have the stages of one of our networks timed."""
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
    (found,) = detector.detect(
        *_on_device(contest),
        score_threshold=contest.config.score_threshold,
        nms_iou=contest.config.nms_iou,
        proposals_per_megapixel=contest.config.proposals_per_megapixel,
    )
    return found


def _place_masks(found: Detections, clock: StageClock) -> int:
    clock.time(lambda: place_masks(found), "mask placing")
    return len(found)
