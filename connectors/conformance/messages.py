"""Requests and replies of HTTP/1.1 as they pass: read whole, kept as they came."""

from __future__ import annotations

from http import HTTPStatus
from typing import IO, NamedTuple

Headers = tuple[tuple[str, str], ...]
_LONGEST_LINE = 1 << 16


class Broken(Exception):
    """What came is not HTTP, or ended before it was whole."""


class Request(NamedTuple):
    """A request as it came. `path` carries the query, `body` is what was sent without its chunks, `raw` everything."""

    method: str
    path: str
    headers: Headers
    body: bytes
    raw: bytes

    def header(self, name: str) -> str:
        """The first header of that name, in any case; empty text where there is none."""
        return header(self.headers, name)

    def __repr__(self) -> str:  # headers and body may hold credentials
        return f"<{self.method} {self.path}, {len(self.body)} bytes>"


class Reply(NamedTuple):
    """A reply as it came. `start` is how many bytes of `raw` come before the body; `lasting`: the connection stays."""

    status: int
    headers: Headers
    body: bytes
    raw: bytes
    start: int
    lasting: bool

    def __repr__(self) -> str:
        return f"<{self.status}, {len(self.body)} bytes>"


def header(headers: Headers, name: str) -> str:
    """The first header of that name, in any case; empty text where there is none."""
    return next((value for key, value in headers if key.lower() == name.lower()), "")


def read_request(stream: IO[bytes]) -> Request | None:
    """The next request; None where the client is done. Raises Broken and OSError."""
    first = stream.readline(_LONGEST_LINE)
    if not first:
        return None
    try:
        method, path, version = first.decode("latin-1").split()
    except ValueError:
        raise Broken(f"no request line: {first[:40]!r}") from None
    if not version.startswith("HTTP/1."):
        raise Broken(f"not HTTP/1: {version}")
    head, headers = _read_headers(stream)
    body, sent = _read_body(stream, headers, to_the_end=False)
    return Request(method, path, headers, body, first + head + sent)


def read_reply(stream: IO[bytes], method: str) -> Reply:
    """The reply to a request of that method; interim ones (1xx) are passed over. Raises Broken and OSError."""
    while True:
        first = stream.readline(_LONGEST_LINE)
        try:
            version, code = first.decode("latin-1").split(maxsplit=2)[:2]
            status = int(code)
        except ValueError:
            raise Broken(f"no status line: {first[:40]!r}") from None
        head, headers = _read_headers(stream)
        if status >= HTTPStatus.OK:
            break
    bodiless = method == "HEAD" or status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    delimited = bodiless or _is_chunked(headers) or bool(header(headers, "Content-Length"))
    body, sent = (b"", b"") if bodiless else _read_body(stream, headers, to_the_end=not delimited)
    told = header(headers, "Connection").lower()
    lasting = delimited and (told == "keep-alive" or (version == "HTTP/1.1" and told != "close"))
    return Reply(status, headers, body, first + head + sent, len(first + head), lasting)


def _read_headers(stream: IO[bytes]) -> tuple[bytes, Headers]:
    raw = b""
    headers: list[tuple[str, str]] = []
    while True:
        line = stream.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise Broken("the headers ended early")
        raw += line
        if not line.strip():
            return raw, tuple(headers)
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name.strip(), value.strip()))


def _is_chunked(headers: Headers) -> bool:
    return header(headers, "Transfer-Encoding").lower().endswith("chunked")


def _read_body(stream: IO[bytes], headers: Headers, *, to_the_end: bool) -> tuple[bytes, bytes]:
    """The body, and the bytes that carried it."""
    if to_the_end:
        whole = stream.read()
        return whole, whole
    if _is_chunked(headers):
        return _read_chunks(stream)
    length = header(headers, "Content-Length") or "0"
    if not length.isdecimal():
        raise Broken(f"no length: {length[:20]!r}")
    body = _exactly(stream, int(length))
    return body, body


def _read_chunks(stream: IO[bytes]) -> tuple[bytes, bytes]:
    body, raw = bytearray(), bytearray()
    while True:
        line = stream.readline(_LONGEST_LINE)
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise Broken(f"no size of a chunk: {line[:20]!r}") from None
        raw += line
        if size == 0:
            trailers, _ = _read_headers(stream)
            return bytes(body), bytes(raw + trailers)
        chunk = _exactly(stream, size)
        end = _exactly(stream, 2)
        body += chunk
        raw += chunk + end


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Broken(f"{len(data)} bytes came of {size}")
    return data
