"""The API's description is valid OpenAPI 3.1, and what the running site answers is what it says."""

from __future__ import annotations

import os
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.site import Site

KEY = {"X-API-Key": "test-key"}
EXAMPLES = int(os.environ.get("GAZE_SCHEMA_EXAMPLES", "12"))
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
ROUTES = [
    ("GET", "/api/v1/images"),
    ("GET", "/api/v1/{category}"),
    ("GET", "/api/v1/{category}/{slug}"),
    ("PUT", "/api/v1/{category}/{slug}"),
    ("PATCH", "/api/v1/{category}/{slug}"),
    ("DELETE", "/api/v1/{category}/{slug}"),
    ("POST", "/api/v1/generate"),
    ("POST", "/api/v1/generate/{preset_slug}"),
    ("GET", "/api/v1/job/{job_id}"),
    ("DELETE", "/api/v1/job/{job_id}"),
]


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A site of its own, whose library the tests may fill with anything."""
    from tests.conftest import library

    made = Site(library(tmp_path_factory.mktemp("schema")), {"GAZE_API_KEY": "test-key"}).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def description(tested: Site) -> dict[str, Any]:
    return dict(httpx.get(f"{tested.url}/api/v1/openapi.json").json())


def test_every_route_is_described_and_tested(description: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, item in description["paths"].items() for method in item}

    assert description["openapi"].startswith("3.1")
    assert described == set(ROUTES)


def test_every_operation_has_a_summary_and_says_how_it_refuses(description: dict[str, Any]) -> None:
    for item in description["paths"].values():
        for operation in item.values():
            assert operation["summary"]
            assert {"400", "401"} <= set(operation["responses"])


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_answers_conform_to_the_description(tested: Site, description: dict[str, Any], method: str, path: str) -> None:
    schema = schemathesis.openapi.from_dict(description)
    operation = schema[path][method]

    @seed(7)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )
    @given(case=operation.as_strategy())
    def answers(case: Any) -> None:
        if "category" in (case.path_parameters or {}):
            case.path_parameters["category"] = "characters"  # most random names would only be 404
        response = case.call(base_url=tested.url, headers=KEY)
        case.validate_response(response, checks=CHECKS, headers=KEY)

    answers()
