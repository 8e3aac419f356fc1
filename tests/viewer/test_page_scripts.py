"""What a page is given is what was written, and names stay text."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest

from zpix.viewer.page_scripts import column, packed, write_script


def given(path):
    name, text = re.fullmatch(r"zpix\.receive\((\".*?\"), (.*)\);\n", path.read_text("ascii"), re.S).groups()
    return json.loads(name), json.loads(text)


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8", ">f4"])
def test_numbers_come_back(kind):
    values = np.array([0, 1, 200, 30], kind)
    written = packed(values)
    again = np.frombuffer(base64.b64decode(written["base64"]), f"<{written['type']}")
    np.testing.assert_array_equal(again, values)


def test_names_cannot_end_a_script(tmp_path):
    hostile = '</script><script>alert(1)</script>\u2028\u00e9"'
    write_script(
        tmp_path, "sources/1_2", {"title": hostile, "values": np.array([hostile]).tolist(), "nan": float("nan")}
    )
    name, values = given(tmp_path / "sources" / "1_2.js")
    assert name == "sources/1_2" and values == {"title": hostile, "values": [hostile], "nan": None}


def test_columns_of_any_kind():
    assert column(np.array(["a", "<b>"])) == ["a", "<b>"]
    assert column(np.array([2**40])) == [2**40]
    assert column(np.array([True, False]))["type"] == "u1"
