"""A whole person, drawn back to front."""

from __future__ import annotations

from random import Random

from gaze.simulator.art import body, hair, head, props, wear
from gaze.simulator.art.canvas import Canvas
from gaze.simulator.art.figure import Look


def paint_figure(canvas: Canvas, who: Look, rng: Random) -> None:
    """Paint one person, back to front."""
    top = canvas.placed(canvas.scale, canvas.pixel(0, 60), who.tilt, flip=canvas.flip < 0)
    top = canvas.placed(canvas.scale, top.pixel(0, -60), who.tilt, flip=canvas.flip < 0)
    low = canvas.placed(canvas.scale, canvas.pixel(0, -10), flip=canvas.flip < 0)
    wear.behind(low, top, who)
    hair.behind(top, who, rng)
    body.paint_body(low, who, rng)
    hair.over_shoulders(top, who, rng)
    head.paint_head(top, who, rng)
    hair.front(top, who, rng)
    wear.on_head(top, who, rng)
    props.in_hands(low, who, rng)
