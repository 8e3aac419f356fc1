"""Which source of one list is which source of another: one-to-one by overlap or position."""

from zpix.matching.pairs import (
    Candidates,
    Matching,
    Method,
    assign,
    choose,
    close_positions,
    match_boxes,
    match_positions,
    match_segments,
    no_matches,
    similar_boxes,
    similar_segments,
)

__all__ = [
    "Candidates",
    "Matching",
    "Method",
    "assign",
    "choose",
    "close_positions",
    "match_boxes",
    "match_positions",
    "match_segments",
    "no_matches",
    "similar_boxes",
    "similar_segments",
]
