"""Texts of goals that are met, missed and not measured."""

from __future__ import annotations

import re

from experiments.mock import goals


def test_goals_are_met_or_missed_and_what_is_not_measured_says_so():
    assert goals.every([None, True]) is True and goals.every([True, False]) is False and goals.every([]) is None
    text = goals.goal_table([goals.Goal(1, "a", "b", "c", met) for met in (True, False, None)])
    assert re.findall(r"\| ([^|]*) \|$", text, re.M)[1:] == ["met", "**not met**", "not measured"]
