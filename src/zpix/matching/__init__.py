"""Matching of two lists of sources, one-to-one by overlap or by position."""

from zpix.matching.candidates import Candidates, close_positions, similar_boxes, similar_segments
from zpix.matching.pairs import (
    Matching,
    Method,
    assign,
    choose,
    match_boxes,
    match_positions,
    match_segments,
    no_matches,
)
from zpix.matching.source_lists import SourceList, match_source_lists, read_source_list, source_list_of

__all__ = [
    "Candidates",
    "Matching",
    "Method",
    "SourceList",
    "assign",
    "choose",
    "close_positions",
    "match_boxes",
    "match_positions",
    "match_segments",
    "match_source_lists",
    "no_matches",
    "read_source_list",
    "similar_boxes",
    "similar_segments",
    "source_list_of",
]
