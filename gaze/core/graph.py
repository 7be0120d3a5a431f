"""From a plan to a ComfyUI graph (specification workflow)."""

from __future__ import annotations

from typing import Any

from gaze.core.plan import Plan
from gaze.core.template import Template


def wire(template: Template, plan: Plan) -> dict[str, Any]:
    raise NotImplementedError
