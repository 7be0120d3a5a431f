"""Settings: defaults, then `data/settings.json`, then `GAZE_*`. Nothing else reads the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """One setting: its key in `data/settings.json`, its variable, and what it does. `docs/settings.md` lists all."""

    key: str
    env: str
    help: str
    in_file: bool = True  # whether data/settings.json may say it; what the process needs to start may not
    older: str = ""  # an older name of the variable


SETTINGS = (
    Setting("root", "GAZE_ROOT", "The folder that holds data/, static/uploads/ and workflows/.", in_file=False),
    Setting("host", "GAZE_HOST", "The address to listen on; 127.0.0.1 unless you say otherwise.", in_file=False),
    Setting("port", "GAZE_PORT", "The port of the pages; 5000.", in_file=False),
    Setting("redis_url", "GAZE_REDIS_URL", "A Redis of your own; without it GAZE starts one.", in_file=False),
    Setting("log", "GAZE_LOG", "info or debug; debug also logs the finished prompts of each job.", in_file=False),
    Setting(
        "api_key", "GAZE_API_KEY", "A key for the REST API, beside the one made on the settings page.", in_file=False
    ),
    Setting(
        "webhook_url",
        "GAZE_WEBHOOK_URL",
        "An address that hears of finished jobs and of the empty queue; the settings page can keep one, too.",
        in_file=False,
    ),
    Setting(
        "simulator_url",
        "GAZE_SIMULATOR_URL",
        "Where a simulator runs that draws while there is no ComfyUI; `gaze run` sets it.",
        in_file=False,
    ),
    Setting(
        "comfyui_urls", "GAZE_COMFYUI_URLS", "Addresses of ComfyUI servers, parted by commas.", older="COMFYUI_URL"
    ),
    Setting("lora_root", "GAZE_LORA_ROOT", "ComfyUI's models/loras, to see which LoRA files there are."),
    Setting("checkpoint_root", "GAZE_CHECKPOINT_ROOT", "ComfyUI's models/checkpoints."),
    Setting("allowed_hosts", "GAZE_ALLOWED_HOSTS", "More host names the pages answer to, parted by commas."),
    Setting("default_checkpoint", "GAZE_DEFAULT_CHECKPOINT", "The checkpoint_path used when a recipe names none."),
    Setting("nsfw_blur", "GAZE_NSFW_BLUR", "Blur covers marked NSFW until hovered."),
    Setting("theme", "GAZE_THEME", "dark, light or auto."),
    Setting("polling", "GAZE_POLLING", "Look for changed files by polling, for folders that send no events."),
    Setting("keep_jobs_h", "GAZE_KEEP_JOBS_H", "Hours a finished job stays on the queue page; 24."),
    Setting("llm_url", "GAZE_LLM_URL", "The OpenAI-compatible address of the LLM, such as http://localhost:11434/v1."),
    Setting("llm_model", "GAZE_LLM_MODEL", "The LLM's model, as its provider calls it."),
    Setting("llm_key", "GAZE_LLM_KEY", "The provider's key; it goes to GAZE_LLM_URL and nowhere else.", in_file=False),
    Setting("llm_timeout_s", "GAZE_LLM_TIMEOUT_S", "Seconds the LLM may say nothing before it is asked again; 180."),
    Setting("mcp_saves", "GAZE_MCP_SAVES", "Save what an assistant proposes over MCP at once, without a review."),
    Setting("max_upload_mib", "GAZE_MAX_UPLOAD_MIB", "The largest upload, in MiB; 64."),
)

SETTINGS_FILE = "data/settings.json"

# Where ComfyUI listens if nobody says otherwise.
USUAL_COMFYUI = "http://127.0.0.1:8188"

_TRUE = {"1", "true", "yes", "on"}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings at one moment. Folders are absolute; addresses have no final slash."""

    root: Path
    host: str = "127.0.0.1"
    port: int = 5000
    redis_url: str = ""
    log: str = "info"
    api_key: str = ""
    webhook_url: str = ""
    simulator_url: str = ""
    comfyui_urls: tuple[str, ...] = ()
    lora_root: str = ""
    checkpoint_root: str = ""
    allowed_hosts: tuple[str, ...] = ()
    default_checkpoint: str = ""
    nsfw_blur: bool = True
    theme: str = "dark"
    polling: bool = False
    keep_jobs_h: float = 24.0
    max_upload_mib: int = 64
    llm_url: str = ""
    llm_model: str = ""
    llm_key: str = ""
    llm_timeout_s: float = 180.0
    mcp_saves: bool = False
    fixed: frozenset[str] = frozenset()  # keys that the environment or the command line says; the file cannot

    @property
    def private(self) -> Path:
        """`data/.gaze`: derived or private files, never in git."""
        return self.root / "data" / ".gaze"


class BadSetting(ValueError):
    """A setting that cannot be read, in words."""


def program() -> Path:
    """The folder of the program's own templates, static files, workflows and starter library."""
    package = Path(__file__).parent
    packed = package / "_program"
    return packed if packed.is_dir() else package.parent


def read(env: Mapping[str, str] | None = None, file: Mapping[str, Any] | None = None, **given: Any) -> Settings:
    """The settings that hold: `given` (command line), else environment, else `file`, else the default.

    Raises BadSetting for a value that cannot be read. A wrong value in `file` is left out: a hand-edited file
    must not keep the program from starting, and the problems page names it.
    """
    env = os.environ if env is None else env
    root = Path(given.get("root") or env.get("GAZE_ROOT") or ".").expanduser().resolve()
    values: dict[str, Any] = {"root": root}
    fixed = set()
    for setting in SETTINGS[1:]:
        if file and setting.in_file and (value := file.get(setting.key)) not in (None, ""):
            try:
                values[setting.key] = _shaped(setting.key, value)
            except BadSetting:
                continue
        text = env.get(setting.env) or (env.get(setting.older) if setting.older else None)
        if text:
            values[setting.key] = _shaped(setting.key, text, setting.env)
            fixed.add(setting.key)
        if given.get(setting.key) not in (None, ""):
            values[setting.key] = _shaped(setting.key, given[setting.key])
            fixed.add(setting.key)
    return Settings(**values, fixed=frozenset(fixed))


class LiveSettings:
    """Settings that follow `data/settings.json`: each call reads the file again if its time has changed."""

    def __init__(self, settings: Settings, **given: Any) -> None:
        self._file = settings.root / SETTINGS_FILE
        self._given = {**given, "root": settings.root}
        self._stamp: tuple[int, int] = (0, 0)
        self._settings = settings

    def __call__(self) -> Settings:
        try:
            stat = self._file.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
        except OSError:
            stamp = (0, 0)
        if stamp != self._stamp:
            content = _content(self._file) if stamp != (0, 0) else {}
            if content is not None:  # a broken file leaves the last good settings in use
                self._settings = read(file=content, **self._given)
            self._stamp = stamp
        return self._settings


def _content(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _shaped(key: str, value: Any, named: str = "") -> Any:
    """`value` as the field's type."""
    kind = Settings.__annotations__[key]
    try:
        if kind.startswith("tuple"):
            parts = value.split(",") if isinstance(value, str) else list(value)
            cleaned = (str(part).strip() for part in parts)
            return tuple(part.rstrip("/") if key.endswith("urls") else part for part in cleaned if part)
        if kind == "bool":
            return value if isinstance(value, bool) else str(value).strip().lower() in _TRUE
        if kind == "int":
            return int(value)
        if kind == "float":
            return float(value)
        return str(value).strip()
    except (TypeError, ValueError) as error:
        raise BadSetting(f"{named or key} is «{value}»; a number is needed") from error
