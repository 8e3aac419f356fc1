"""Redshifts straight from the pixels of mosaics, as stages of RAIL.

Other estimators of RAIL read tables of fluxes. These read images: `ZpixInformer` a training store of `zpix prepare`,
`ZpixEstimator` a directory of mosaics, as `zpix run` takes it. What comes out is a qp ensemble like any other's, one
PDF for each source that was found, with identifiers, positions and flags beside it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import qp
from ceci.config import StageParameter as Param
from rail.core.data import DataHandle, ModelHandle, QPHandle
from rail.estimation.estimator import CatEstimator
from rail.estimation.informer import CatInformer

# Width of the PDFs' bins in ln(1 + z), as in zpix's own `pdf_grid.hdf5`: medians are right to half a bin.
_LN_STEP = 0.004
_BESIDE = ("id", "ra", "dec", "z_phot", "flags", "score", "p_star")
_MODEL = "model.safetensors"


class _PathHandle(DataHandle):
    """A place on disk that the stage itself reads: its data are its path."""

    suffix = ""

    @classmethod
    def _open(cls, path: str, **kwargs: Any) -> str:
        return cls._read(path, **kwargs)

    @classmethod
    def _read(cls, path: str, **kwargs: Any) -> str:
        if not os.path.exists(path):
            raise FileNotFoundError(f"{path} does not exist: {cls.__doc__}")
        return path

    def _size(self, path: str, **kwargs: Any) -> int:
        return 1


class MosaicHandle(_PathHandle):
    """a directory of FITS mosaics, one per band, or one file of several bands"""

    interactive_type = "path of a directory of FITS mosaics"


class StoreHandle(_PathHandle):
    """a training store, as `zpix prepare` makes it"""

    interactive_type = "path of a training store of zpix"


def _files_of(model: Path) -> dict[str, bytes]:
    """A model and what lies beside it, as bytes."""
    beside = [path for path in model.parent.glob(f"{model.stem}.*") if path.suffix in (".safetensors", ".json")]
    return {path.name.replace(model.stem, "model", 1): path.read_bytes() for path in {model, *beside}}


def _give_path(stage: Any, data: Any) -> None:
    """Give a stage its input: a path, or a handle of one."""
    if isinstance(data, (str, Path)):
        data = stage.get_input_type("input")("input", path=str(data), data=str(data))
    stage.set_data("input", data)


class ZpixInformer(CatInformer):
    """Train a zpix model on a training store, or take one that exists.

    The model is a dictionary: `files`, the checkpoint and what lies beside it, as bytes by their names.
    """

    name = "ZpixInformer"
    entrypoint_function = "inform"
    interactive_function = "zpix_informer"
    config_options = CatInformer.config_options.copy()
    config_options.update(
        checkpoint=Param(str, "", msg="Model of zpix to take instead of training one; 'shipped' for that of zpix."),
        config_file=Param(
            str, "", msg="TOML file with [model], [pretraining] and [training]; zpix's defaults without."
        ),
        pretrain=Param(bool, True, msg="Whether the redshift head learns on cutouts first."),
        init=Param(str, "", msg="Model of zpix to start the training from."),
        device=Param(str, "auto", msg="auto, cpu, cuda or cuda:N."),
        work_dir=Param(str, "", msg="Where the training is kept, to go on after an interruption; nowhere without."),
    )
    inputs = [("input", StoreHandle)]
    outputs = [("model", ModelHandle)]

    def inform(self, training_data: str | Path | StoreHandle, **kwargs: Any) -> ModelHandle:
        """Train on a store.

        Parameters
        ----------
        training_data : str, Path or StoreHandle
            The training store.

        Returns
        -------
        ModelHandle
            The model.
        """
        _give_path(self, training_data)
        self.validate()
        self.run()
        self.finalize()
        return self.get_handle("model")

    def validate(self) -> None:
        """Nothing to check before zpix reads the store: it says what is wrong with it."""

    def run(self) -> None:
        """Train, or read the checkpoint that is given."""
        self.add_data("model", {"files": _files_of(self._model()) if self.config.checkpoint else self._trained()})

    def _model(self) -> Path:
        import zpix

        chosen = self.config.checkpoint
        return Path(zpix.info()["path"]) if chosen == "shipped" else Path(os.path.expandvars(chosen))

    def _trained(self) -> dict[str, bytes]:
        import zpix

        store = self.get_data("input")
        settings = {"config": self.config.config_file or None, "device": self.config.device}
        with tempfile.TemporaryDirectory() as nowhere:
            place = Path(self.config.work_dir or nowhere)
            head = None
            if self.config.pretrain:
                head = zpix.pretrain(store, out=place / "redshift", **settings)
            trained = zpix.train(
                store, out=place / "model", init=self.config.init or None, redshift_head=head, name=self.instance_name,
                **settings,
            )  # fmt: skip
            return _files_of(Path(trained))


class ZpixEstimator(CatEstimator):
    """Find every source of a mosaic, and give each a redshift PDF."""

    name = "ZpixEstimator"
    entrypoint_function = "estimate"
    interactive_function = "zpix_estimator"
    parallel = False  # zpix shares a field among processes itself
    config_options = CatEstimator.config_options.copy()
    config_options.update(
        zmax=Param(float, 20.0, msg="Redshift up to which the PDFs reach."),
        nzbins=Param(int, 2001, msg="Number of redshifts of the grid for point estimates."),
        config_file=Param(str, "", msg="TOML file with [inference]; zpix's defaults without."),
        device=Param(str, "auto", msg="auto, cpu, cuda or cuda:N."),
        workers=Param(int, 0, msg="Processes that share the field; 0 for what suits the machine."),
        reference=Param(str, "", msg="Catalogue of a survey each of whose sources gets a row."),
        reference_segmentation=Param(str, "", msg="FITS map of the reference's ids."),
        result_dir=Param(
            str, "", msg="Where the result of zpix run is kept, with catalogue and masks; nowhere without."
        ),
    )
    inputs = [("model", ModelHandle), ("input", MosaicHandle)]
    outputs = [("output", QPHandle)]

    def estimate(self, input_data: str | Path | MosaicHandle, **kwargs: Any) -> QPHandle:
        """Estimate the redshifts of every source of a mosaic.

        Parameters
        ----------
        input_data : str, Path or MosaicHandle
            The mosaics.

        Returns
        -------
        QPHandle
            Their PDFs.
        """
        _give_path(self, input_data)
        self.validate()
        self.run()
        self.finalize()
        result = self.get_handle("output")
        if self.config.output_mode != "return":
            result.read(force=True)
        return result

    def validate(self) -> None:
        """Nothing to check before zpix reads the mosaics: it says what is wrong with them."""

    def run(self) -> None:
        """Search the mosaics, and turn the catalogue into an ensemble piece by piece."""
        self.open_model(**self.config)
        with tempfile.TemporaryDirectory() as nowhere:
            catalogue = self._search(self.get_data("input"), Path(nowhere))
            if not len(catalogue):
                raise ValueError("zpix found no source in the mosaics: there is nothing to make an ensemble of")
            self._input_length = len(catalogue)
            self._initialize_run()
            done = 0
            for rows in _pieces(catalogue, self.config.chunk_size):
                self._process_chunk(done, done + len(rows), rows, first=done == 0)
                done += len(rows)
            self._finalize_run()

    def _search(self, mosaics: str, nowhere: Path) -> Any:
        """Run zpix; its catalogue, on disk."""
        import zpix
        from zpix.catalogue import CatalogueFile

        for name, content in self.model["files"].items():
            (nowhere / name).write_bytes(content)
        own = self.config
        out = Path(own.result_dir or nowhere / "result")
        zpix.write_run(
            mosaics, out=out, model=nowhere / _MODEL, config=own.config_file or None, device=own.device,
            workers=own.workers, reference=own.reference or None,
            reference_segmentation=own.reference_segmentation or None, overwrite=True,
        )  # fmt: skip
        return CatalogueFile(out / "catalogue.parquet")

    def _process_chunk(self, start: int, end: int, data: Any, first: bool) -> None:
        """Write the ensemble of some sources."""
        edges = np.expm1(np.arange(np.log1p(self.config.zmin), np.log1p(self.config.zmax) + _LN_STEP, _LN_STEP))
        ensemble = qp.Ensemble(qp.hist, data={"bins": edges, "pdfs": data.redshift.binned(edges)})
        ensemble.set_ancil({"zbest": data["z_phot"]} | {name: data[name] for name in _BESIDE})
        self._do_chunk_output(ensemble, start, end, first, data={})  # there is no table of fluxes


def _pieces(catalogue: Any, size: int) -> Iterator[Any]:
    """Sources of a catalogue, so many at once."""
    for chunk in catalogue.chunks():
        for first in range(0, len(chunk), size):
            yield chunk[first : first + size]
