"""Requests and replies as a hook sees them: without credentials, bodies as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from connectors.declarative.hook import Hook
from connectors.declarative.outgoing import Outgoing, at_home
from connectors.http.reply import Reply
from core.errors import FatalError


def prepared(hook: Hook, sent: Outgoing, base: str) -> Outgoing:
    """The request a hook makes of ours, before it is signed. `base` is the base address.

    Raises FatalError where the hook breaks, returns something else than a request, or leads to another host.
    """
    if not hook.has("prepare"):
        return sent
    body = None if sent.body is None else sent.body.decode("utf-8", "surrogateescape")
    made = hook.prepare({"method": sent.method, "url": sent.url, "headers": dict(sent.headers), "body": body})
    method, url, body = (made.get(name) for name in ("method", "url", "body"))
    if not isinstance(method, str) or not isinstance(url, str) or not _texts(made.get("headers")):
        raise _nonsense(hook, "prepare", "method, url and headers as text")
    if not at_home(base, url):
        raise FatalError(f"hook {hook.name}: prepare leads to another host than base_url, where nothing was sent")
    target = url.partition("?")[0]
    target = target[len(base) :] if target.startswith(base) else urlsplit(target).path
    return Outgoing(method, url, target.lstrip("/"), dict(made["headers"]), _bytes(hook, "prepare", body))


def answered(hook: Hook, reply: Reply) -> Reply:
    """The reply a hook makes of the one that came. Raises FatalError where the hook breaks or returns something else
    than a reply."""
    if not hook.has("answered"):
        return reply
    text = reply.body.decode("utf-8", "surrogateescape")
    made = hook.answered({"status": reply.status, "headers": dict(reply.headers), "body": text})
    status = made.get("status")
    if not isinstance(status, int) or not _texts(made.get("headers")):
        raise _nonsense(hook, "answered", "status as a number and headers as text")
    return Reply(status, CaseInsensitiveDict(made["headers"]), _bytes(hook, "answered", made.get("body")) or b"")


def _texts(headers: Any) -> bool:
    return isinstance(headers, Mapping) and all(isinstance(text, str) for pair in headers.items() for text in pair)


def _bytes(hook: Hook, method: str, body: Any) -> bytes | None:
    if body is not None and not isinstance(body, str):
        raise _nonsense(hook, method, "body as text or None")
    return None if body is None else body.encode("utf-8", "surrogateescape")


def _nonsense(hook: Hook, method: str, wanted: str) -> FatalError:
    return FatalError(f"hook {hook.name}: {method} returned something else", hint=f"it returns a dict with {wanted}")
