"""Progress is shown on a terminal and nowhere else."""

from __future__ import annotations

from zpix.progress import progress_bar, track


def test_items_pass_unchanged_and_silently(capsys):
    assert list(track(iter("abc"), "letters", total=3)) == ["a", "b", "c"]
    with progress_bar("work", 10, done=3) as bar:
        bar.advance(note="loss 1.0")
        bar.set(7, 20)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_terminal_sees_the_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_bar("drawing", 4) as bar:
        bar.advance(4, note="done")
    captured = capsys.readouterr()
    assert "drawing" in captured.err and "4/4" in captured.err and captured.out == ""
