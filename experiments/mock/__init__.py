"""How close is the mock sky to the real one? Measurements for docs/mock.md, one file for each property."""
