"""Every long-lived object of a web process, made once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random, SystemRandom

import httpx
import redis
from arq.connections import ArqRedis

from gaze.categories import declared
from gaze.comfyui import models
from gaze.comfyui.models import Models
from gaze.comfyui.pool import Pool
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.danbooru.find import as_inserted, validate
from gaze.danbooru.taglist import TagList
from gaze.jobs import events
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import new_id
from gaze.jobs.redis import connect, redis_url
from gaze.library import changes as changed
from gaze.library import earlier
from gaze.library import models as model_files
from gaze.library.lint import Lint
from gaze.library.proposals import Proposals
from gaze.library.secrets import Secrets
from gaze.library.service import Library
from gaze.llm.prompts import Prompts
from gaze.llm.provider import Standing, standing
from gaze.settings import LiveSettings, program

log = logging.getLogger("gaze.web")

# More changes at once than this, and lists ask for themselves again instead of being told one by one.
MANY = 40
_SINGLE = (events.AssetChanged, events.AssetRemoved, events.ImageAdded, events.ImageRemoved)
# What may change which model files assets name, or where they are looked for.
_NAMES_MODELS = (changed.AssetChanged, changed.AssetRemoved, changed.SettingsChanged, changed.Progress)


class Context:
    """What handlers work with: settings, library, queue, servers, chance."""

    def __init__(
        self,
        settings: LiveSettings,
        categories: Mapping[str, Category],
        library: Library,
        connection: ArqRedis,
        http: httpx.AsyncClient,
        rng: Random,
    ) -> None:
        self.settings = settings
        self.categories = categories
        self.library = library
        self.redis = connection
        self.queue = JobQueue(connection, settings().keep_jobs_h * 3600)
        self.http = http
        self.pool = Pool(http, lambda: settings().comfyui_urls, settings().simulator_url, client_id=new_id())
        self.models = Models()
        self.earlier = earlier.offer(settings().root, categories)
        self.rng = rng
        self.program: Path = program()
        self.secrets = Secrets(settings().private)
        self.proposals = Proposals(settings().root)
        self.prompts = Prompts(settings().root, self.program, categories)
        self.tags = TagList(settings().root, self.program)
        self.model_files = model_files.Models(
            categories, settings().private, self._model_folders, library.named_models, self._models_told
        )
        self.lint = Lint(
            settings().root, self.program, library.each, library.preferences.of, self.tags.lookup, self._trained
        )
        library.models, library.is_missing = self.model_files, self.model_files.is_missing
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._doubts = ""  # another text whenever the doubts are others
        self._told: asyncio.Queue[Sequence[changed.Change]] = asyncio.Queue()

    async def start(self) -> None:
        """Begin to read and watch the library and to look at the servers."""
        self._tasks = [
            asyncio.create_task(self._publish_changes(), name="publish changes"),
            asyncio.create_task(self.pool.watch(self._backends_changed), name="watch backends"),
            asyncio.create_task(models.watch(self.pool, self._models_changed), name="watch models"),
        ]
        self._loop = asyncio.get_running_loop()
        await self.library.start(polling=self.settings().polling)
        self._tasks.append(asyncio.create_task(self._read_models(), name="read model files"))
        self.lint.start(lambda: self.library.revision if self.library.ready else None, self._doubts_changed)

    async def stop(self) -> None:
        """End all tasks and connections."""
        self._loop = None
        await asyncio.to_thread(self.model_files.stop)
        await asyncio.to_thread(self.lint.stop)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.library.stop()
        await self.pool.close()
        await self.http.aclose()
        with contextlib.suppress(redis.RedisError):
            await self.redis.aclose()

    async def _read_models(self) -> None:
        """Begin with the model files when the library has been read: pages come first."""
        while not self.library.ready:
            await asyncio.sleep(0.05)
        self.model_files.start()

    def llm(self) -> Standing:
        """Whether a model can be asked now, and if not, what to do."""
        return standing(self.settings(), self.secrets)

    def unknown_tags(self, tags: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Which of some tags the user's list does not have, each with near ones as a prompt has them.

        None is unknown while there is only the starter list. Looks through the list: call it in a thread.
        """
        loaded = self.tags()
        if not loaded.own:
            return {}
        found = (each for each in validate(loaded.index, tags) if not each.tag)
        return {each.given: tuple(map(as_inserted, each.suggestions)) for each in found}

    def tell(self, changes: Sequence[changed.Change]) -> None:
        """The library's callback: take changes to be published."""
        self._told.put_nowait(changes)
        if any(isinstance(change, _NAMES_MODELS) for change in changes):
            self.model_files.wake(scan=False)  # other folders in the settings are noticed all the same

    def _models_told(self, changes: Sequence[changed.Change]) -> None:
        """The model files' callback, from their thread: what headers say may make or end doubts."""
        if any(isinstance(change, changed.ModelsChanged) for change in changes):
            self.lint.forget()
        self._tell_in_loop(changes)

    def _tell_in_loop(self, changes: Sequence[changed.Change]) -> None:
        """The model files' callback, from their thread."""
        if loop := self._loop:
            with contextlib.suppress(RuntimeError):  # the loop ended meanwhile
                loop.call_soon_threadsafe(self.tell, changes)

    def _trained(self, asset: Asset) -> list[str]:
        """The tags that the header of an asset's LoRA names."""
        if asset.lora is None:
            return []
        return [tag for tag, _ in self.model_files.header("lora", asset.lora.lora_name).tags]

    def _doubts_changed(self) -> None:
        self._doubts = new_id()
        self._tell_in_loop([changed.ProblemsChanged()])

    def _model_folders(self) -> Mapping[str, str]:
        settings = self.settings()
        return {"lora": settings.lora_root, "checkpoint": settings.checkpoint_root}

    async def _publish_changes(self) -> None:
        while True:
            found = list(await self._told.get())
            while not self._told.empty():
                found.extend(self._told.get_nowait())
            await self._publish(found)

    async def _publish(self, found: Sequence[changed.Change]) -> None:
        told = coalesced([item for change in found if (item := self._event(change))])
        while told:
            try:
                await events.publish_once(self.redis, *told)
                return
            except redis.RedisError as error:
                log.warning("changes wait for redis", extra={"cause": str(error)})
                await asyncio.sleep(0.5)

    def _event(self, change: changed.Change) -> tuple[str, str, events.AnyEvent] | None:
        match change:
            case changed.AssetChanged(category, slug, version, new):
                # A problem that comes or goes, or a file that moves, leaves the version as it is.
                asset = self.library.find(category, slug)
                problems = self.library.problem_of(category, slug)
                mark = f"{version}:{asset.path if asset else ''}:{'|'.join(map(str, problems))}"
                return f"asset:{category}/{slug}", mark, events.AssetChanged(category, slug, version, new)
            case changed.StateChanged(category, slug):
                return f"state:{category}/{slug}", new_id(), events.AssetChanged(category, slug)
            case changed.AssetRemoved(category, slug):
                return f"asset:{category}/{slug}", "", events.AssetRemoved(category, slug)
            case changed.ImageAdded(path, category, slug):
                row = self.library.images.get(path)  # a mark in its sidecar is news, too
                return f"image:{path}", str(row.seen if row else 1), events.ImageAdded(path, category, slug)
            case changed.ImageRemoved(path, category, slug):
                return f"image:{path}", "", events.ImageRemoved(path, category, slug)
            case changed.ProblemsChanged():
                everything = self.library.problems()
                mark = sha256("\n".join([*map(str, everything), self._doubts]).encode()).hexdigest()
                return "problems", mark, events.ProblemsChanged(len(everything))
            case changed.SettingsChanged():
                return "settings", new_id(), events.SettingsChanged()
            case changed.TrashChanged():
                return "trash", new_id(), events.TrashChanged()
            case changed.ModelsChanged() | changed.TemplatesChanged() | changed.WildcardsChanged():
                return "library", new_id(), events.LibraryChanged()
            case changed.Progress(done, total) if done >= total:
                return "library", new_id(), events.LibraryChanged()
            case _:
                return None

    def _models_changed(self, found: Models) -> None:
        self.models = found
        listed = {"lora": found.loras, "checkpoint": found.checkpoints} if found.known and not found.drawn else {}
        self.model_files.served(listed)

    async def _backends_changed(self) -> None:
        backends = self.pool.backends
        up = sum(backend.up for backend in backends)
        mark = repr([(b.url, b.state, b.running, b.pending, b.vram_free) for b in backends])
        with contextlib.suppress(redis.RedisError):
            await events.publish_once(self.redis, ("backends", mark, events.BackendsChanged(up, len(backends))))


Told = tuple[str, str, events.AnyEvent]  # key, version, event


def coalesced(told: Sequence[Told]) -> list[Told]:
    """The events without those that a later one of their key replaces; of very many about single things the first few.

    The rest are told as one: every list and every open asset asks for itself again. Other news, of the trash, settings
    or problems, are never among what is left out.
    """
    newest: dict[str, Told] = {}
    for item in told:
        newest.pop(item[0], None)
        newest[item[0]] = item
    single = [item for item in newest.values() if isinstance(item[2], _SINGLE)]
    if len(single) <= MANY:
        return list(newest.values())
    others = [item for item in newest.values() if not isinstance(item[2], _SINGLE)]
    return [*single[:MANY], *others, ("library", new_id(), events.LibraryChanged())]


def build(
    settings: LiveSettings,
    categories: Mapping[str, Category] | None = None,
    rng: Random | None = None,
    http: httpx.AsyncClient | None = None,
) -> Context:
    """A context for one web process; nothing is connected or read yet."""
    categories = categories or declared()
    root = settings().root
    library = Library(root, program(), categories, lambda found: context.tell(found))
    context = Context(
        settings,
        categories,
        library,
        connect(redis_url(settings()), connections=50),
        http or httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=20), trust_env=False),
        rng or SystemRandom(),
    )
    return context
