"""A sheet shows the sources that were asked for, with their own pixels."""

from __future__ import annotations

import numpy as np
import pytest

import zpix
from zpix.errors import CatalogueError, ConfigError, InputFileError, OutputError
from zpix.image import SegmentationMap
from zpix.jobs.show import read_stamps
from zpix.jobs.view import searched_mosaic
from zpix.plots import Figure, save_sheet


def test_stamps_are_of_the_source(blob_result):
    catalogue = zpix.read_catalogue(blob_result)
    rows = np.array([0, len(catalogue) // 2, len(catalogue) - 1])
    with searched_mosaic(blob_result) as mosaic, SegmentationMap(blob_result / "segmentation.fits") as segmentation:
        stamps = read_stamps(catalogue[rows], mosaic, segmentation)
        drawn = segmentation[0 : mosaic.shape[0]]
    for row, own in zip(rows, stamps, strict=True):
        assert 0 < own.mask.sum() <= (drawn == catalogue["id"][row]).sum()
        y, x = np.nonzero(own.mask)
        middle = (own.mask.shape[0] - 1) / 2
        assert abs(x.mean() - middle) < 8 and abs(y.mean() - middle) < 8
        assert own.flux.shape == (9, *own.mask.shape)


def test_sheets_are_whole_files_of_chosen_sources(blob_result, tmp_path, caplog):
    catalogue = zpix.read_catalogue(blob_result)
    ids = catalogue["id"][[5, 2]]
    assert zpix.show(blob_result, ids=ids, out=tmp_path / "two.pdf") == [tmp_path / "two.pdf"]
    assert (tmp_path / "two.pdf").read_bytes().startswith(b"%PDF")
    assert zpix.show(blob_result / "catalogue.fits", ids=ids[:1], overwrite=True) == [blob_result / "sources.pdf"]
    ids = ids.tolist()
    (figure,) = zpix.plot_sources(blob_result, ids, where="score >= 0", sort="-z_phot")
    title, *headings = (text.get_text() for text in figure.texts)
    shown = [int(heading.split()[0]) for heading in headings]
    assert title.endswith("2 sources, score >= 0, by -z_phot")
    order = catalogue["id"][np.argsort(-catalogue["z_phot"], kind="stable")].tolist()
    assert shown == sorted(ids, key=order.index)
    figures = zpix.plot_sources(blob_result, number=3, on_a_page=2)
    assert [len(own.texts) for own in figures] == [3, 2] and "the first 3 of them are drawn" in caplog.text
    one = zpix.plot_source(blob_result, ids[0])
    assert len(one.axes) == 3 and len(one.texts) == 1 and figures[0].get_figheight() == figures[1].get_figheight()


def test_every_picture_of_a_sheet_is_kept_unless_it_may_be_replaced(tmp_path):
    pages = [Figure(figsize=(1, 1)), Figure(figsize=(1, 1))]
    (tmp_path / "a-2.png").write_text("mine")
    with pytest.raises(OutputError, match=r"a-2\.png: already exists"):
        save_sheet(tmp_path / "a.png", pages)
    assert [path.name for path in tmp_path.iterdir()] == ["a-2.png"]
    files = save_sheet(tmp_path / "a.png", pages, overwrite=True)
    assert [path.name for path in files] == ["a.png", "a-2.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in files)


def test_mistakes_are_told(blob_result, tmp_path):
    with pytest.raises(ConfigError, match="no sources are chosen"):
        zpix.show(blob_result, out=tmp_path / "a.pdf")
    with pytest.raises(OutputError, match=r"a\.jpg: a sheet is a \.pdf or a \.png"):
        zpix.show(blob_result, ids=[1], out=tmp_path / "a.jpg")
    with pytest.raises(CatalogueError, match="has no source 99999"):
        zpix.show(blob_result, ids=[99999], out=tmp_path / "a.pdf")
    with pytest.raises(CatalogueError, match="meets the condition 'z_phot > 99'"):
        zpix.show(blob_result, where="z_phot > 99", out=tmp_path / "a.pdf")
    (tmp_path / "a.pdf").touch()
    with pytest.raises(OutputError, match="already exists"):
        zpix.show(blob_result, ids=[1], out=tmp_path / "a.pdf")
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputFileError, match="names no mosaics"):
        searched_mosaic(tmp_path / "bare")
