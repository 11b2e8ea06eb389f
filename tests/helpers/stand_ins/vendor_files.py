"""Whether what passed between a preset and a stand-in is what the vendor's own OpenAPI file allows.

The files are not ours and stand outside of the project: `$REBATED_SHARED/specs/openapi`.
"""

from __future__ import annotations

import json
import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.testing import MockRequest, MockResponse

from tests.helpers.stand_ins.base import Received

SHARED = Path(os.environ.get("REBATED_SHARED", Path(__file__).resolve().parents[3].parent / "shared"))
FOLDER = SHARED / "specs" / "openapi"


@cache
def vendor_file(name: str) -> OpenAPI:
    """A vendor's file below the folder, read once. The test is skipped where it is absent."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no {path}: REBATED_SHARED names the folder that holds specs/")
    text = path.read_text("utf-8")
    # The files are for OpenAPI tools, which know floats; no amount is judged here.
    if path.suffix == ".json":
        return OpenAPI.from_dict(json.loads(text))
    return OpenAPI.from_dict(yaml.load(text, _LOADER))  # noqa: S506 - the loader is the safe one, in C where it is there


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def assert_allowed(asked: Received, name: str, host: str) -> None:
    """That the file allows the request, and the answer where it knows the status. `host` is the vendor's."""
    request = MockRequest(
        host,
        asked.method,
        asked.raw_path,
        args=asked.pairs,  # type: ignore[arg-type]
        headers=dict(asked.headers.items()),
        data=asked.body or None,
        content_type=asked.content_type or "application/json",
    )
    what = f"{asked.method} {asked.target}"
    file = vendor_file(name)
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # it does not look into OAuth 2.0
            file.validate_request(request)
    except OpenAPIError as error:
        raise AssertionError(f"{name} does not allow {what} {asked.body!r}: {_why(error)}") from None
    assert asked.answer is not None
    if not asked.answer.raw():
        return
    response = MockResponse(asked.answer.raw(), asked.answer.status, content_type=asked.answer.content_type)
    try:
        file.validate_response(request, response)
    except ResponseNotFound:
        assert asked.answer.status >= 400, f"{name} knows no answer {asked.answer.status} to {what}"
    except OpenAPIError as error:
        raise AssertionError(f"{name} does not allow the answer to {what}: {_why(error)}") from None


def _why(error: OpenAPIError) -> str:
    cause = error.__cause__
    causes = getattr(cause, "schema_errors", None) or [cause or error]
    return "; ".join(str(each)[:200] for each in causes)
