"""Logs of the daemon: structured, with run and document ids, without secrets."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict

_SECRET = re.compile(r"(password|passwd|secret|token|api_?key|authorization|credential)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]+:)[^@\s]+(@)")


def redact(_: Any, __: str, event: EventDict) -> EventDict:
    """Blank out what could be a secret: by the name of the field, and passwords inside URLs."""
    for name, value in event.items():
        if _SECRET.search(name) and name != "event":
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _URL_PASSWORD.sub(r"\1***\2", value)
    return event


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
