"""A catalogue shows its main columns, in a terminal and in a notebook."""

from __future__ import annotations

import re
from html import unescape

import numpy as np

from zpix.catalogue import Catalogue, flag_value


def test_a_long_catalogue_shows_ten_rows(make_catalogue):
    header, *rows, last = repr(make_catalogue(400)).splitlines()
    assert header.split() == ["id", "ra", "dec", "class", "z_phot", "68", "%", "mag", "F444W", "flags"]
    numbers = [row.split()[0] for row in rows]
    assert numbers == ["1", "2", "3", "4", "5", "…", "396", "397", "398", "399", "400"]
    columns = len(make_catalogue(1).schema)
    assert last == f"400 sources, {columns} columns; bands F090W F277W F444W"
    assert max(map(len, (header, *rows))) < 160


def test_values_are_those_of_the_columns(make_catalogue):
    catalogue = make_catalogue(3).with_columns(flags=[0, flag_value("EDGE", "BLENDED"), 0])
    _, _, second, _, _ = repr(catalogue).splitlines()
    row = catalogue[1]
    expected = [
        "2", f"{row['ra'][0]:.5f}", f"{row['dec'][0]:.5f}", row["class"][0], f"{row['z_phot'][0]:.2f}",
        f"{row['z160'][0]:.2f}-{row['z840'][0]:.2f}", f"{row.magnitude('F444W')[0]:.2f}", "EDGE", "BLENDED",
    ]  # fmt: skip
    assert second.split() == expected


def test_no_sources_are_shown_as_a_header(make_catalogue):
    header, last = repr(make_catalogue(0)).splitlines()
    assert header.startswith("id  ra  dec") and last.startswith("0 sources, ")
    assert "<th>z_phot</th>" in make_catalogue(0)._repr_html_()


def test_without_sky_positions_those_in_pixels_are_shown(make_catalogue):
    nowhere = make_catalogue(3).with_columns(ra=np.full(3, np.nan), dec=np.full(3, np.nan))
    assert repr(nowhere).split()[:3] == ["id", "x", "y"]


def test_another_band_than_the_one_that_is_shown(make_catalogue):
    catalogue = make_catalogue(2)
    other = {name.replace("f444w", "f410m"): values for name, values in catalogue.columns.items()}
    shown = repr(Catalogue(other, ("F090W", "F277W", "F410M")))
    assert "mag" not in shown and "bands F090W F277W F410M" in shown


def test_html_holds_the_same_and_nothing_of_a_value_is_markup(make_catalogue):
    catalogue = make_catalogue(12).with_columns(**{"class": ["<b>&x"] * 12})
    html = catalogue._repr_html_()
    assert html.count("<tr>") == 12 and html.count("&lt;b&gt;&amp;x") == 10 and "<b>" not in html
    assert set(re.findall(r"</?(\w+)>", html)) == {"table", "thead", "tbody", "tr", "th", "td", "p"}
    assert unescape(re.sub(r"<[^>]+>", " ", html)).split() == repr(catalogue).split()


def test_a_notebook_completes_the_names_of_columns(make_catalogue):
    assert "z_phot" in make_catalogue(1)._ipython_key_completions_()
