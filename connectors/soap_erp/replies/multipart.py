"""Replies sent as a package of several parts (MTOM, SOAP with attachments)."""

from __future__ import annotations

from email.message import Message

from connectors.soap_erp.replies.markup import NotSoap


def unpacked(body: bytes, kind: str) -> bytes:
    """The one part of a package; any other body as it is. `kind` is the content type of the reply.

    Raises NotSoap where there are attachments beside it, or where the part cannot be read.
    """
    if not kind.lstrip()[:10].lower().startswith("multipart/"):
        return body
    boundary = _header(kind).get_boundary("")
    if not boundary:
        raise NotSoap("it is a package of parts that does not say where they end")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii", "replace"), 3)
    parts = [piece for piece in pieces[1:] if not piece.startswith(b"--")]
    if not parts:
        raise NotSoap("it is a package without any part")
    if len(parts) > 1:
        raise NotSoap("it has attachments, which are not read; have the service send them inside of the reply")
    head, _, content = parts[0].partition(b"\r\n\r\n")
    coding = _field(head, b"content-transfer-encoding")
    if coding not in (b"", b"binary", b"7bit", b"8bit"):
        raise NotSoap("its part is encoded in a way that is not read")
    return content


def _header(kind: str) -> Message:
    message = Message()
    message["Content-Type"] = " ".join(kind.split())
    return message


def _field(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().lower()
    return b""
