"""`gaze mcp danbooru`: tools that know Danbooru's tags (specification llm, Bundled)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from gaze import __version__
from gaze.danbooru import find
from gaze.danbooru.taglist import Loaded

PORT = 9130  # of --http where no other is named
MOST_LIMIT, MOST_TAGS = 100, 200

Category = Literal["", "general", "artist", "copyright", "character", "meta"]
Limit = Annotated[int, Field(ge=1, le=MOST_LIMIT, description="how many at most")]
Only = Annotated[Category, Field(description="only tags of this category; empty for all")]

_ABOUT = """Danbooru tags for image prompts. Check every tag with validate_tags before you use it, and take what it
suggests for one that is not valid. suggest_tags finds a tag from part of it, misspelled or by another name."""
_ESTIMATES = "The counts are estimates, and this small list lacks most tags: a tag it does not know may exist."


def server(listed: Callable[[], Loaded]) -> MCPServer:
    """The tools over a list of tags, which is asked for anew at each call."""
    made = MCPServer("gaze-danbooru", title="Danbooru tags", instructions=_ABOUT, version=__version__)

    @made.tool()
    def search_tags(
        query: Annotated[str, Field(description="how the tag begins, such as `long_`")],
        limit: Limit = 20,
        category: Only = "",
    ) -> dict[str, Any]:
        """Tags that begin with a text, the most used first."""
        return _found(listed(), find.search(listed().index, query[:200], limit, category))

    @made.tool()
    def validate_tags(
        tags: Annotated[list[str], Field(min_length=1, max_length=MOST_TAGS, description="tags as a prompt has them")],
    ) -> dict[str, Any]:
        """Whether each tag exists. For another name of a tag: which to use. For an unknown one: what may be meant."""
        loaded = listed()
        checked = find.validate(loaded.index, (tag[:200] for tag in tags))
        answer = {"tags": [_verdict(each) for each in checked]}
        return answer if loaded.own else {**answer, "note": _ESTIMATES}

    @made.tool()
    def suggest_tags(
        partial: Annotated[str, Field(description="part of a tag: words in any order, an alias, a misspelling")],
        limit: Limit = 10,
        category: Only = "",
    ) -> dict[str, Any]:
        """Tags that may be meant, the best first."""
        if not partial.strip():
            raise ToolError("«partial» is empty; give a part of a tag.")
        return _found(listed(), find.suggest(listed().index, partial[:200], limit, category))

    return made


def run(listed: Callable[[], Loaded], http: tuple[str, int] | None) -> None:
    """Serve until the client leaves (stdio), or at `http`, host and port, until interrupted."""
    made = server(listed)
    if http is None:
        made.run("stdio")
    else:
        made.run("streamable-http", host=http[0], port=http[1], stateless_http=True, json_response=True)


def _found(loaded: Loaded, found: list[find.Tag]) -> dict[str, Any]:
    rows = [
        {"name": tag.name, "category": tag.category, "count": tag.count, **({"alias": tag.alias} if tag.alias else {})}
        for tag in found
    ]
    return {"tags": rows} if loaded.own else {"tags": rows, "note": _ESTIMATES}


def _verdict(each: find.Verdict) -> dict[str, Any]:
    if each.valid:
        return {"tag": each.given, "valid": True, "category": each.category, "count": each.count}
    if each.tag:
        return {"tag": each.given, "valid": False, "alias_of": each.tag, "category": each.category}
    return {"tag": each.given, "valid": False, "suggestions": list(each.suggestions)}
