"""Strengths over HTTP: sweeps are queued, kept, shown, used, deleted."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.site import JSON, Site, until

HTMX = {"HX-Request": "true"}


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    """A style with a LoRA, whose page makes small pictures."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:40]
    lora = {"lora_name": "styles/ink.safetensors", "lora_weight": 0.8}
    style = {"style_id": name, "style_name": name.title(), "style": {"artistic_style": "ink"}, "lora": lora}
    site.write(f"data/styles/{name}.json", style)
    site.write(f"data/state/styles/{name}.json", {"character": "alice", "scenes": "beach", "size": "256x256"})
    until(lambda: site.http.get(f"/styles/{name}", headers=JSON).status_code == 200, what="the style")
    return name


def swept(site: Site, slug: str, **form: Any) -> dict[str, Any]:
    answer = site.post(f"/strengths/styles/{slug}", **form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def done(site: Site, slug: str, made: dict[str, Any]) -> dict[str, Any]:
    """The sweep once all its pictures are there."""

    def look() -> dict[str, Any] | None:
        sweep = next(each for each in site.get(f"/strengths/styles/{slug}")["sweeps"] if each["id"] == made["sweep"])
        return sweep if sweep["count"] == sweep["total"] else None

    return dict(until(look, 60, "the pictures of the sweep"))


def test_a_sweep_fills_its_grid_and_its_file(site: Site, slug: str) -> None:
    made = swept(site, slug, **{"from": "0.4", "to": "0.8", "step": "0.4"}, down="cfg", down_values="3, 7", seed="5")

    done(site, slug, made)

    kept = json.loads((site.root / f"data/sweeps/styles/{slug}/{made['sweep']}.json").read_text())
    assert kept["across"] == {"kind": "weight", "values": ["0.4", "0.8"]}
    assert kept["down"] == {"kind": "cfg", "values": ["3", "7"]}
    assert set(kept["images"]) == {"0,0", "1,0", "0,1", "1,1"}
    sidecar = json.loads((site.root / "static/uploads" / (kept["images"]["1,1"] + ".json")).read_text())
    assert (sidecar["seed"], sidecar["recipe"]["weights"][f"styles/{slug}"], sidecar["recipe"]["cfg"]) == (5, 0.8, 7.0)
    page = site.http.get(f"/strengths/styles/{slug}").text
    assert "4 of 4" in page
    assert "Use 0.4" in page


def test_sweeping_changes_neither_cover_nor_preview(site: Site, slug: str) -> None:
    done(site, slug, swept(site, slug, across="steps", values="4, 5"))

    state = json.loads((site.root / f"data/state/styles/{slug}.json").read_text())

    assert not {"cover", "last_preview"} & set(state)


def test_a_pick_writes_the_weight_into_the_file(site: Site, slug: str) -> None:
    made = swept(site, slug, values="0.3, 0.55")
    done(site, slug, made)
    path = site.root / f"data/styles/{slug}.json"
    before = path.read_text().splitlines()

    answer = site.post(f"/strengths/styles/{slug}/{made['sweep']}/use", cell="1,0")

    told = answer.json()
    assert (told["lora_weight"], told["before"]) == (0.55, 0.8)
    after = path.read_text().splitlines()
    assert [line for line in after if line not in before] == ['    "lora_weight": 0.55']
    assert "Use 0.3" in site.http.get(f"/strengths/styles/{slug}").text
    site.post(told["undo"])
    assert path.read_text().splitlines() == before


def test_leave_one_out_shows_what_each_part_does(site: Site, slug: str) -> None:
    made = swept(site, slug, across="without", seed="9")

    sweep = done(site, slug, made)

    page = site.http.get(f"/strengths/styles/{slug}").text
    assert sweep["total"] == 4  # everything, no Alice, no Beach, no LoRA
    for text in ("everything", "no Alice", "no Beach", "LoRA"):
        assert text in page


def test_the_grid_is_saved_as_one_labelled_picture(site: Site, slug: str) -> None:
    made = swept(site, slug, values="0.3, 0.6, 0.9")
    address = f"/strengths/styles/{slug}/{made['sweep']}/grid.png"
    done(site, slug, made)

    answer = site.http.get(address)

    picture = Image.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == "image/png"
    assert picture.width > 3 * 256
    assert picture.width > 2 * picture.height


@pytest.mark.parametrize(
    ("form", "status", "field"),
    [
        ({"from": "0", "to": "1", "step": "0"}, 400, "from"),
        ({"from": "0", "to": "1", "step": "0.001"}, 400, "from"),
        ({"across": "cfg", "values": "3,5", "down": "cfg", "down_values": "3"}, 400, "down"),
        ({"across": "cfg", "values": "3,500"}, 400, "cfg"),
        ({"across": "nothing", "values": "3"}, 400, "values"),
        (
            {"values": ",".join(map(str, range(30))), "down": "seed", "down_values": ",".join(map(str, range(30)))},
            400,
            "values",
        ),
    ],
)
def test_axes_that_make_no_sense_queue_nothing(
    site: Site, slug: str, form: dict[str, str], status: int, field: str
) -> None:
    answer = site.post(f"/strengths/styles/{slug}", **form)

    assert answer.status_code == status
    assert answer.json()["errors"][0].get("field", "") == field or not field
    assert not list((site.root / f"data/sweeps/styles/{slug}").glob("*.json"))


def test_a_sweep_follows_its_asset_and_can_be_deleted_and_restored(site: Site, slug: str) -> None:
    made = swept(site, slug, values="0.3")
    done(site, slug, made)

    renamed = site.post(f"/styles/{slug}/rename", name="Renamed", id=f"{slug}_2").json()["slug"]

    assert site.get(f"/strengths/styles/{renamed}")["sweeps"][0]["count"] == 1
    trash = site.post(f"/strengths/styles/{renamed}/{made['sweep']}/delete").json()["trash"]
    assert site.get(f"/strengths/styles/{renamed}")["sweeps"] == []
    site.post(f"/trash/{trash}/restore")
    assert site.get(f"/strengths/styles/{renamed}")["sweeps"][0]["id"] == made["sweep"]


def test_an_asset_without_lora_is_swept_by_other_things(site: Site) -> None:
    answer = site.post("/strengths/scenes/beach", across="weight", values="1")

    assert answer.status_code == 400
    assert "no LoRA" in answer.json()["errors"][0]["message"]
    assert "LoRA weight" not in site.http.get("/strengths/scenes/beach").text


def test_a_sweep_that_is_not_there_is_404(site: Site) -> None:
    for name in ("x", "01a21397-cff3-7077-8178-7e6057e1edd5", "..%2f..%2fsettings"):
        assert site.http.get(f"/strengths/scenes/beach/{name}/grid.png").status_code == 404
