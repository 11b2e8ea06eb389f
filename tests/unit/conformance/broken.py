"""Adapters to the shop that each do one thing wrong, as adapters do."""

from __future__ import annotations

import http.client
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode, urlsplit

from connectors.spi import AlreadyExists, NeedsPerson, Remote, UnknownOutcome, Window, WriteKind, WriteRefused
from connectors.spi import WriteRequest as Asked
from core.documents import BadRecord, RawRecord
from core.errors import DataError, FatalError, RebatedError, RetryableError
from tests.unit.conformance.shop_adapter import ShopAdapter, stamp_of

# ---------------------------------------------------------------- reading


class PagesByStampAlone(ShopAdapter):
    """The next page begins after the last stamp."""

    def after(self, last: Mapping[str, Any]) -> dict[str, Any]:
        return {"after": last["changed"], "after_id": "\U0010ffff"}


class PagesByNumber(ShopAdapter):
    """The next page begins after so many records, whatever has moved meanwhile."""

    def after(self, last: Mapping[str, Any]) -> dict[str, Any]:
        self.met = getattr(self, "met", 0) + 2
        return {"offset": self.met}


class LooksNotBack(ShopAdapter):
    """The next pull begins right after the last record of the one before."""

    def since(self, window: Window, cursor: Mapping[str, Any]) -> int:
        high = cursor.get("high")
        return high + 1 if isinstance(high, int) else super().since(window, cursor)


class LosesTheBoundary(LooksNotBack):
    """A pull ends before its end, the next one begins after it: what is stamped at it is met by neither."""

    def cursor(self, last: Mapping[str, Any], window: Window) -> dict[str, Any]:
        return {"high": stamp_of(window.until)}


class StartsAfterSince(ShopAdapter):
    """`since` itself does not belong to the window."""

    def since(self, window: Window, cursor: Mapping[str, Any]) -> int:
        return super().since(window, cursor) + (1 if window.since is not None else 0)


class TripsOverTheFuture(ShopAdapter):
    """A cursor that is ahead of the clock is an error of the library's."""

    def cursor(self, last: Mapping[str, Any], window: Window) -> dict[str, Any]:
        return {"high": stamp_of(window.until)}

    def since(self, window: Window, cursor: Mapping[str, Any]) -> int:
        if cursor.get("high", 0) > stamp_of(window.until):
            raise ValueError("since lies behind until")
        return super().since(window, cursor)


class StopsAtABadRecord(ShopAdapter):
    """One record that cannot be read ends the pull."""

    def records(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[RawRecord], list[BadRecord]]:
        for row in rows:
            if row["text"] is None:
                raise DataError("no_text", f"{row['id']} has no text")
        return super().records(rows)


class DropsABadRecord(ShopAdapter):
    """A record that cannot be read is passed over in silence."""

    def records(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[RawRecord], list[BadRecord]]:
        return super().records(rows)[0], []


class AddsTheTimeOfReading(ShopAdapter):
    """What is read again is not what it was."""

    def record(self, row: Mapping[str, Any]) -> RawRecord:
        read = super().record(row)
        return RawRecord(read.kind, read.external_id, {**read.fields, "read": time.time_ns()}, order=read.order)


# ---------------------------------------------------------------- writing


class TriesAgainByItself(ShopAdapter):
    """A request without a reply is sent again at once."""

    def send(self, url: str, method: str, path: str, body: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        try:
            return super().send(url, method, path, body)
        except (OSError, http.client.HTTPException):
            return super().send(url, method, path, body)


class TakesALostReplyForARefusal(ShopAdapter):
    def doubtful(self, message: str, *, writes: bool) -> RebatedError:  # type: ignore[override]
        return WriteRefused(message) if writes else RetryableError(message)


class TakesALostReplyForNothingDone(ShopAdapter):
    def doubtful(self, message: str, *, writes: bool) -> RetryableError:
        return RetryableError(message)


class TakesHtmlForSuccess(ShopAdapter):
    """Status 200 is enough."""

    def judge(self, status: int, headers: Mapping[str, str], answer: bytes, *, writes: bool) -> Any:
        if status == 200 and answer.startswith(b"<"):
            return {"id": "?", "state": "posted"}
        return super().judge(status, headers, answer, writes=writes)

    def create(self, request: Asked) -> Remote:
        created = self.ask("POST", "/documents", {"kind": request.kind, "key": request.key, "content": {}}, writes=True)
        return Remote(request.key, created["id"])


class CreatesAnewBesideADraft(ShopAdapter):
    """A draft that was left behind is not looked for."""

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        return tuple(remote for remote in super().look_up(kind, key, account) if remote.state == "posted")

    def create(self, request: Asked) -> Remote:
        data = {"kind": request.kind, "key": request.key, "content": asdict(request)}
        return self.post(request.kind, self.ask("POST", "/documents", data, writes=True)["id"])


class LetsTheLibraryOut(ShopAdapter):
    def ask(self, method: str, path: str, data: Any = None, *, writes: bool = False) -> Any:
        body = json.dumps(data, default=str).encode() if data is not None else None
        return self.judge(*self.send(self.settings.url, method, path, body), writes=writes)


class TakesALostReplyForADouble(ShopAdapter):
    """Sends it again and reports what the remote says to the second one."""

    def ask(self, method: str, path: str, data: Any = None, *, writes: bool = False) -> Any:
        try:
            return super().ask(method, path, data, writes=writes)
        except UnknownOutcome:
            return super().ask(method, path, data, writes=writes)


class SaysItExistsForEver(ShopAdapter):
    """A key that is taken without a document is none of a person's business."""

    def create(self, request: Asked) -> Remote:
        try:
            return super().create(request)
        except NeedsPerson:
            raise AlreadyExists("it exists") from None


class GivesUpAfterARefusal(ShopAdapter):
    refused = False

    def create(self, request: Asked) -> Remote:
        if self.refused:
            raise FatalError("the batch has failed")
        try:
            return super().create(request)
        except WriteRefused:
            self.refused = True
            raise


class WritesAStateOnce(ShopAdapter):
    """What was written for an account is never brought up to date."""

    written: frozenset[str] = frozenset()

    def create(self, request: Asked) -> Remote:
        if request.kind == "tier":
            if request.account in self.written:
                return Remote(request.key, "tier")
            type(self).written = self.written | {request.account}
        return super().create(request)


class ShowsOneOfTwo(ShopAdapter):
    """A second document with one key is not noticed."""

    capabilities = ShopAdapter.capabilities._replace(uniqueness="searched")

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        return super().look_up(kind, key, account)[:1]


# ---------------------------------------------------------------- batches


class StopsABatchAtABadOne(ShopAdapter):
    """One that is refused takes the others with it."""

    def create_many(self, requests: Sequence[Asked]) -> Sequence[Remote | RebatedError]:
        results = super().create_many(requests)
        refused = [result for result in results if isinstance(result, WriteRefused)]
        return [refused[0]] * len(results) if refused else results


class ForgetsOneOfABatch(ShopAdapter):
    def create_many(self, requests: Sequence[Asked]) -> Sequence[Remote | RebatedError]:
        return super().create_many(requests)[:-1]


class TakesALostBatchForNothingDone(ShopAdapter):
    def create_many(self, requests: Sequence[Asked]) -> Sequence[Remote | RebatedError]:
        try:
            return super().create_many(requests)
        except UnknownOutcome as error:
            raise RetryableError(error.message) from None


class SendsALostBatchAgain(ShopAdapter):
    """The second one tells of keys that are taken, by itself."""

    def create_many(self, requests: Sequence[Asked]) -> Sequence[Remote | RebatedError]:
        try:
            return super().create_many(requests)
        except UnknownOutcome:
            return super().create_many(requests)


class MixesUpABatch(ShopAdapter):
    """Results in an order of its own."""

    def create_many(self, requests: Sequence[Asked]) -> Sequence[Remote | RebatedError]:
        return list(reversed(super().create_many(requests)))


# ---------------------------------------------------------------- secrets


class TellsTheToken(ShopAdapter):
    """An error tells what was sent."""

    def doubtful(self, message: str, *, writes: bool) -> RetryableError:
        return super().doubtful(f"{message}, sent with {self.headers()}", writes=writes)


class HidesTheTokenBehind(ShopAdapter):
    """The error is clean, the one behind it is not."""

    def ask(self, method: str, path: str, data: Any = None, *, writes: bool = False) -> Any:
        try:
            return super().ask(method, path, data, writes=writes)
        except RetryableError as error:
            error.__context__ = ValueError(f"{self.headers()}")
            raise


class LogsTheToken(ShopAdapter):
    def headers(self) -> dict[str, str]:
        logging.getLogger("shop").debug("sending %s", super().headers())
        return super().headers()


class PrintsTheTokenQuoted(ShopAdapter):
    def headers(self) -> dict[str, str]:
        print(urlencode(super().headers()))
        return super().headers()


class PutsTheTokenIntoTheAddress(ShopAdapter):
    def headers(self) -> dict[str, str]:
        return {}

    def ask(self, method: str, path: str, data: Any = None, *, writes: bool = False) -> Any:
        sign = "&" if "?" in path else "?"
        return super().ask(method, f"{path}{sign}{urlencode({'token': self.settings.token})}", data, writes=writes)


class FollowsRedirects(ShopAdapter):
    """Goes where it is sent, with all it carries."""

    def send(self, url: str, method: str, path: str, body: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        status, headers, answer = super().send(url, method, path, body)
        place = urlsplit(headers.get("Location", ""))
        if place.hostname is None:
            return status, headers, answer
        return super().send(f"http://{place.netloc}", "GET" if status == 303 else method, place.path, body)


class BelievesTheStranger(FollowsRedirects):
    """Leaves its token at home, and takes what another host answers."""

    def headers(self) -> dict[str, str]:
        return {}

    def create(self, request: Asked) -> Remote:
        self.ask("POST", "/documents", {}, writes=True)
        return Remote(request.key, "?")
