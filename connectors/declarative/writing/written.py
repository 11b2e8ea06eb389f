"""One kind of document, written, found, posted, discarded and read back as its settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from connectors.declarative.client import Client
from connectors.declarative.hook import Hook
from connectors.declarative.settings.writing import Write
from connectors.declarative.writing.data import roots_of
from connectors.declarative.writing.drafts import Drafts
from connectors.declarative.writing.finding import Finding
from connectors.declarative.writing.idempotency import idempotency
from connectors.declarative.writing.remote import Remotes
from connectors.declarative.writing.steps import Steps, UnderWay, is_done, refusal
from connectors.spi import (
    DocumentRequest,
    Remote,
    UnknownOutcome,
    WriteKind,
    WriteRefused,
    WriteRequest,
    account_of,
)
from core.errors import FatalError, RetryableError


class Written:
    """Writes one kind. Safe to use from threads."""

    def __init__(self, kind: WriteKind, write: Write, client: Client, remotes: Remotes, hook: Hook) -> None:
        self.kind, self.write, self.remotes = kind, write, remotes
        self._hook = hook
        self._steps = Steps(client, kind)
        self.finding = Finding(remotes, client.clock, write.lookup_lag)
        self.idempotency = idempotency(write, self.finding)
        self._drafts = Drafts(kind, write, self._steps, self.finding)

    @property
    def repeatable(self) -> bool:
        """Whether it only states how something is."""
        return self.write.idempotency == "repeat"

    def data(self, request: WriteRequest) -> dict[str, object]:
        """What the templates of a write see of a request. Raises FatalError where a hook breaks."""
        return {name: self._hook.document(self.kind, table) for name, table in roots_of(request).items()}

    def look_up(self, key: str, account: str) -> tuple[Remote, ...]:
        """Every document with the key; none where the kind only states how something is."""
        return () if self.repeatable else self.remotes.look_up(key, account)

    def read_back(self, remote_id: str) -> Remote | None:
        """The document as it stands; None where it is gone."""
        return self.remotes.read_back(remote_id)

    def create(self, request: WriteRequest) -> Remote:
        """Write it, once. Raises what `Adapter.create` raises."""
        under_way = UnderWay(self.data(request))
        self.idempotency.before(request)
        with _nothing_known_once_begun(under_way):
            answer = self._steps.take(self.write.create[0], under_way, "create.0")
            if not is_done(answer):
                if under_way.begun:
                    self._drafts.give_up(under_way.id, refusal(answer).message)
                if self.idempotency.is_taken(answer):
                    raise self.idempotency.when_taken(request, answer)
                raise refusal(answer)
            self.idempotency.after(request, answer)
            self._take_the_rest(under_way)
            if self.write.post:
                return self._drafts.finish(request, self._located(request, under_way))
            return self.receipt(request, under_way.id)

    def post(self, remote_id: str) -> Remote:
        """Post a draft. Raises what `Adapter.post` raises."""
        if not self.write.post:
            raise WriteRefused(f"a {self.kind} has no drafts here")
        try:
            return self._drafts.post(remote_id)
        except RetryableError as error:
            _unknown(error)

    def discard(self, remote_id: str) -> None:
        """Remove a draft. Raises WriteRefused where it cannot be removed."""
        self._drafts.discard(remote_id)

    def receipt(self, request: WriteRequest, remote_id: str) -> Remote:
        """What was just written, as the other system has it. Raises UnknownOutcome where it cannot be read."""
        if self.repeatable:
            account = account_of(request)
            return Remote(request.key, remote_id or account or request.key, account=account)
        if not isinstance(request, DocumentRequest) and remote_id:
            account = account_of(request) if self.remotes.tells("account") else ""
            return Remote(request.key, remote_id, account=account)
        if remote_id and self.remotes.can_read:
            remote = self.remotes.read_back(remote_id)
        else:
            found = self.finding.of(request, wait=True, remote_id=remote_id)
            remote = next((each for each in found if not remote_id or each.remote_id == remote_id), None)
        if remote is None:
            raise UnknownOutcome(
                f"{request.key} was written and cannot be read back",
                hint=f"if this lasts, see write.{self.kind}: save.id, one, find and lookup_lag",
            )
        return remote

    def _take_the_rest(self, under_way: UnderWay) -> None:
        for number, step in enumerate(self.write.create[1:], 1):
            try:
                answer = self._steps.take(step, under_way, f"create.{number}")
            except WriteRefused as error:
                self._drafts.give_up(under_way.id, error.message)
            if not is_done(answer) and answer.meaning != "duplicate":
                self._drafts.give_up(under_way.id, refusal(answer).message)

    def _located(self, request: WriteRequest, under_way: UnderWay) -> UnderWay:
        """With the id of what was created: where no reply told it, it is found by its key."""
        if not under_way.id and self.write.unique != "draft_first":
            under_way.id = self.receipt(request, "").remote_id
        return under_way


@contextmanager
def _nothing_known_once_begun(under_way: UnderWay) -> Iterator[None]:
    """Once a request was carried out, an error of a later one leaves the whole unknown: it is looked up before anything
    is written again."""
    try:
        yield
    except (RetryableError, FatalError) as error:
        if not under_way.begun:
            raise
        _unknown(error)


def _unknown(error: RetryableError | FatalError) -> NoReturn:
    if isinstance(error, UnknownOutcome):
        raise error
    after = error.after if isinstance(error, RetryableError) else None
    raise UnknownOutcome(error.message, hint=error.hint, after=after) from None
