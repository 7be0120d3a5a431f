"""What an assistant wrote, as a draft that waits for its user."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from uuid import uuid4

import redis

from gaze.context import Context
from gaze.core.errors import Conflict, Fault, NotFound, Unusable
from gaze.core.shape import shape
from gaze.jobs import events
from gaze.jobs.record import now
from gaze.library import document
from gaze.library.editor import blank
from gaze.library.proposals import Proposal, accept, changed

Json = dict[str, Any]


async def propose(gaze: Context, category: str, changes: Json, slug: str, version: str, why: str) -> Json:
    """Keep a draft, or save it at once where the settings allow that. Says where the user finds it.

    Raises NotFound, Conflict where the asset is another one than was seen, Unusable for what does not fit.
    """
    proposal = await asyncio.to_thread(_draft, gaze, category, changes, slug, version, why)
    if gaze.settings().mcp_saves:
        asset = await asyncio.to_thread(accept, gaze.library, gaze.proposals, proposal)
        return {"status": "saved", "category": category, "slug": asset.slug, "version": asset.version}
    await asyncio.to_thread(gaze.proposals.save, proposal)
    with contextlib.suppress(redis.RedisError, OSError):
        await events.publish(gaze.redis, events.ProposalsChanged())
    return {"status": "proposed", "proposal": proposal.id, "review": f"/proposals/{proposal.id}"}


def _draft(gaze: Context, category: str, changes: Json, slug: str, version: str, why: str) -> Proposal:
    declared = gaze.categories.get(category)
    if declared is None:
        raise NotFound(f"There is no category «{category}»; there are {', '.join(gaze.categories)}.")
    asset = gaze.library.get(category, slug) if slug else None
    if asset is not None:
        there = document.read(gaze.library, category, slug)
        if there.version != version:
            seen = f"version «{version}»" if version else "no version"
            raise Conflict(f"{asset.key} is at version {there.version}, and you named {seen}. Read it again first.")
        was: Json = there.value
    else:
        was = blank(declared, "", "")
    whole: Json = document.merged(was, changes)
    if asset is not None and whole.get(declared.id_field) != was.get(declared.id_field):
        raise Unusable(f"{declared.id_field} names the asset and stays as it is.", field=declared.id_field)
    name = str(whole.get(declared.name_field) or "").strip()
    if not name:
        raise Unusable(f"{declared.name_field} is empty; the {declared.one} needs a name.", field=declared.name_field)
    misfits = shape(whole, declared.struct)[1]
    if misfits:
        faults = [Fault("type", f"{misfit.field}: {misfit.message}", misfit.field) for misfit in misfits]
        raise Unusable("; ".join(fault.message for fault in faults), faults=faults)
    if not changed(was, whole):
        raise Unusable("That changes nothing: every value is there already.")
    return Proposal(
        id=str(uuid4()),
        act="rewrite" if asset else "create",
        category=category,
        created=now(),
        path=asset.path if asset else "",
        version=version,
        name=asset.name if asset else name,
        title=f"An assistant's {'changes' if asset else 'new ' + declared.one}",
        asked=why,
        was=was,
        now=whole,
        provider="MCP",
    )
