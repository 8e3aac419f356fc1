"""A simulated universe: population, rendering and noise, in memory or as FITS mosaics with truth."""

from zpix.scenes.census import draw_population
from zpix.scenes.field import GOODS_S, write_field
from zpix.scenes.population import Population
from zpix.scenes.scene import Scene
from zpix.scenes.sky import Sky, draw_scene

__all__ = ["GOODS_S", "Population", "Scene", "Sky", "draw_population", "draw_scene", "write_field"]
