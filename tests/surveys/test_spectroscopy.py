from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.errors import CatalogueError, ConfigError, InputFileError, OutputError
from zpix.surveys.redshift_lists import read_redshifts
from zpix.surveys.spectroscopy import compile_redshifts, write_compilation

REAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "jades_dr4_specz.csv"
ARCSEC = 1 / 3600


def listed(path: Path, *rows: tuple) -> Path:
    """A list of (name, declination in arcsec, redshift, quality)."""
    lines = [f"{name},10.0,{dec * ARCSEC:.8f},{z},{flag}" for name, dec, z, flag in rows]
    path.write_text("\n".join(["id,ra,dec,z_spec,z_spec_flag", *lines]) + "\n")
    return path


def compiled(tmp_path: Path, *lists: list[tuple], **options):
    paths = [listed(tmp_path / f"list{number}.csv", *rows) for number, rows in enumerate(lists)]
    return compile_redshifts([read_redshifts(path) for path in paths], **options)


def kept(compilation) -> dict[str, tuple]:
    return {
        name: (z, source.removesuffix(".csv"), agree)
        for name, z, source, agree in zip(
            compilation.id.tolist(), compilation.z.tolist(), compilation.list_name.tolist(),
            compilation.lists_agree.tolist(), strict=True,
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lists", "expected", "counted"),
    [
        # one source, two lists that agree: the first list's, and two agree
        ([[("a", 0, 1.5, "A")], [("b", 0.2, 1.501, "A")]], {"a": (1.5, "list0", 2)}, "agrees with a kept one"),
        # the better quality wins, wherever its list stands
        ([[("a", 0, 1.5, "B")], [("b", 0.2, 1.5, "A")]], {"b": (1.5, "list1", 2)}, "agrees with a kept one"),
        ([[("a", 0, 1.5, "B")], [("b", 0.2, 2.5, "A")]], {"b": (2.5, "list1", 1)}, "overruled by quality"),
        ([[("a", 0, 1.5, "A"), ("b", 0.1, 2.5, "B")]], {"a": (1.5, "list0", 1)}, "overruled by quality"),
        # of equal quality, the list given first
        ([[("a", 0, 1.5, "A")], [("b", 0.2, 2.5, "A")]], {"a": (1.5, "list0", 1)}, "overruled by order"),
        # A and 4 are alike, and so are B and 3
        ([[("a", 0, 1.5, "3")], [("b", 0.2, 2.5, "4")]], {"b": (2.5, "list1", 1)}, "overruled by quality"),
        # of equal quality in one list: nobody knows, and the third list does not say either
        ([[("a", 0, 1.5, "A"), ("b", 0.1, 2.5, "A")], [("c", 0, 1.5, "A")]], {}, "in conflict"),
        ([[("a", 0, 1.5, "C")]], {}, "not secure"),
        ([[("a", 0, 0.0004, "A"), ("b", 9, 18.0, "A")]], {}, "out of range"),
        ([[("a", 0, -1, "A"), ("b", 9, "", "A")]], {}, "no redshift"),
        # an insecure redshift contradicts nothing
        ([[("a", 0, 1.5, "A"), ("b", 0, 9.5, "D")]], {"a": (1.5, "list0", 1)}, "not secure"),
        # 0.4 arcsec apart are two sources
        ([[("a", 0, 1.5, "A"), ("b", 0.4, 2.5, "A")]], {"a": (1.5, "list0", 1), "b": (2.5, "list0", 1)}, None),
        ([], {}, None),
        ([[], []], {}, None),
    ],
)
def test_rules(lists, expected, counted, tmp_path):
    compilation = compiled(tmp_path, *lists)
    assert kept(compilation) == expected
    total = dict(compilation.counts["all"])
    assert total.pop("listed") == sum(map(len, lists)) == sum(total.values())
    assert total.pop("kept") == len(expected)
    assert {name for name, count in total.items() if count} == ({counted} if counted else set())


def test_every_redshift_of_many_is_counted_once_and_the_order_of_rows_does_not_matter(tmp_path):
    rng = np.random.default_rng(3)
    flags = rng.choice(list("ABC"), (2, 300))
    place, z = rng.integers(0, 150, (2, 300)), rng.choice([1.0, 1.001, 3.0], (2, 300))
    lists = [[(f"{k}-{i}", 5 * place[k, i] + 0.1 * k, z[k, i], flags[k, i]) for i in range(300)] for k in (0, 1)]
    compilation = compiled(tmp_path, *lists)
    total = dict(compilation.counts["all"])
    assert total.pop("listed") == 600 == sum(total.values()) and all(
        total[name] > 5 for name in ("in conflict", "overruled by quality", "overruled by order", "kept")
    )
    one, two = (compilation.counts[f"list{k}.csv"] for k in (0, 1))
    assert all(one[name] + two[name] == compilation.counts["all"][name] for name in one)
    assert len(np.unique(np.rint(compilation.dec / ARCSEC / 5))) == len(compilation)  # one for each place
    turned = compiled(tmp_path, *(rows[::-1] for rows in lists))
    agree = [sorted(zip(np.rint(c.dec / ARCSEC / 5), np.round(c.z, 1), strict=True)) for c in (compilation, turned)]
    assert agree[0] == agree[1]


def test_a_chain_of_neighbours_is_more_than_one_source(tmp_path):
    chain = [(str(i), 0.25 * i, 1.0 + i, "AB"[i % 2]) for i in range(5)]
    compilation = compiled(tmp_path, chain)
    assert sorted(kept(compilation)) == ["0", "2", "4"]  # the best, each with what is around it


def test_positions_match_across_the_first_meridian(tmp_path):
    (tmp_path / "a.csv").write_text("ra,dec,z_spec,z_spec_flag\n359.99999,0,2.0,A\n0.00001,0,2.0,A\n")
    assert compile_redshifts([read_redshifts(tmp_path / "a.csv")]).counts["all"]["kept"] == 1


def test_redshifts_without_a_position_are_counted_as_none(tmp_path):
    (tmp_path / "a.csv").write_text("ra,dec,z_spec,z_spec_flag\n,,2.0,A\n-99,-99,2.0,A\n10,0,2.0,A\n")
    counts = compile_redshifts([read_redshifts(tmp_path / "a.csv")]).counts["all"]
    assert counts["no redshift"] == 2 and counts["kept"] == 1


def test_radius_and_limit_can_be_chosen(tmp_path):
    rows = [("a", 0, 1.5, "A"), ("b", 0.4, 1.56, "A")]
    assert len(compiled(tmp_path, rows)) == 2
    assert len(compiled(tmp_path, rows, radius_arcsec=0.5)) == 0
    assert kept(compiled(tmp_path, rows, radius_arcsec=0.5, agreement=0.03)) == {"a": (1.5, "list0", 1)}


def test_lists_of_jades_are_read_as_they_are(jades_field):
    new, old = read_redshifts(jades_field.dr4), read_redshifts(jades_field.dr3)
    assert new.id[0] == "goods-s-mediumhst_0" and old.id[0] == "goods-s-deephst_0"
    assert new.z[0] == 1.501 and new.quality[6] == "C" and new.rank[6] == -1 and np.isnan(new.z[12])
    assert new.ra.dtype.isnative and old.z.tolist() == [1.5, 3.4, 2.7] and old.rank.tolist() == [0, 0, 1]


def test_other_flags_are_named_with_the_list(tmp_path, caplog):
    Table({"NAME": ["x", "y", "z"], "RA": [10.0, 20, 30], "DEC": [0.0, 0, 0], "zspec": [1.0, 2, 3], "conf": [9, 2, 14]}
          ).write(tmp_path / "other.fits")  # fmt: skip
    chosen = read_redshifts(f"{tmp_path / 'other.fits'}:conf=14,9")
    assert chosen.rank.tolist() == [1, -1, 0] and chosen.quality.tolist() == ["9", "2", "14"]
    assert kept(compile_redshifts([chosen]))["z"][0] == 3
    unknown = read_redshifts(tmp_path / "other.fits")
    assert "other.fits" in caplog.text and "no column of qualities" in caplog.text
    assert len(compile_redshifts([unknown])) == 3 and (unknown.rank > chosen.rank.max()).all()


@pytest.mark.parametrize("ending", ["parquet", "fits", "csv"])
def test_a_compilation_is_a_list_again(ending, tmp_path):
    lists = [[("a", 0, 1.5, "A"), ("b", 9, 2.5, "B")], [("c", 0.1, 1.5, "A"), ("d", 20, 3.5, "4")]]
    compilation = compiled(tmp_path, *lists)
    path = write_compilation(compilation.table(), tmp_path / f"redshifts.{ending}")
    again = compile_redshifts([read_redshifts(path)])
    assert {name: z for name, (z, *_) in kept(again).items()} == {"a": 1.5, "b": 2.5, "d": 3.5}
    np.testing.assert_allclose(again.dec, compilation.dec, rtol=0, atol=1e-9)
    if ending != "csv":
        assert any("3 kept" in line for line in Table.read(path).meta["comments"])
    with pytest.raises(OutputError, match="already exists"):
        write_compilation(compilation.table(), path)


def test_an_empty_compilation_is_written(tmp_path):
    for ending in ("parquet", "fits", "csv"):
        path = write_compilation(compile_redshifts([]).table(), tmp_path / f"none.{ending}")
        assert len(read_redshifts(path)) == 0


def test_errors_are_one_sentence(tmp_path):
    listed(tmp_path / "good.csv", ("a", 0, 1, "A"))
    (tmp_path / "bad.csv").write_text("id,ra,dec,magnitude\n1,2,3,4\n")
    fits.writeto(tmp_path / "image.fits", np.zeros((2, 2)))
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    for source, error, words in (
        ("bad.csv", CatalogueError, r"bad\.csv.*z_spec.*it has id, ra, dec, magnitude"),
        ("good.csv:conf=4", CatalogueError, r"good\.csv.*'conf'.*z_spec_flag"),
        ("good.csv:=4", ConfigError, "COLUMN=BEST"),
        ("good.csv:z_spec_flag=", ConfigError, "COLUMN=BEST"),
        ("image.fits", CatalogueError, r"image\.fits"),
        ("torn.parquet", InputFileError, r"torn\.parquet"),
        ("nowhere.parquet", InputFileError, r"nowhere\.parquet"),
    ):
        with pytest.raises(error, match=words):
            read_redshifts(f"{tmp_path}/{source}")
    with pytest.raises(OutputError, match=r"\.parquet"):
        write_compilation(compile_redshifts([]).table(), tmp_path / "redshifts.txt")


@pytest.mark.skipif(not REAL.is_file(), reason="the real list ../shared/data/jades_dr4_specz.csv is not here")
def test_the_real_list_of_dr4():
    one = read_redshifts(REAL)
    assert len(one) == 2858 and (one.rank >= 0).all() and (one.dec < 0).sum() == 1795
    compilation = compile_redshifts([one])
    counts = compilation.counts["all"]
    # Sources that were observed twice; no two redshifts within 0.3 arcsec differ by more than 0.003 (1 + z), and
    # the next are 0.04 (1 + z) apart, beyond 0.3 arcsec: other sources.
    assert counts["in conflict"] == counts["overruled by quality"] == 0
    assert counts["kept"] == 2858 - counts["agrees with a kept one"] == 2799
    tighter = compile_redshifts([one], agreement=0.003)
    assert tighter.counts == compilation.counts
