"""`parameters` as A1111 writes it, and as most tools read it: prompt, `Negative prompt:`, one line of settings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gaze.core.metadata.meta import MOST_LORAS, MOST_ROWS, SHORT, Metadata, UsedLora, number, text, whole
from gaze.core.metadata.samplers import label_of, sampler_of, schedule_label_of, scheduler_of

_NEGATIVE = "Negative prompt:"
_MOST_LINE = 32_000
# Key, then a value in quotes or up to the next comma, as A1111 reads its own line.
_PAIR = re.compile(r'\s*([\w][\w \-/]{0,80}?):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_SETTINGS = re.compile(r"^(?:Steps|Sampler|CFG scale|Seed|Size|Model hash|Model): ", re.MULTILINE)
_TAG = re.compile(r"<(?:lora|lyco):([^:<>]{1,300})(?::([-\d.]{1,12}))?(?::[^<>]{0,100})?>")
_KNOWN = {
    *(
        "Steps",
        "Sampler",
        "Schedule type",
        "CFG scale",
        "Seed",
        "Size",
        "Model",
        "Clip skip",
        "Lora hashes",
        "Model hash",
    )
}


def read(raw: str) -> Metadata:
    """What a `parameters` text says; a text without settings is a prompt alone (faults F53, F55)."""
    prompts, line = _parts(raw)
    positive, _, negative = prompts.partition(_NEGATIVE)
    values: dict[str, str] = {}
    for match in _PAIR.finditer(_tight(line)):
        # the first of a key counts: extensions write their own `Model` behind it (faults F55)
        if len(values) < MOST_ROWS:
            values.setdefault(match[1].strip(), _unquoted(match[2].strip()))
    sampler, schedule = sampler_of(values.get("Sampler", ""))
    width, _, height = values.get("Size", "").partition("x")
    positive, loras = without_tags(text(positive))
    return Metadata(
        tool="A1111",
        positive=positive,
        negative=text(negative),
        checkpoint=text(values.get("Model"), SHORT),
        loras=loras,
        seed=whole(values.get("Seed")),
        width=whole(width),
        height=whole(height),
        steps=whole(values.get("Steps")),
        cfg=number(values.get("CFG scale")),
        sampler_name=text(sampler, SHORT),
        scheduler=schedule or (scheduler_of(values["Schedule type"]) if values.get("Schedule type") else ""),
        clip_skip=whole(values.get("Clip skip")),
        more=tuple((text(key, 80), text(value, SHORT)) for key, value in values.items() if key not in _KNOWN),
    )


def _parts(raw: str) -> tuple[str, str]:
    """Prompts, and the line of settings: the last line that begins like one."""
    raw = raw[:200_000].replace("\r\n", "\n").strip()
    begins = [match.start() for match in _SETTINGS.finditer(raw)]
    steps = [at for at in begins if raw.startswith("Steps: ", at)]
    at = steps[-1] if steps else begins[-1] if begins and _has_pairs(raw[begins[-1] :]) else -1
    return (raw, "") if at < 0 else (raw[:at], raw[at:])


def _tight(line: str) -> str:
    """A line of settings with single spaces: runs of them would cost the pattern their square."""
    return " ".join(line[:_MOST_LINE].split())


def _has_pairs(line: str) -> bool:
    return sum(1 for _ in zip(range(3), _PAIR.finditer(_tight(line)), strict=False)) >= 2


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value


def without_tags(prompt: str) -> tuple[str, tuple[UsedLora, ...]]:
    """A prompt without its `<lora:name:weight>` tags, and what they name."""
    found: dict[str, UsedLora] = {}
    for match in _TAG.finditer(prompt):
        weight = number(match[2]) if match[2] else 1.0
        if len(found) < MOST_LORAS:
            found.setdefault(match[1].strip(), UsedLora(match[1].strip(), 1.0 if weight is None else weight))
    if not found:
        return prompt, ()
    items = [item.strip(" \t") for item in _TAG.sub("", prompt).split(",")]
    return ", ".join(item for item in items if item).strip(), tuple(found.values())


def write(made: Metadata, version: str) -> str:
    """`made` as a `parameters` text. LoRAs are named as A1111 names them: by file, without folder and ending."""
    tags = [f"<lora:{stem_of(lora.name)}:{lora.weight:g}>" for lora in made.loras]
    lines = [", ".join([part for part in (made.positive.replace("\n", " "), *tags) if part])]
    if made.negative:
        lines.append(f"{_NEGATIVE} {made.negative}".replace("\n", " "))
    pairs: Sequence[tuple[str, object]] = (
        ("Steps", made.steps),
        ("Sampler", label_of(made.sampler_name)),
        ("Schedule type", schedule_label_of(made.scheduler)),
        ("CFG scale", f"{made.cfg:g}" if made.cfg is not None else None),
        ("Seed", made.seed),
        ("Size", f"{made.width}x{made.height}" if made.width and made.height else None),
        ("Model", stem_of(made.checkpoint)),
        ("Clip skip", made.clip_skip),
        ("Version", version),
    )
    lines.append(", ".join(f"{key}: {_quoted(value)}" for key, value in pairs if value not in (None, "")))
    return "\n".join(lines)


def _quoted(value: object) -> str:
    said = str(value)
    if not re.search(r'[,:\n"]', said):
        return said
    return '"' + said.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def stem_of(path: str) -> str:
    """A model file's name without folder and ending."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    head, dot, ending = name.rpartition(".")
    return head if dot and ending.lower() in ("safetensors", "ckpt", "pt", "pth", "bin", "gguf", "sft") else name
