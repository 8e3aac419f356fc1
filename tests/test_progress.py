"""Progress is a bar on a terminal, and elsewhere a line now and then in the log."""

from __future__ import annotations

import logging

import pytest

from zpix.progress import duration, progress_bar, track, waiting


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


def test_a_terminal_sees_what_is_waited_for_and_nobody_else_does(capsys, monkeypatch):
    with waiting("examining the mosaics"):
        pass
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal for rich as well
    assert capsys.readouterr().err == ""
    with waiting("examining the mosaics"):
        pass
    captured = capsys.readouterr()
    assert "examining the mosaics" in captured.err and captured.out == ""
    monkeypatch.setenv("RANK", "1")
    with waiting("examining the mosaics"):
        pass
    assert capsys.readouterr().err == ""


def test_without_a_terminal_a_line_now_and_then_says_what_is_left(caplog, capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("zpix.progress.time.monotonic", lambda: now[0])
    with caplog.at_level(logging.INFO, "zpix.progress"), progress_bar("drawing scenes", 10, done=2) as bar:
        for _ in range(4):
            now[0] += 20
            bar.advance()
        bar.line("epoch 1 of 2, loss 0.5")
    assert caplog.messages == [
        "drawing scenes: 4 of 10, 2 min left",
        "drawing scenes: 6 of 10, 80 s left",
        "drawing scenes: epoch 1 of 2, loss 0.5, 80 s left",
    ]
    assert capsys.readouterr().err == ""


def test_of_several_processes_one_says_how_far_it_is(caplog, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with caplog.at_level(logging.INFO, "zpix.progress"), progress_bar("training", 2) as bar:
        bar.line("epoch 1 of 2")
    assert caplog.messages == []


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (89, "89 s"), (600, "10 min"), (7380, "2 h 3 min")])
def test_durations(seconds, text):
    assert duration(seconds) == text
