"""One file per command: each tells its story with the rooms below."""
