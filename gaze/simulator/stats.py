"""/system_stats of the simulator: the recorded shape, and what tells a simulator from a real server."""

from __future__ import annotations

import sys
from typing import Any

MEMORY = 25276514304


def system(version: str, *, any_model: bool) -> dict[str, Any]:
    """`system.simulator` is true, and so is `accepts_any_model` if names need not be listed. Bytes."""
    about = {
        "os": "linux",
        "ram_total": MEMORY,
        "ram_free": MEMORY * 9 // 10,
        "comfyui_version": version,
        "required_frontend_version": "1.45.15",
        "installed_templates_version": None,
        "required_templates_version": "0.10.0",
        "comfy_package_versions": [
            {"name": "comfyui-frontend-package", "installed": None, "required": "1.45.15"},
        ],
        "python_version": sys.version,
        "pytorch_version": "2.13.0+cpu",
        "embedded_python": False,
        "deploy_environment": "local-git",
        "argv": ["main.py"],
        "simulator": True,
        "accepts_any_model": any_model,
    }
    device = {"name": "GAZE simulator", "type": "cpu", "index": None, "vram_total": MEMORY}
    device |= {"vram_free": MEMORY * 9 // 10, "torch_vram_total": MEMORY, "torch_vram_free": MEMORY * 9 // 10}
    return {"system": about, "devices": [device]}
