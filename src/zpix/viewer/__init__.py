"""The page of a finished run: the sky with its redshifts in a browser, from disk and without the network."""

from zpix.viewer.page import PageField, write_page
from zpix.viewer.page_server import serve_page
from zpix.viewer.sky_tiles import SkySample

__all__ = ["PageField", "SkySample", "serve_page", "write_page"]
