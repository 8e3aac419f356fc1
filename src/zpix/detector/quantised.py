"""How does the network answer faster still on a processor? Its wide layers in eight bits, by way of OpenVINO.

Convolutions of integers are twice as fast as in bfloat16, and nine times as fast as in fp32, on processors with vector
instructions for both (VNNI). The input of a layer is rounded to one of 256 steps between the least and the largest
value that the tiles of the calibration have there on average, its weights to 255 steps of each channel. The last layers
of a stage, which cost little and whose rounding would change what is found, the stages around them and everything from
a source's fluxes to its redshift stay as they are in the fast twin.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zpix.detector.box_head import BOX_BINS
from zpix.detector.detector import Detector
from zpix.detector.device import computes_in_int8, return_freed_memory
from zpix.detector.twin import fast_twin
from zpix.errors import ConfigError, ModelError

log = logging.getLogger(__name__)

#: Parts of a detector that compute in eight bits, and those of their layers that do not.
_PARTS = ("pyramid", "proposals.head", "box_head.layers", "mask_head")
_EXACT = (
    *("proposals.head.cls_logits", "proposals.head.bbox_pred", "mask_head.logit"),
    # Small convolutions in place of a large first one: in eight bits 3 % of the sources would be others, not 1 %.
    *("pyramid.body.conv1.0", "pyramid.body.conv1.3", "pyramid.body.conv1.6"),
)
_STEPS = 127  # of weights, and of what may be negative, to either side of zero
_LEAST = 1e-6
#: Shapes of tiles that a part is ready for at a time; each takes 100 MB and more in a large network.
_MOST_SHAPES = 2
#: Sources that a part takes together.
_AT_ONCE = {"box_head.layers": 128, "mask_head": 8}

#: Least and largest input of each layer, by its name in the detector, means of tiles.
Ranges = Mapping[str, tuple[float, float]]


@contextmanager
def measured_ranges(detector: Detector) -> Iterator[dict[str, tuple[float, float]]]:
    """Measure the least and the largest input of each layer while a detector works in this context.

    Means over the images are kept: values that are seldom reached, in the core of the brightest star, are cut off,
    since steps that reach so far would be too wide for the rest.

    Parameters
    ----------
    detector : Detector
        The network that will work.

    Yields
    ------
    dict of str to (float, float)
        Empty until the context ends; then the range of each layer that can compute in eight bits, by its name.
    """
    extremes: dict[str, list[tuple[float, float]]] = {}
    ranges: dict[str, tuple[float, float]] = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if inputs[0].numel():
                low, high = torch.aminmax(inputs[0].detach())
                extremes.setdefault(name, []).append((float(low), float(high)))

        return note

    hooks = [layer.register_forward_pre_hook(watch(name)) for name, layer in _layers(detector)]
    try:
        yield ranges
    finally:
        for hook in hooks:
            hook.remove()
    for name, seen in extremes.items():
        lows, highs = zip(*seen, strict=True)
        ranges[name] = (fmean(lows), fmean(highs))


def quantised_twin(detector: Detector, ranges: Ranges, dtype: torch.dtype) -> Detector:
    """Copy a trained detector for inference on a processor, with its wide layers in eight bits.

    Parameters
    ----------
    detector : Detector
        The trained network; it is not changed.
    ranges : mapping of str to (float, float)
        As `measured_ranges` gives them.
    dtype : torch.dtype
        Arithmetic of all other layers: float32 or bfloat16.

    Returns
    -------
    Detector
        The copy, in evaluation mode and without gradients.

    Raises
    ------
    ConfigError
        If OpenVINO is not installed.
    ModelError
        If a layer has no range.
    """
    _openvino()
    if not computes_in_int8():
        log.warning("this processor has no integer instructions (VNNI): int8 is less exact on it, and not faster")
    twin, exact = fast_twin(detector, torch.device("cpu"), dtype), fast_twin(detector, torch.device("cpu"))
    first = next(name for name, layer in exact.named_modules() if isinstance(layer, nn.Conv2d))
    for name, layer in list(_layers(exact)):
        if name not in ranges:
            raise ModelError(
                f"the model has no range for eight bits of its layer {name}: it was trained without the 200 validation "
                "redshifts that a calibration needs, or before there were ranges; choose precision auto"
            )
        _replace(exact, name, _Quantised(layer, *ranges[name], of_image=name == first))
    for name in _PARTS:
        _replace(twin, name, _served(exact.get_submodule(name), name, dtype))
    return twin.eval().requires_grad_(False)


def _layers(detector: Detector) -> Iterator[tuple[str, nn.Module]]:
    """The layers that compute in eight bits, by name."""
    for part in _PARTS:
        for name, layer in detector.get_submodule(part).named_modules(prefix=part):
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)) and name not in _EXACT:
                yield name, layer


def _replace(detector: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, own = name.rpartition(".")
    setattr(detector.get_submodule(parent), own, module)


class _Quantised(nn.Module):
    """A layer whose input and weights are rounded to steps, in operations that OpenVINO converts to integers.

    For the first layer, 1 is a whole number of steps, so that the validity of a band, 1 in every pixel, is exact.
    """

    weight_steps: Tensor
    weight_scale: Tensor
    weight_zero: Tensor

    def __init__(self, layer: Any, low: float, high: float, *, of_image: bool = False) -> None:
        super().__init__()
        self.layer = layer
        if low >= 0 and not of_image:
            self.scale, self.steps = max(high, _LEAST) / 255, (0, 255)
        else:
            self.scale, self.steps = max(-low, high, _LEAST) / _STEPS, (-_STEPS - 1, _STEPS)
        if of_image:
            self.scale = 1 / max(1, math.floor(1 / self.scale))
        self.channel = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
        weight = layer.weight.detach()
        others = [axis for axis in range(weight.dim()) if axis != self.channel]
        scale = weight.abs().amax(others, keepdim=True).clamp(min=_LEAST) / _STEPS
        self.register_buffer("weight_steps", torch.round(weight / scale).to(torch.int8))
        self.register_buffer("weight_scale", scale)
        self.register_buffer("weight_zero", torch.zeros(weight.shape[self.channel], dtype=torch.int32))
        layer.weight = None  # a quarter of the memory

    def forward(self, x: Tensor) -> Tensor:
        layer = self.layer
        x = torch.fake_quantize_per_tensor_affine(x, self.scale, 0, *self.steps)
        weight = torch.fake_quantize_per_channel_affine(
            self.weight_steps * self.weight_scale,
            self.weight_scale.flatten(),
            self.weight_zero,
            self.channel,
            -_STEPS - 1,
            _STEPS,
        )
        if isinstance(layer, nn.Linear):
            return functional.linear(x, weight, layer.bias)
        if isinstance(layer, nn.ConvTranspose2d):
            return functional.conv_transpose2d(x, weight, layer.bias, layer.stride)
        return functional.conv2d(x, weight, layer.bias, layer.stride, layer.padding, layer.dilation, layer.groups)


class _Flat(nn.Module):
    """A part of a detector that takes images one by one and answers with one flat tuple."""

    def __init__(self, part: nn.Module, *, several: bool) -> None:
        super().__init__()
        self.part, self.several = part, several

    def forward(self, *images: Tensor) -> tuple[Tensor, ...]:
        return tuple(_flat(self.part(list(images) if self.several else images[0])))


def _flat(answers: Any) -> list[Tensor]:
    return [answers] if isinstance(answers, Tensor) else [one for answer in answers for one in _flat(answer)]


def _served(part: nn.Module, name: str, dtype: torch.dtype) -> _Served:
    if name == "proposals.head":
        return _ServedProposals(part, dtype, several=True)
    if name == "box_head.layers":
        return _ServedBoxes(part, dtype, at_once=_AT_ONCE[name])
    return _Served(part, dtype, at_once=_AT_ONCE.get(name))


class _Served(nn.Module):
    """A part of a detector that OpenVINO computes, with images channels last, so that no axes have to be exchanged.

    It is built for each shape of its inputs when that comes for the first time, which takes a second or two, and the
    last few are kept: those inside a field and at its edge. Sources, whose number differs between tiles, are computed
    in groups of a fixed size. Features of images are overwritten by the next call.
    """

    def __init__(
        self, part: nn.Module, dtype: torch.dtype, *, at_once: int | None = None, several: bool = False
    ) -> None:
        super().__init__()
        # The detector takes its dtype from its parameters.
        self.arithmetic = nn.Parameter(torch.zeros(1, dtype=dtype), requires_grad=False)
        self._part = (_Flat(part, several=several).eval(),)  # in a tuple: it is no longer part of the network
        self._at_once = at_once
        self._built: dict[tuple[torch.Size, ...], Any] = {}

    def forward(self, given: Any) -> Any:
        if self._at_once is None:
            return self._answers([given] if isinstance(given, Tensor) else given)
        return torch.cat([self._few(own, self._at_once) for own in torch.split(given, self._at_once)])

    def _few(self, given: Tensor, at_once: int) -> Tensor:
        """Answers for sources, filled up to the number of them that is computed at once."""
        filled = functional.pad(given, (0, 0) * (given.dim() - 1) + (0, at_once - len(given)))
        return self._answers([filled])[0][: len(given)].clone()

    def _answers(self, images: list[Tensor]) -> list[Tensor]:
        dtype, shapes = self.arithmetic.dtype, tuple(image.shape for image in images)
        request = self._built.pop(shapes, None)
        if request is None:
            while len(self._built) >= _MOST_SHAPES:
                del self._built[next(iter(self._built))]  # the one that was used longest ago
            request = _build(self._part[0], shapes, dtype)
        self._built[shapes] = request
        given = [image.permute(0, 2, 3, 1) if image.dim() == 4 else image for image in images]
        request.infer([_shared(image.to(dtype).contiguous()) for image in given], share_outputs=True)
        answers = [torch.from_numpy(tensor.data).view(dtype) for tensor in request.output_tensors]
        return [answer.permute(0, 3, 1, 2) if answer.dim() == 4 else answer for answer in answers]


class _ServedProposals(_Served):
    """Objectness and corrections of every level."""

    def forward(self, given: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        answers = self._answers(given)
        return answers[: len(given)], answers[len(given) :]


class _ServedBoxes(_Served):
    """The wide layers of boxes, whose weights are permuted once, so that features need not be."""

    def __init__(self, part: nn.Module, dtype: torch.dtype, *, at_once: int) -> None:
        super().__init__(part, dtype, at_once=at_once)
        first: Any = part.get_submodule("fc6")
        steps = first.weight_steps.unflatten(1, (-1, BOX_BINS, BOX_BINS))
        first.weight_steps = steps.permute(0, 2, 3, 1).flatten(1)

    def forward(self, given: Tensor) -> Tensor:
        answers: Tensor = super().forward(given.permute(0, 2, 3, 1).flatten(1))
        return answers


def _build(part: nn.Module, shapes: Sequence[torch.Size], dtype: torch.dtype) -> Any:
    """The request that computes a part for inputs of these shapes (images, channels, rows, columns), channels last."""
    openvino = _openvino()
    model = openvino.convert_model(torch.export.export(part, tuple(torch.zeros(shape) for shape in shapes)))
    model.reshape(dict(enumerate(map(list, shapes))))  # with fixed shapes no conversion between layouts is left
    around = openvino.preprocess.PrePostProcessor(model)
    ends = [around.input(i) for i in range(len(model.inputs))] + [around.output(i) for i in range(len(model.outputs))]
    for end, port in zip(ends, [*model.inputs, *model.outputs], strict=True):
        end.tensor().set_element_type(_element_type(dtype))
        if len(port.partial_shape) == 4:
            end.tensor().set_layout(openvino.Layout("NHWC"))
            end.model().set_layout(openvino.Layout("NCHW"))
    settings = {
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "ENABLE_CPU_PINNING": False,  # with pinning every process would choose the same core
        "INFERENCE_PRECISION_HINT": "bf16" if dtype == torch.bfloat16 else "f32",  # of the layers not in eight bits
    }
    request = openvino.Core().compile_model(around.build(), "CPU", settings).create_infer_request()
    return_freed_memory()  # building it took copies of all weights
    return request


def _shared(image: Tensor) -> Any:
    """The same memory as OpenVINO knows it; numpy has no bfloat16, and takes it for float16."""
    array = image.view(torch.float16).numpy() if image.dtype == torch.bfloat16 else image.numpy()
    return _openvino().Tensor(array, list(image.shape), _element_type(image.dtype))


def _element_type(dtype: torch.dtype) -> Any:
    types = _openvino().Type
    return types.bf16 if dtype == torch.bfloat16 else types.f32


def _openvino() -> Any:
    # OpenVINO sends usage statistics to its makers without asking, unless this module is missing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError:
        raise ConfigError("precision int8 needs OpenVINO: pip install 'zpix[int8]', or choose auto") from None
    return openvino
