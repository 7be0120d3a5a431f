"""What each event becomes on open pages: patches, nudges, and the same as data for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gaze.jobs import events
from gaze.jobs.record import Job
from gaze.web.gallery.tiles import tile_id, tile_of
from gaze.web.tabs import Message

if TYPE_CHECKING:
    from gaze.web.live import Live


def _job_changed(live: Live, at: str, event: events.JobChanged, job: Job | None) -> list[Message]:
    told = [Message("queue", at, "queue-changed")]
    if job is None:
        return told
    data = {"type": "job.changed", "job": job}
    patch = _card_patch(live, job.category, job.slug)
    told.append(Message(f"job:{job.id}", at, html=patch, data=data))
    told.append(Message(f"asset:{job.category}/{job.slug}", at, f"asset-{job.category}-{job.slug}"))
    return told


def _job_progress(live: Live, at: str, event: events.JobProgress, job: Job | None) -> list[Message]:
    if job is None or job.over:
        return []
    data = {"type": "job.progress", "job": job}
    if job.queue == "llm":
        return [
            Message(
                f"progress:{job.id}", at, html=live.partial(f"#job-{job.id}", "queue/_llm.html", job=job), data=data
            )
        ]
    place = f"{job.category}-{job.slug}"
    asset = live.gaze.library.find(job.category, job.slug) if job.slug else None
    html = live.partial(f"#job-p-{job.id}", "queue/_progress.html", job=job)
    html += live.partial(f"#job-t-{job.id}", "queue/_thumb.html", job=job, asset=asset)
    html += live.partial(f"#outjob-{job.id}", "generator/_out_job.html", job=job) if job.via or job.sweep else ""
    html += live.partial(f"#herojob-{place}", "asset/_hero_job.html", job=job)
    if asset:
        html += live.partial(f"#cardjob-{place}", "library/_card_job.html", asset=asset, job=job)
    if job.progress.preview:
        html += live.partial(f"#hero-{place} #hero-img", "asset/_hero_preview.html", job=job)
    if live.heard(job):
        html += "".join(
            live.partial(target, name)
            for target, name in (
                ("#pills", "live/_pills.html"),
                ("#tray", "live/_tray.html"),
                ("#mini", "live/_mini.html"),
            )
        )
    return [Message(f"progress:{job.id}", at, html=html, data=data)]


def _queue_changed(live: Live, at: str, event: events.QueueChanged, job: None) -> list[Message]:
    return [Message("queue", at, "queue-changed", data=_plain(event))]


def _asset_changed(live: Live, at: str, event: events.AssetChanged, job: None) -> list[Message]:
    key, data = f"{event.category}/{event.slug}", _plain(event)
    return [
        Message(f"card:{key}", at, html=_card_patch(live, event.category, event.slug), data=data),
        Message(f"asset:{key}", at, f"asset-{event.category}-{event.slug}"),
        Message(f"list:{event.category}", at, f"list-{event.category}"),
    ]


def _image_changed(live: Live, at: str, event: events.ImageAdded | events.ImageRemoved, job: None) -> list[Message]:
    told = [
        Message(f"image:{event.path}", at, html=_tile_patch(live, event.path), data=_plain(event)),
        Message("images", at, "images-changed"),
    ]
    row = live.gaze.library.images.get(event.path)
    own = f"{event.category}/{event.slug}" if event.slug else ""
    if own:
        told.append(Message(f"card:{own}", at, html=_card_patch(live, event.category, event.slug)))
    whose = dict.fromkeys(key for key in (own, *(row.assets if row else ())) if key)
    return [*told, *(Message(f"asset:{key}", at, f"asset-{key.replace('/', '-')}") for key in whose)]


def _problems_changed(live: Live, at: str, event: events.ProblemsChanged, job: None) -> list[Message]:
    return [Message("problems", at, "problems-changed", data=_plain(event))]


def _backends_changed(live: Live, at: str, event: events.BackendsChanged, job: None) -> list[Message]:
    return [Message("backends", at, "backends-changed", data=_plain(event))]


def _settings_changed(live: Live, at: str, event: events.SettingsChanged, job: None) -> list[Message]:
    return [Message("settings", at, "settings-changed", data=_plain(event))]


def _trash_changed(live: Live, at: str, event: events.TrashChanged, job: None) -> list[Message]:
    return [Message("trash", at, "trash-changed", data=_plain(event))]


def _proposals_changed(live: Live, at: str, event: events.ProposalsChanged, job: None) -> list[Message]:
    return [Message("proposals", at, "proposals-changed", data=_plain(event))]


def _library_changed(live: Live, at: str, event: events.LibraryChanged, job: None) -> list[Message]:
    return [Message("library", at, "library-changed", data=_plain(event))]


def _card_patch(live: Live, category: str, slug: str) -> str:
    asset = live.gaze.library.find(category, slug) if slug else None
    if asset is None:
        return f'<hx-partial hx-target="#card-{category}-{slug}" hx-swap="delete"></hx-partial>' if slug else ""
    card = live.gaze.library.card(asset)
    return live.partial(
        f"#card-{category}-{slug}", "library/_card.html", card=card, job=live.job_of(f"{category}/{slug}")
    )


def _tile_patch(live: Live, path: str) -> str:
    """The tile of an image in an open gallery, as it is now, or taken away."""
    row = live.gaze.library.images.get(path)
    if row is None:
        return f'<hx-partial hx-target="#ph-{tile_id(path)}" hx-swap="delete"></hx-partial>'
    return live.partial(f"#in-{tile_id(path)}", "gallery/_tile_in.html", tile=tile_of(live.gaze, row))


def _plain(event: events.AnyEvent) -> Any:
    return msgspec.to_builtins(event)


# What each kind of event becomes on open pages.
FRAGMENTS: Mapping[type[events.Event], Callable[..., list[Message]]] = {
    events.JobChanged: _job_changed,
    events.JobProgress: _job_progress,
    events.QueueChanged: _queue_changed,
    events.AssetChanged: _asset_changed,
    events.AssetRemoved: _asset_changed,
    events.ImageAdded: _image_changed,
    events.ImageRemoved: _image_changed,
    events.ProblemsChanged: _problems_changed,
    events.BackendsChanged: _backends_changed,
    events.SettingsChanged: _settings_changed,
    events.TrashChanged: _trash_changed,
    events.ProposalsChanged: _proposals_changed,
    events.LibraryChanged: _library_changed,
}
