"""The first recipe of CONTRIBUTING.md, done as it says: a category is one declaration and a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.site import JSON, REPOSITORY, Site, character, until

DECLARATION = '''
"""Vehicles: what one travels in."""

from __future__ import annotations

from gaze.core.category import AssetFile, Category, CommonTags, Lora, LoraNode, Part, Section, Slot, TagLine, new


class Vehicle(Section):
    body: TagLine = ""
    paint: TagLine = ""


class VehicleTags(CommonTags):
    era: str = ""


class VehicleAsset(AssetFile):
    vehicle_id: str = ""
    vehicle_name: str = ""
    vehicle: Vehicle = new(Vehicle)
    lora: Lora = new(Lora)
    tags: VehicleTags = new(VehicleTags)


CATEGORY = Category(
    name="vehicles",
    one="vehicle",
    struct=VehicleAsset,
    order=10,
    key="v",
    icon="cube",
    slots=(Slot(Part.OWN, "vehicle", main="body paint"),),
    lora=LoraNode(0, rank=9, folder="Illustrious/Vehicles"),
    blurb="What one travels in.",
)
'''


def test_a_category_is_added_by_one_file_and_a_folder(tmp_path: Path) -> None:
    copy = tmp_path / "program"
    for folder in ("gaze", "templates", "workflows"):
        shutil.copytree(REPOSITORY / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "static", copy / "static", ignore=shutil.ignore_patterns("uploads", "vendor"))
    (copy / "gaze/categories/vehicles.py").write_text(DECLARATION)
    root = tmp_path / "root"
    root.mkdir()
    site = Site(root, {"PYTHONPATH": str(copy), "GAZE_API_KEY": "test-key"})
    site.write("data/characters/alice.json", character("alice"))
    zeppelin = {"vehicle_id": "zeppelin", "vehicle": {"body": "airship", "paint": "silver"}, "tags": {"era": "1930s"}}
    site.write("data/vehicles/zeppelin.json", zeppelin)
    site.start()

    try:
        until(lambda: site.get("/vehicles/")["total"] == 1, what="the new category's library")
        assert "Vehicles" in site.http.get("/").text
        assert [item["slug"] for item in site.get("/vehicles/?era=1930s")["vehicles"]] == ["zeppelin"]
        assert "airship" in site.http.get("/vehicles/zeppelin").text
        listed = site.http.get("/api/v1/vehicles", headers={**JSON, "X-API-Key": "test-key"})
        assert listed.json()["total"] == 1
        prompt = site.post("/characters/alice/preview_prompt", vehicles="zeppelin", extra_positive="dawn").json()[
            "main"
        ]
        assert prompt.endswith("airship, silver, dawn")
        (job,) = site.generate("/vehicles/zeppelin", size="256x256")
        assert site.wait(job)["result"]["relative_path"].startswith("vehicles/zeppelin/")
    finally:
        site.stop()
