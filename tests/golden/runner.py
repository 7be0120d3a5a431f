"""Runs golden cases: `README.md` in this folder says what each file gives and what is checked."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from gaze.core.asset import settle, slug_of
from gaze.core.errors import Fault
from gaze.core.fields import Selection
from gaze.core.graph import wire
from gaze.core.plan import Plan, PlanError, plan, selection
from gaze.core.plantext import fault_json, overridden, plan_json, read_plan, shape_recipe
from gaze.core.recipe import Recipe, to_json
from gaze.core.template import Template, is_link, read_template
from gaze.core.text import cross_dedup, dedup, items, join, orientation
from gaze.core.wildcards import expand
from tests.golden.shelf import FileShelf, slugs_of

HERE = Path(__file__).parent
LIBRARY, TEMPLATE = "library.json", "template_default.json"


class Failure(NamedTuple):
    """One field of a case that is not as it should be."""

    field: str
    expected: Any
    got: Any


class Case(NamedTuple):
    """One case: its file's stem, its name, what checks it, and what it gives."""

    file: str
    name: str
    kind: str
    given: Mapping[str, Any]
    library: Mapping[str, Any]
    templates: Mapping[str, Any]

    def failures(self) -> list[Failure]:
        """All that is wrong; an exception is a failure like any other."""
        try:
            return list(CHECKS[self.kind](self))
        except Exception:
            return [Failure("exception", None, traceback.format_exc(limit=-4))]

    def shelf(self) -> FileShelf:
        files = {} if self.kind == "slugs" else self.given.get("files", {})
        return FileShelf({**self.library, **files})


def load(folder: Path, library: Path | None = None, template: Path | None = None) -> list[Case]:
    """Every case of a folder; library and template are the folder's own, else those of this one."""
    files = _json(library or _own(folder, LIBRARY))
    default = _json(template or _own(folder, TEMPLATE))
    files = {**files, "workflows/default.json": default}
    cases = []
    for path in sorted(folder.glob("*.json")):
        content = _json(path)
        if path.name in (LIBRARY, TEMPLATE) or not isinstance(content, Mapping) or "cases" not in content:
            continue
        templates = {"default": default, **content.get("templates", {})}
        for number, given in enumerate(content["cases"], 1):
            name = str(given.get("name") or given.get("text") or given.get("id") or number)
            cases.append(Case(path.stem, name, _kind(path.stem, given), given, files, templates))
    return cases


def _own(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).is_file() else HERE / name


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


def _kind(stem: str, given: Mapping[str, Any]) -> str:
    """What checks a case: its file's name says so, else what it gives."""
    named = [kind for kind in CHECKS if stem == kind or stem.startswith((f"{kind}_", f"{kind}-"))]
    if named:
        return max(named, key=len)
    for kind, keys in (
        ("graph", ("plan",)),
        ("fields", ("counts",)),
        ("plan", ("recipe",)),
        ("plan", ("preset",)),
        ("cross_dedup", ("positive",)),
        ("slugs", ("category",)),
        ("orientation", ("tags",)),
        ("split", ("items",)),
    ):
        if all(key in given for key in keys):
            return kind
    return "dedup" if isinstance(given.get("expect"), str) else "wildcards"


def _orientation(case: Case) -> Iterator[Failure]:
    yield from _differs("tags", case.given["tags"], orientation(case.given["text"]))


def _split(case: Case) -> Iterator[Failure]:
    yield from _differs("items", case.given["items"], items(case.given["text"]))


def _dedup(case: Case) -> Iterator[Failure]:
    yield from _differs("expect", case.given["expect"], join(dedup(items(case.given["text"]))))


def _cross_dedup(case: Case) -> Iterator[Failure]:
    sides = cross_dedup(items(case.given["positive"]), items(case.given["negative"]))
    yield from _differs("expect", case.given["expect"], [join(side) for side in sides])


def _wildcards(case: Case) -> Iterator[Failure]:
    shelf, expect = case.shelf(), case.given["expect"]
    texts, codes = set(), set()
    for seed in range(200):
        made = expand(case.given["text"], Random(seed), shelf.wildcard)
        texts.add(made.text)
        codes |= {note.code for note in made.notes}
    if "text" in expect:
        yield from _differs("text", [expect["text"]], sorted(texts))
    if "one_of" in expect:
        yield from _differs("one_of", sorted(set(expect["one_of"])), sorted(texts))
    yield from _missing("notes", expect.get("notes", ()), codes)
    yield from _unwanted("not_notes", expect.get("not_notes", ()), codes)


def _slugs(case: Case) -> Iterator[Failure]:
    category = case.shelf().categories[case.given["category"]]
    if "files" in case.given:
        yield from _differs("slugs", case.given["slugs"], slugs_of(category, case.given["files"]))
    else:
        own = slug_of(category, case.given["id"])  # no file, so no file's name to fall back on
        yield from _differs("slug", case.given["slug"], settle({"": own})[""])


def _fields(case: Case) -> Iterator[Failure]:
    shelf = case.shelf()
    recipe = _recipe(case, shelf)
    chosen: Selection = selection(recipe, shelf, Random(7))
    assets = {asset.key: asset for asset in shelf.assets()}
    for key, wanted in case.given["counts"].items():
        for answer, word in ((True, "yes"), (False, "no")):
            for address in wanted.get(word, ()):
                yield from _differs(f"{key} {address}", answer, chosen.counts(assets[key], address))


def _plan(case: Case) -> Iterator[Failure]:
    expect = case.given.get("expect", {})
    seeds = case.given.get("seeds") or [None]
    for seed in seeds:
        for failure in _plan_once(case, expect, seed):
            yield failure if seed is None else failure._replace(field=f"{failure.field} (seed {seed})")


def _plan_once(case: Case, expect: Mapping[str, Any], seed: int | None) -> Iterator[Failure]:
    shelf = case.shelf()
    recipe, faults = _shaped(case, shelf)
    if seed is not None:
        recipe = msgspec.structs.replace(recipe, seed=seed)
    before = deepcopy(to_json(recipe))
    made, more = _made(recipe, shelf)
    faults += more
    yield from _differs("recipe unchanged", before, to_json(recipe))
    if faults or made is None:
        yield from _errors(expect.get("errors", []), faults)
        return
    if "errors" in expect:
        yield Failure("errors", expect["errors"], [])
    plain = plan_json(made)
    yield from _expected(expect, plain)
    yield from _always(recipe, made, shelf)
    for other in case.given.get("same", ()):
        again, _ = shape_recipe(other)
        if seed is not None:
            again = msgspec.structs.replace(again, seed=seed)
        same, faults = _made(again, shelf)
        if same is None:
            yield Failure("same", [], [fault_json(fault) for fault in faults])
            continue
        for path in case.given.get("same_paths", ()):
            yield from _differs(f"same {path}", _at(plain, path), _at(plan_json(same), path))
        yield from _always(again, same, shelf)


_EQUAL = ("positive", "negative", "face", "hand", "loras", "checkpoint", "prefix", "detail_face", "detail_hands")


def _expected(expect: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Failure]:
    yield from _same_keys(expect, got)
    for one_of in (expect["one_of"],) if "one_of" in expect else ():
        if not any(not list(_same_keys(wanted, got)) for wanted in one_of):
            keys = {key for wanted in one_of for key in wanted}
            yield Failure("one_of", one_of, {key: got.get(key) for key in keys})
    for key, allowed in expect.get("resolved_one_of", {}).items():
        if not any(_equal(value, got["resolved"].get(key)) for value in allowed):
            yield Failure(f"resolved.{key}", allowed, got["resolved"].get(key))
    weights = {f"{use['category']}/{use['slug']}": use["weight"] for use in got["loras"]}
    for key, (low, high) in expect.get("weight_between", {}).items():
        weight = weights.get(key)
        if weight is None or not low <= weight <= high or round(weight, 2) != weight:
            yield Failure(f"weight of {key}", [low, high], weight)
    codes = {note["code"] for note in got["notes"]}
    yield from _missing("notes", expect.get("notes", ()), codes)
    yield from _unwanted("not_notes", expect.get("not_notes", ()), codes)
    if expect.get("seed_drawn"):
        seed = got["settings"]["seed"]
        if not 0 <= seed < 10**15 or got["resolved"]["seed"] != seed:
            yield Failure("seed_drawn", "0 <= seed < 10^15", [seed, got["resolved"]["seed"]])


def _same_keys(expect: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Failure]:
    for key in _EQUAL:
        if key in expect:
            yield from _differs(key, expect[key], got[key])
    for key in ("settings", "resolved"):
        for inner, value in expect.get(key, {}).items():
            yield from _differs(f"{key}.{inner}", value, got[key].get(inner))


def _errors(expected: Sequence[Mapping[str, Any]], faults: Sequence[Fault]) -> Iterator[Failure]:
    left = [{**msgspec.to_builtins(fault)} for fault in faults]
    found = list(left)
    for wanted in expected:
        match = next(
            (got for got in left if all(key in got and _equal(v, got[key]) for key, v in wanted.items())), None
        )
        if match is None:
            yield Failure("errors", wanted, found)
        else:
            left.remove(match)
    if left:
        yield Failure("errors", "no more", left)


def _always(recipe: Recipe, made: Plan, shelf: FileShelf) -> Iterator[Failure]:
    """What holds for every plan."""
    again, _ = _made(recipe, shelf)
    yield from _differs("planned twice", made, again)
    replanned, faults = _made(made.resolved, shelf.without_wildcards())
    if replanned is None:
        yield Failure("resolved planned again", [], [fault_json(fault) for fault in faults])
    else:
        for key in ("positive", "negative", "face", "hand", "loras", "checkpoint", "settings", "prefix", "resolved"):
            yield from _differs(f"resolved planned again: {key}", getattr(made, key), getattr(replanned, key))
    yield from _differs("plan as JSON and back", made, read_plan(json.loads(json.dumps(plan_json(made)))))
    template = shelf.template(made.workflow)
    assert template is not None
    yield from _wired(template, made, {})


def _graph(case: Case) -> Iterator[Failure]:
    name = case.given["template"]
    raw = case.templates[name]
    before = deepcopy(raw)
    template, problems = read_template(name, f"workflows/{name}.json", raw)
    if template is None:
        yield Failure("template", "usable", [str(problem) for problem in problems])
        return
    yield from _wired(template, read_plan(case.given["plan"]), case.given)
    yield from _differs("template unchanged", before, raw)


def _wired(template: Template, made: Plan, given: Mapping[str, Any]) -> Iterator[Failure]:
    before = deepcopy(template)
    graph = wire(template, made)
    yield from _differs("template unchanged", before, template)
    yield from _differs("wired twice", graph, wire(template, made))
    for address, value in given.get("expect", {}).items():
        node, _, key = address.rpartition(".")
        got = graph[node]["inputs"].get(key, "(no such input)") if node in graph else "(no such node)"
        yield from _differs(address, value, got)
    for node in given.get("absent", ()):
        if node in graph:
            yield Failure("absent", node, graph[node])
    for node, body in graph.items():
        for key, value in body["inputs"].items():
            if is_link(value) and value[0] not in graph:
                yield Failure(f"{node}.{key}", "a link to a node that is there", value)


def _shaped(case: Case, shelf: FileShelf) -> tuple[Recipe, list[Fault]]:
    if "preset" not in case.given:
        return shape_recipe(case.given["recipe"])
    preset = shelf.find("presets", case.given["preset"])
    if preset is None:
        raise LookupError(f"no preset {case.given['preset']}")
    recipe, faults = overridden(preset.data.recipe, case.given.get("overrides", {}))
    return (recipe if recipe.subject else msgspec.structs.replace(recipe, subject=preset.key)), faults


def _recipe(case: Case, shelf: FileShelf) -> Recipe:
    return _shaped(case, shelf)[0]


def _made(recipe: Recipe, shelf: FileShelf) -> tuple[Plan | None, list[Fault]]:
    try:
        return plan(recipe, shelf, Random(7)), []
    except PlanError as error:
        return None, list(error.faults)


def _at(plain: Any, path: str) -> Any:
    for key in path.split("."):
        plain = plain[int(key)] if isinstance(plain, list) else plain.get(key)
    return plain


def _differs(field: str, expected: Any, got: Any) -> Iterator[Failure]:
    if not _equal(expected, got):
        yield Failure(field, expected, got)


def _equal(one: Any, other: Any) -> bool:
    """Numbers by value, true and false by themselves."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _missing(field: str, wanted: Sequence[str], codes: set[str]) -> Iterator[Failure]:
    for code in wanted:
        if code not in codes:
            yield Failure(field, code, sorted(codes))


def _unwanted(field: str, unwanted: Sequence[str], codes: set[str]) -> Iterator[Failure]:
    for code in unwanted:
        if code in codes:
            yield Failure(field, f"no {code}", sorted(codes))


CHECKS: Mapping[str, Callable[[Case], Iterator[Failure]]] = {
    "orientation": _orientation,
    "split": _split,
    "dedup": _dedup,
    "cross_dedup": _cross_dedup,
    "wildcards": _wildcards,
    "slugs": _slugs,
    "fields": _fields,
    "plan": _plan,
    "graph": _graph,
}
