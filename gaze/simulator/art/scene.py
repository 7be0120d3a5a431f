"""Which place is painted for a wish."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from gaze.simulator.art import land, rooms, sites
from gaze.simulator.art.canvas import Canvas
from gaze.simulator.art.sky import Light
from gaze.simulator.art.tags import Wish

PLACES: dict[str, Callable[[Canvas, Light, Wish, Random], None]] = {
    "beach": sites.beach,
    "cafe": rooms.cafe,
    "castle": sites.castle,
    "city": sites.city,
    "desert": land.desert,
    "forest": land.forest,
    "garden": land.garden,
    "hall": rooms.hall,
    "hills": land.hills,
    "library": rooms.library,
    "mountains": land.hills,
    "shrine": sites.shrine,
    "simple": rooms.simple,
    "snow": land.snow,
    "space": rooms.space,
    "underwater": rooms.underwater,
    "window": rooms.window,
}


def paint_scene(canvas: Canvas, light: Light, wish: Wish, rng: Random) -> None:
    """Paint the place that is asked for; a person without one gets something plain."""
    place = wish.place
    if not place:
        open_air = ["hills", "hills", "garden", "beach", "city"]
        place = rng.choice(["simple", "simple", *open_air] if wish.people else open_air)
        if wish.people and wish.time and rng.random() < 0.7:
            place = rng.choice(["hills", "hills", "city"])
    PLACES[place](canvas, light, wish, rng)
