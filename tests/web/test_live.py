"""Live events: each kind has its fragment; a slow tab is bounded."""

from __future__ import annotations

from typing import get_args

from gaze.jobs import events
from gaze.web.fragments import FRAGMENTS
from gaze.web.tabs import MOST_BEHIND, Message, Tab


def test_every_event_has_its_line_in_fragments() -> None:
    assert set(FRAGMENTS) == set(get_args(events.AnyEvent))


async def test_of_several_messages_about_one_thing_a_tab_gets_the_newest() -> None:
    tab = Tab()
    tab.put([Message("job:1", "1-0", html="old"), Message("job:2", "2-0", html="other")])
    tab.put([Message("job:1", "3-0", html="new")])

    taken = await tab.take(1)

    assert [(message.key, message.html) for message in taken] == [("job:2", "other"), ("job:1", "new")]


async def test_a_tab_that_falls_far_behind_is_told_once_to_ask_for_everything() -> None:
    tab = Tab()
    for number in range(MOST_BEHIND + 1):
        tab.put([Message(f"asset:{number}", f"{number}-0", html="x")])

    taken = await tab.take(1)

    assert [(message.name, message.id) for message in taken] == [("stale", f"{MOST_BEHIND}-0")]
