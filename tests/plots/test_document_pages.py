"""A document is laid out on pages: text is broken where it fits, tables go on, figures are not cut."""

from __future__ import annotations

import re

from zpix.plots import DocumentPart, Figure, write_pdf
from zpix.plots.document_pages import broken, width_inch


def pages_of(path) -> int:
    return len(re.findall(rb"/Type /Page\b", path.read_bytes()))


def test_text_is_broken_at_spaces():
    text = "a word and a-very-long-one-that-has-a-line-of-its-own and more"
    lines = broken(text, 1.0, 9)
    assert " ".join(lines) == text and "a-very-long-one-that-has-a-line-of-its-own" in lines
    assert all(width_inch(line, 9) <= 1.0 for line in lines if " " in line)
    assert broken("", 1.0, 9) == [""]


def test_tables_go_on_over_pages_and_figures_fit(tmp_path):
    rows = [
        [str(number), "$x^2$ <b>", "a sentence that says what this means, at some length, " * 3] for number in range(90)
    ]
    figure = Figure(figsize=(20, 30))
    part = DocumentPart("A part", ["Some words. " * 40], [("Title", ["id", "name", "meaning"], rows)], [("a", figure)])
    write_pdf(tmp_path / "a.pdf", "Title", [part, DocumentPart("The end", ["Nothing."])])
    assert 4 <= pages_of(tmp_path / "a.pdf") <= 8
    sizes = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", tmp_path.joinpath("a.pdf").read_bytes())
    assert {(round(float(wide)), round(float(high))) for wide, high in sizes} == {(595, 842)}


def test_an_empty_document_is_one_page(tmp_path):
    write_pdf(tmp_path / "a.pdf", "Nothing", [])
    assert pages_of(tmp_path / "a.pdf") == 1
