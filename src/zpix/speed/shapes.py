"""Which networks are measured, and on which tile?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zpix.config import InferenceConfig, ModelConfig, override
from zpix.detector import default_model, load_checkpoint
from zpix.speed.contenders import BANDS, Contest
from zpix.speed.load import Load, noise_load

#: Networks that are measured with random weights.
Backbone = Literal["resnet18", "resnet50"]
SHAPES: dict[str, ModelConfig] = {
    "resnet18": ModelConfig(),
    "resnet50": ModelConfig(
        backbone="resnet50", redshift_head="fpn", pyramid_channels=256, box_hidden=1024, mask_layers=4,
        mixture_components=5,
    ),  # of the paper: recipes/merz2026.toml
}  # fmt: skip

# The paper's number of proposals, 1,000 in 512 × 512 pixels, for a network that has not learnt to choose them.
_PROPOSALS_PER_MEGAPIXEL = 4000
_SCENE_SEED = 1


def make_contest(
    model: str | Path | None, backbone: Backbone | None, *, size_pix: int, device: str
) -> tuple[str, Contest]:
    """Choose the network and the tile that it searches.

    Parameters
    ----------
    model : str, Path or None
        Checkpoint, which searches a simulated tile; the shipped model by default.
    backbone : {"resnet18", "resnet50"} or None
        A network of random weights instead, which is given sources.
    size_pix : int, pixels
        Side of the tile.
    device : str
        "auto", "cpu", "cuda" or "cuda:N".

    Returns
    -------
    name : str
        The network in words.
    contest : Contest
        The network, the tile and the settings.
    """
    config = InferenceConfig(device=device)
    if backbone is not None:
        shape = SHAPES[backbone]
        given = override(config, proposals_per_megapixel=_PROPOSALS_PER_MEGAPIXEL)
        return f"{describe_shape(shape)}, random weights", Contest(shape, noise_load(len(shape.bands), size_pix), given)
    from zpix.scenes import draw_scene

    path = default_model() if model is None else Path(model)
    checkpoint = load_checkpoint(path).for_bands(BANDS)
    scene = draw_scene(_SCENE_SEED, shape=(size_pix, size_pix), bands=checkpoint.bands)
    name = f"{checkpoint.about.name or path.stem} ({describe_shape(checkpoint.config)})"
    return name, Contest(path, Load(scene.pixels, float(scene.ebv)), config)


def describe_shape(model: ModelConfig) -> str:
    """Describe the shape of a network.

    Parameters
    ----------
    model : ModelConfig
        The shape.

    Returns
    -------
    str
        Such as "ResNet18, pyramid 128, fpn+pixels head".
    """
    backbone = model.backbone.replace("resnet", "ResNet")
    return f"{backbone}, pyramid {model.pyramid_channels}, {model.redshift_head} head"
