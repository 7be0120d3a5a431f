"""What can be done with images: marks, again with a new seed, many at once, images from elsewhere dropped in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.jobs.generate import generate
from gaze.library import archive
from gaze.library.images import UPLOADS
from gaze.library.undo import ImageMarked, keep
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast
from gaze.web.forms import Values
from gaze.web.gallery.ask import ask_of, image_url
from gaze.web.gallery.image import row_of
from gaze.web.gallery.source import source_of
from gaze.web.gallery.tiles import tile_of
from gaze.web.trash import moved
from gaze.web.undo import address

AnyRequest = Request[Any, Any, Any]
ACTS = ("favourite", "nsfw", "delete", "download")
MOST = 5_000
_KEYS = {"favourite": "is_favourite", "nsfw": "is_nsfw"}
_WORDS = {"favourite": ("a favourite", "favourites"), "nsfw": ("NSFW", "NSFW")}


@post("/gallery/image/favourite", include_in_schema=False)
async def favourite(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Mark an image (`image`: path below static/uploads) as favourite, or no longer; `on` says which."""
    return await _mark(request, gaze, "favourite")


@post("/gallery/image/nsfw", include_in_schema=False)
async def nsfw(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Mark an image NSFW, or no longer; `on` says which."""
    return await _mark(request, gaze, "nsfw")


async def _mark(request: AnyRequest, gaze: Context, act: str) -> Response[Any]:
    given = await forms.values(request)
    path = gaze.library.gallery.spelled(forms.one(given, "image"))
    row = await asyncio.to_thread(row_of, gaze, path)
    now = row.favourite if act == "favourite" else gaze.library.image_nsfw(row)
    on = forms.on(given, "on") if forms.one(given, "on") else not now
    await asyncio.to_thread(gaze.library.gallery.save_sidecar, path, {_KEYS[act]: on})
    data = {"image": path, _KEYS[act]: on}
    if is_htmx(request):
        tile = tile_of(gaze, row_of(gaze, path))
        return Response(request.app.state.render("gallery/_marked.html", tile=tile), media_type=HTML, status_code=200)
    return answer(request, data=data, goto=image_url(path))


@post("/gallery/image/again", include_in_schema=False)
async def again(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Make an image's recipe once more (`count` times) with a new seed."""
    given = await forms.values(request)
    path = gaze.library.gallery.spelled(forms.one(given, "image"))
    source = await asyncio.to_thread(source_of, gaze, path)
    if source.recipe is None:
        raise Refusal(source.fault or "Nothing says how this image was made.", status=422, code="no-recipe")
    count = forms.whole(given, "count", 1, 20, 1)
    recipe = msgspec.structs.replace(source.recipe, seed=None, count=count)
    made = await generate(recipe, gaze.library.shelf(), gaze.rng, gaze.queue, gaze.pool)
    await request.app.state.live.look()
    ids = [job.id for job in made.jobs]
    if is_htmx(request):
        text = f"{count} images are queued with new seeds." if count > 1 else "Queued once more with a new seed."
        return Response(toast(request, text), media_type=HTML, status_code=200)
    return answer(request, data={"job_id": ids[0], "job_ids": ids, "notes": made.notes}, goto=image_url(path))


@post("/gallery/bulk", include_in_schema=False)
async def bulk(request: AnyRequest, gaze: Context) -> Response[Any] | Stream:
    """Do `act` to the images named by `image`, or with `all=on` to all that pass the filters."""
    given = await forms.values(request)
    act = forms.one(given, "act")
    if act not in ACTS:
        raise Refusal(f"act is «{act[:40]}»; it can be {', '.join(ACTS)}.", field="act")
    paths = await asyncio.to_thread(_chosen, gaze, given)
    if act == "download":
        return download(gaze, paths)
    if act == "delete":
        trash_id = await asyncio.to_thread(gaze.library.trash.delete_images, paths)
        return moved(request, f"{_many(len(paths))} moved to trash.", trash_id, "/gallery", {"trash_id": trash_id})
    on = forms.one(given, "on", "on").lower() in ("on", "true", "1", "yes")
    steps = await asyncio.to_thread(_set, gaze, paths, act, on)
    changed, undo = len(steps), address(await asyncio.to_thread(keep, gaze.library.root, steps))
    if is_htmx(request):
        one, many = _WORDS[act]
        what = f"{'' if on else 'no longer '}{one if changed == 1 else many}"
        text = (
            f"{_many(changed)} {'is' if changed == 1 else 'are'} {what} now."
            if changed
            else "Nothing had to be changed."
        )
        return Response(toast(request, text, undo=undo), media_type=HTML, status_code=200)
    return answer(request, data={"changed": changed, "undo": undo}, goto="/gallery")


def _chosen(gaze: Context, given: Values) -> list[str]:
    """Paths of the images a form names. Raises Refusal for none, or more than can be done at once."""
    if forms.one(given, "all") == "on":
        paths = [row.path for row in reversed(gaze.library.find_images(ask_of(given).query).rows)]
    else:
        named = [path for value in given.get("image", ()) for path in value.split("\n") if path.strip()]
        paths = list(dict.fromkeys(gaze.library.gallery.spelled(path.strip()) for path in named))
    if not paths:
        raise Refusal("No image is selected; select some first.", field="image")
    if len(paths) > MOST:
        raise Refusal(f"{len(paths):,} images are selected; at most {MOST:,} can be done at once.", field="image")
    return paths


def _set(gaze: Context, paths: Sequence[str], act: str, on: bool) -> list[ImageMarked]:
    """Set a mark on images; what takes it back from those that had another one. An image that is gone is left."""
    key = _KEYS[act]
    steps = []
    for path in paths:
        row = gaze.library.images.get(path)
        now = None if row is None else row.favourite if act == "favourite" else row.nsfw
        if row is not None and now is not on:
            gaze.library.gallery.save_sidecar(path, {key: on})
            steps.append(ImageMarked(path, key, now))
    return steps


def download(gaze: Context, paths: Sequence[str]) -> Stream:
    """A zip of images with their sidecars, sent while it is made."""
    files = [file for path in paths for file in (f"{UPLOADS}/{path}", f"{UPLOADS}/{path}.json")]
    name = f"gaze-images-{datetime.now():%Y%m%d-%H%M}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    made = archive.stream(gaze.library.root, files)
    return Stream(made, media_type="application/zip", headers=headers, status_code=200)


@post("/gallery/drop", include_in_schema=False)
async def drop(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Keep images (`image`) that come from elsewhere; what they say of their making is read from them. 413, 415."""
    form = await request.form()
    kept: list[str] = []
    for file in form.getall("image", []):
        if isinstance(file, UploadFile) and file.filename:
            content = await file.read()
            await file.close()
            kept.append(await asyncio.to_thread(_keep, gaze, file.filename, content))
    if not kept:
        raise Refusal("Choose an image first: PNG, JPEG, WebP, AVIF or GIF.", field="image")
    if is_htmx(request):
        return Response(toast(request, f"{_many(len(kept))} kept."), media_type=HTML, status_code=200)
    return answer(request, data={"images": kept, "url": image_url(kept[0])}, goto=image_url(kept[0]))


def _keep(gaze: Context, name: str, content: bytes) -> str:
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    sidecar = {"dropped": name[:200], "created": datetime.now(UTC).isoformat(timespec="milliseconds")}
    return gaze.library.gallery.save("", "", name.rsplit(".", 1)[0] or "image", content, sidecar)


def _many(count: int) -> str:
    return f"{count:,} image{'' if count == 1 else 's'}"


ROUTES: list[ControllerRouterHandler] = [favourite, nsfw, again, bulk, drop]
