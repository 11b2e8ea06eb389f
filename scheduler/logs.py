"""Logs of the daemon: structured, with run and document ids, without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal

import structlog
from structlog.typing import EventDict

_SECRET = re.compile(r"(password|passwd|secret|token|api_?key|authorization|credential)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@/\s]+(?=@)")
_URL_SECRET = re.compile(r"([?&](?:[a-z_]*token|[a-z_]*key|password|secret)=)[^&\s]+", re.IGNORECASE)
_HEADER = re.compile(r"((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)


def redact(_: Any, __: str, event: EventDict) -> EventDict:
    """Blank out what could be a secret: by the name of a field, and inside URLs and headers, at any depth."""
    for name, value in event.items():
        event[name] = "***" if _SECRET.search(name) and name != "event" else _blanked(value)
    return event


def _blanked(value: Any) -> Any:
    if isinstance(value, str):
        for pattern in (_URL_PASSWORD, _URL_SECRET, _HEADER):
            value = pattern.sub(r"\1***", value)
        return value
    if isinstance(value, Mapping):
        return {
            name: "***" if isinstance(name, str) and _SECRET.search(name) else _blanked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_blanked(inner) for inner in value]
    return value


def set_up_logs(level: str, form: Literal["json", "text"]) -> None:
    """Write logs of at least `level` to standard error, as JSON lines or as text for people."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
