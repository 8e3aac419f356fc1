"""Tables of text as people have them."""

import numpy as np
import pytest

from zpix.sources.text_table import parse_text_table

ROWS = "1,53.1,-27.8,2.5\n2,53.2,-27.9,3.5\n"
PLAIN = "id,ra,dec,z_spec\n" + ROWS


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        ("# selection\n# 2024-05-01\n" + PLAIN).encode(),
        ("#" + PLAIN).encode(),
        ("# a remark, with, three, commas\n# id,ra,dec,z_spec\n" + ROWS).encode(),
        PLAIN.replace(",", ", ").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", "  ").encode(),
        ("# id ra dec z_spec\n" + ROWS.replace(",", " ")).encode(),
        PLAIN.replace("z_spec\n", "z_spec\n,deg,deg,\n").encode(),
        PLAIN.replace("\n2,", "\n# the next was observed twice\n2,").encode(),
    ],
)
def test_the_same_table(content):
    columns, units = parse_text_table(content)
    assert list(columns) == ["id", "ra", "dec", "z_spec"]
    assert columns["id"].tolist() == [1, 2] and columns["id"].dtype.kind == "i"
    np.testing.assert_array_equal(columns["ra"], [53.1, 53.2])
    np.testing.assert_array_equal(columns["z_spec"], [2.5, 3.5])
    assert units == ({"ra": "deg", "dec": "deg"} if b"deg" in content else {})


@pytest.mark.parametrize("nothing", ["", "N/A", "--", "null", "nan", "NaN"])
def test_words_for_nothing(nothing):
    columns, _ = parse_text_table(f"id,z,flag\n1,{nothing},A\n2,1.5,{nothing.replace('nan', '')}\n".encode())
    np.testing.assert_array_equal(columns["z"], [np.nan, 1.5])
    assert columns["flag"][0] == "A"


def test_latin_1_and_quotes():
    text = 'id,ra,observer,remark\n1,53.1,Mu\xf1oz,"broad, ""odd""\nlines"\n'
    columns, _ = parse_text_table(text.encode("latin-1"))
    assert columns["observer"][0] == "Mu\xf1oz" and columns["remark"][0] == 'broad, "odd" lines'


def test_no_rows_and_no_table():
    assert {name: len(values) for name, values in parse_text_table(b"id,ra,dec\n")[0].items()} == dict.fromkeys(
        ("id", "ra", "dec"), 0
    )
    with pytest.raises(ValueError, match="empty"):
        parse_text_table(b"\n\n")
