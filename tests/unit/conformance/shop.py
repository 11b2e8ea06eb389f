"""A small shop system that speaks JSON over HTTP and keeps documents apart by key, in memory.

Documents are drafts first and posted by a second request. Notes are there at once. Tiers are states of an account.
All can be written several at a time, and are posted one by one.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "tok/en+4711=="  # has characters that are quoted in URLs and differ in base64


@dataclass
class Record:
    """A record to be read. `changed` in microseconds since 1970."""

    id: str
    text: str | None
    changed: int


@dataclass
class Document:
    """A document that was written, as the request stated it."""

    id: str
    kind: str
    key: str
    state: str
    content: dict[str, Any]


@dataclass
class Shop:
    """What the system holds. `unique`: it refuses a second document with one key; `taken`: keys without a document."""

    unique: bool = True
    records: dict[str, Record] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    tiers: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    number: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, record_id: str, text: str | None, changed: int | None = None) -> None:
        with self.lock:
            self.records[record_id] = Record(record_id, text, changed or time.time_ns() // 1000)

    def changes(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Records changed in `[since, until)`, in the order of change and id, after a place or from a number on."""
        since, until = int(query["since"]), int(query["until"])
        place = (int(query.get("after", -1)), query.get("after_id", ""))
        with self.lock:
            found = sorted(self.records.values(), key=lambda record: (record.changed, record.id))
        found = [record for record in found if since <= record.changed < until and (record.changed, record.id) > place]
        start = int(query.get("offset", 0))
        return [vars(record) for record in found[start : start + int(query["limit"])]]

    def find(self, kind: str, key: str) -> list[Document]:
        with self.lock:
            return [document for document in self.documents if (document.kind, document.key) == (kind, key)]

    def create(self, kind: str, key: str, content: dict[str, Any]) -> tuple[int, Any]:
        lines = content.get("lines", [])
        if lines and sum(line[3] for line in lines) != content["net"]:
            return 422, {"message": "the lines do not add up"}
        with self.lock:
            if self.unique and (key in self.taken or self.find(kind, key)):
                return 409, {"message": "this key exists"}
            self.number += 1
            state = "posted" if kind == "account_note" else "draft"
            document = Document(str(self.number), kind, key, state, content)
            self.documents.append(document)
        return 201, vars(document)

    def answer(self, method: str, address: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON of the reply to a request."""
        path = urlsplit(address).path.strip("/").split("/")
        query = dict(parse_qsl(urlsplit(address).query))
        data = json.loads(body) if body else {}
        match method, path:
            case "GET", ["ping"]:
                return 200, {}
            case "GET", ["records"]:
                return 200, self.changes(query)
            case "GET", ["records", record_id] if record_id in self.records:
                return 200, vars(self.records[record_id])
            case "GET", ["documents"]:
                return 200, [vars(document) for document in self.find(query["kind"], query["key"])]
            case "POST", ["documents"]:
                return self.create(data["kind"], data["key"], data["content"])
            case "POST", ["documents", "many"]:
                return 200, [self.create(each["kind"], each["key"], each["content"]) for each in data]
            case "POST", ["tiers"]:
                self.tiers.update({each["account"]: each for each in data})
                return 200, data
            case "PUT", ["tiers", account]:
                self.tiers[account] = data
                return 200, data
            case _, ["documents", number, *rest]:
                with self.lock:
                    for document in self.documents:
                        if document.id == number:
                            if (method, rest) == ("POST", ["post"]):
                                document.state = "posted"
                            elif method == "DELETE":
                                self.documents.remove(document)
                            return 200, vars(document)
        return 404, {"message": "there is no such thing"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ShopServer

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        shown = (self.headers.get("Authorization", ""), *dict(parse_qsl(urlsplit(self.path).query)).values())
        if any(TOKEN in text for text in shown):
            status, data = self.server.shop.answer(self.command, self.path, body)
        else:
            status, data = 401, {"message": "who are you?"}
        answer = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _do

    def log_message(self, *_: object) -> None:
        pass


class ShopServer(ThreadingHTTPServer):
    """Serves whatever shop it is given."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.shop = Shop()


@contextmanager
def served() -> Iterator[ShopServer]:
    """A server that serves."""
    with ShopServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
