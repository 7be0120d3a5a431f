"""The command line: run, its pieces apart, and the library's own tools."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any

from gaze import __version__, logs
from gaze.categories import declared
from gaze.core.errors import Refusal
from gaze.core.plantext import fault_json
from gaze.settings import BadSetting, LiveSettings, Settings, program, read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code says how it went (0, 1 problems, 2 errors)."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except BadSetting as error:
        return _fail(str(error))
    except Refusal as error:
        print(json.dumps({"errors": [fault_json(fault) for fault in error.faults]}, indent=2, ensure_ascii=False))
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `gaze check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; tests hold Procfile and docker-compose.yml against it."""
    from gaze import simulator

    whole = argparse.ArgumentParser(prog="gaze", description="A file-first library for ComfyUI.")
    whole.add_argument("--version", action="version", version=f"gaze {__version__}")
    root = argparse.ArgumentParser(add_help=False)
    root.add_argument(
        "--root", help="the folder with data/, static/uploads/ and workflows/; default: GAZE_ROOT, else this folder"
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Any, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help, parents=[root])
        made.set_defaults(command=command)
        return made

    run = add("run", _run, "Start Redis, web, both workers and, without a ComfyUI, the simulator.")
    run.add_argument("--host", help="default: GAZE_HOST, else 127.0.0.1")
    run.add_argument("--port", type=int, help="default: GAZE_PORT, else 5000")
    run.add_argument("--end-with-parent", action="store_true", help="end when what started it is killed (Linux)")
    run.add_argument("--reload", action="store_true", help="start again when the code changes")
    web = add("web", _web, "Serve the pages alone.")
    web.add_argument("--host", help="default: GAZE_HOST, else 127.0.0.1")
    web.add_argument("--port", type=int, help="default: GAZE_PORT, else 5000")
    web.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    web.add_argument("--reload", action="store_true", help="read changed templates again")
    worker = add("worker", _worker, "Do the jobs of one queue.")
    worker.add_argument("queue", choices=["comfy", "llm"])
    add("redis", _redis, "Run the embedded Redis-compatible server alone.")
    simulate = add("simulate-comfyui", _simulate, "A stand-in for ComfyUI that draws its pictures itself.")
    simulator.add_arguments(simulate)
    check = add("check", _check, "Read a library and print its problems like a compiler; exit 1 if there are any.")
    check.add_argument("--strict", action="store_true", help="exit 1 for warnings, too")
    check.add_argument("path", nargs="?", help="the library's folder; default: --root")
    mcp = add("mcp", None, "MCP servers: tools for an LLM.").add_subparsers(required=True, metavar="SERVER")
    tools = mcp.add_parser("danbooru", help="Look up, check and suggest Danbooru tags.", parents=[root])
    tools.add_argument(
        "--http",
        nargs="?",
        const="",
        metavar="HOST:PORT",
        help="serve at http://HOST:PORT/mcp instead of standard input; default 127.0.0.1:9130",
    )
    tools.set_defaults(command=_mcp_danbooru)
    library = mcp.add_parser("serve", help="This library for an assistant, on standard input.", parents=[root])
    library.set_defaults(command=_mcp_serve)
    tags = add("tags", None, "The list of Danbooru tags.").add_subparsers(required=True, metavar="ACT")
    taken = tags.add_parser("import", help='Take a CSV of name,category,count,"aliases" as the list.', parents=[root])
    taken.add_argument("file", metavar="FILE.csv")
    taken.set_defaults(command=_import_tags)
    plan = add("plan", _plan, "Plan a recipe (or a list of them) and print the plan as JSON; exit 2 on errors.")
    plan.add_argument("recipe", metavar="RECIPE.json", help="a file, or - for standard input")
    graph = add("graph", _graph, "Print the ComfyUI workflow of a plan.")
    graph.add_argument("plan", metavar="PLAN.json", help="a file, or - for standard input")
    graph.add_argument("--template", help="a template's name or file; default: the one the plan names")
    return whole


# -- commands -------------------------------------------------------------------------------------------


def _settings(options: argparse.Namespace) -> LiveSettings:
    given = {key: getattr(options, key, None) for key in ("root", "host", "port")}
    settings = read(**given)
    if not settings.root.is_dir():
        raise BadSetting(f"There is no folder {settings.root}.")
    return LiveSettings(settings, **{key: value for key, value in given.items() if value is not None})


def _run(options: argparse.Namespace) -> int:
    from gaze.jobs.redis import NoServer, RootInUse, die_with_parent
    from gaze.run import CannotStart, run

    settings = _settings(options)()
    if options.end_with_parent and sys.platform == "linux":
        die_with_parent()
    try:
        run(settings, dict(os.environ), options.reload)
    except (CannotStart, NoServer, RootInUse) as error:
        return _fail(str(error))
    return 0


def _web(options: argparse.Namespace) -> int:
    from gaze.context import build
    from gaze.web.app import serve

    live = _settings(options)
    settings = live()
    logs.set_up("web", settings.log)
    listener = socket.socket(fileno=options.fd) if options.fd is not None else None
    if not _redis_answers(settings):
        return _fail(_no_redis(settings))
    serve(build(live), settings, listener, options.reload)
    return 0


def _worker(options: argparse.Namespace) -> int:
    from gaze.jobs.redis import redis_url
    from gaze.jobs.serve import serve_comfy
    from gaze.jobs.serve_llm import serve_llm
    from gaze.library.service import Library

    live = _settings(options)
    settings = live()
    logs.set_up(options.queue, settings.log)
    if not _redis_answers(settings):
        return _fail(_no_redis(settings))
    url = redis_url(settings)
    serve = serve_llm if options.queue == "llm" else serve_comfy
    asyncio.run(serve(live, url, Library(settings.root, program(), declared())))
    return 0


def _redis(options: argparse.Namespace) -> int:
    from gaze.jobs.redis import NoServer, RootInUse
    from gaze.run import redis_alone

    try:
        redis_alone(_settings(options)())
    except (NoServer, RootInUse) as error:
        return _fail(str(error))
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from gaze import simulator

    logs.set_up("comfyui")
    try:
        simulator.serve(simulator.options_from(options))
    except OSError as error:
        return _fail(f"Port {options.port} cannot be used ({error.strerror}); choose another with --port.")
    return 0


def _check(options: argparse.Namespace) -> int:
    from gaze.danbooru.taglist import TagList
    from gaze.library.check import check

    options.root = options.path or options.root
    settings = _settings(options)()
    tags = TagList(settings.root, program(), keep=False)
    problems, warnings = check(settings.root, program(), declared(), tags.lookup, settings.lora_root)
    for problem in problems:
        print(problem)
    for warning in warnings:
        print(f"{warning} (warning)")
    counts = [_counted(len(problems), "problem")] if problems or not warnings else []
    counts += [_counted(len(warnings), "warning")] if warnings else []
    print(", ".join(counts) if problems or warnings else "No problems.")
    return 1 if problems or (warnings and options.strict) else 0


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _import_tags(options: argparse.Namespace) -> int:
    from gaze.danbooru.taglist import TagList

    try:
        content = Path(options.file).read_bytes()
    except OSError as error:
        return _fail(f"{options.file} cannot be read ({error.strerror}).")
    try:
        found = TagList(_settings(options)().root, program()).take_in(content)
    except Refusal as refusal:
        return _fail(refusal.message)
    for row in found.bad:
        print(f"{options.file}:{row}", file=sys.stderr)
    print(found.sentence)
    return 0


def _mcp_danbooru(options: argparse.Namespace) -> int:
    from gaze.danbooru.taglist import TagList
    from gaze.mcp import danbooru

    http = None
    if options.http is not None:
        host, _, port = options.http.rpartition(":") if ":" in options.http else (options.http, "", "")
        if port and not (port.isdigit() and 0 < int(port) < 65536):
            return _fail(f"«{options.http}» is no HOST:PORT, such as 127.0.0.1:{danbooru.PORT}.")
        http = (host.strip("[]") or "127.0.0.1", int(port or danbooru.PORT))
    danbooru.run(TagList(_settings(options)().root, program()), http)
    return 0


def _mcp_serve(options: argparse.Namespace) -> int:
    from gaze.mcp.serve import run

    live = _settings(options)
    logs.set_up("mcp", live().log)
    run(live)
    return 0


def _plan(options: argparse.Namespace) -> int:
    from gaze.core.plantext import planned

    raw = _read_json(options.recipe)
    made = planned(raw, _library(options).shelf(), SystemRandom())
    print(json.dumps(made, indent=2, ensure_ascii=False))
    wrong = any("errors" in item for item in (made if isinstance(made, list) else [made]))
    return 2 if wrong else 0


def _graph(options: argparse.Namespace) -> int:
    from gaze.core.plantext import graphed
    from gaze.core.template import read_template

    raw = _read_json(options.plan)
    shelf = _library(options).shelf()
    template = None
    if options.template and Path(options.template).is_file():
        file = Path(options.template)
        template, problems = read_template(file.stem, str(file), _read_json(str(file)))
        if template is None:
            return _fail("\n".join(map(str, problems)))
    elif options.template:
        template = shelf.template(options.template)
        if template is None:
            return _fail(f"There is no workflow template «{options.template}».")
    made = graphed(raw, shelf, template)
    print(json.dumps(made, indent=2, ensure_ascii=False))
    return 0


# -- parts ----------------------------------------------------------------------------------------------


def _library(options: argparse.Namespace) -> Any:
    from gaze.library.service import Library

    library = Library(_settings(options)().root, program(), declared())
    library.scan(images=False)
    return library


def _read_json(name: str) -> Any:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8-sig")
        return json.loads(text)
    except OSError as error:
        raise BadSetting(f"{name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadSetting(f"{'Standard input' if name == '-' else name} is not JSON: {error}.") from error


def _redis_answers(settings: Settings, timeout_s: float = 10.0) -> bool:
    """Whether Redis is there; one that is just being started is waited for."""
    from gaze.jobs.redis import answers, redis_url

    return answers(redis_url(settings), timeout_s)


def _no_redis(settings: Settings) -> str:
    if settings.redis_url:
        return "The Redis of GAZE_REDIS_URL does not answer."
    return "No Redis answers for this folder: start `gaze redis` (or `gaze run`), or set GAZE_REDIS_URL."


def _fail(message: str) -> int:
    print(f"gaze: {message}", file=sys.stderr)
    return 2
