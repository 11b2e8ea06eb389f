"""Drafts: of those that hold one key the lowest that is what was asked for is posted, the others go.

A request that the network sent twice makes two drafts. Both of its senders choose the same one, so that one document
is posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from connectors.declarative.settings.writing import Write
from connectors.declarative.writing.comparing import difference
from connectors.declarative.writing.finding import Finding
from connectors.declarative.writing.remote import in_order
from connectors.declarative.writing.steps import Steps, UnderWay, is_done, refusal
from connectors.spi import AlreadyExists, Remote, UnknownOutcome, WriteKind, WriteRefused, WriteRequest
from core.errors import FatalError


class Drafts:
    """Posts and discards documents of one kind. Safe to use from threads."""

    def __init__(self, kind: WriteKind, write: Write, steps: Steps, finding: Finding) -> None:
        self._kind, self._write = kind, write
        self._steps, self._finding, self._remotes = steps, finding, finding.remotes

    def finish(self, request: WriteRequest, under_way: UnderWay) -> Remote:
        """Post what was just created. Raises AlreadyExists where a posted one is there, WriteRefused where none of the
        drafts is what was asked for, or the other system does not post it, UnknownOutcome where it cannot be told."""
        found = self._with_key(request, under_way.id)
        drafts = sorted((remote for remote in found if remote.state == "draft"), key=in_order)
        final = [remote for remote in found if remote.state != "draft"]
        if final:
            for draft in drafts:
                self.discard(draft.remote_id)
            own = next((remote for remote in final if remote.remote_id == under_way.id), None)
            if own is None:
                raise AlreadyExists(f"{request.key} is there already, and {final[0].state}")
            return own
        chosen = next((draft for draft in drafts if not difference(request, draft)), None)
        for draft in drafts:
            if chosen is not None and draft is not chosen:
                self.discard(draft.remote_id)
        if chosen is None:
            self._refuse_all(drafts, f"the other system makes another document of it: {difference(request, drafts[0])}")
        under_way.id = chosen.remote_id
        return self._posted(under_way)

    def post(self, remote_id: str) -> Remote:
        """Post a draft that was left behind; one that is none any more is returned as it is."""
        remote = self._remotes.read_back(remote_id)
        if remote is not None and remote.state != "draft":
            return remote
        return self._posted(UnderWay({}, remote_id))

    def discard(self, remote_id: str) -> None:
        """Remove a draft. One that is gone already is no error. Raises WriteRefused where it cannot be removed."""
        if not self._write.discard:
            raise WriteRefused(
                f"the {self._kind} {remote_id} cannot be removed: write.{self._kind}.discard is not set",
                remote_id=remote_id,
            )
        under_way = UnderWay({}, remote_id)
        for number, step in enumerate(self._write.discard):
            answer = self._steps.take(step, under_way, f"discard.{number}")
            if answer.meaning == "missing":
                return
            if not is_done(answer):
                raise WriteRefused(refusal(answer).message, remote_id=remote_id)

    def give_up(self, remote_id: str, message: str) -> NoReturn:
        """Remove what was begun, and say why there is no document. Raises WriteRefused, naming what could not be
        removed."""
        left = None
        if remote_id:
            try:
                self.discard(remote_id)
            except (WriteRefused, FatalError):
                left = remote_id
        raise WriteRefused(message, remote_id=left)

    def _with_key(self, request: WriteRequest, remote_id: str) -> Sequence[Remote]:
        """The document just created, and every other with its key where the other system would take a second."""
        if self._write.unique == "draft_first":
            found = self._finding.of(request, wait=True, remote_id=remote_id)
            if any(not remote_id or remote.remote_id == remote_id for remote in found):
                return found
            raise UnknownOutcome(
                f"{request.key} was created and is not found by its key yet",
                hint=f"if this lasts, see write.{self._kind}.find and lookup_lag",
            )
        remote = self._remotes.read_back(remote_id)
        if remote is None:
            raise UnknownOutcome(f"{request.key} was created and cannot be read back")
        return (remote,)

    def _posted(self, under_way: UnderWay) -> Remote:
        for number, step in enumerate(self._write.post):
            try:
                answer = self._steps.take(step, under_way, f"post.{number}")
                error = None if is_done(answer) else refusal(answer)
            except WriteRefused as refused:
                error = refused
            if error is not None:
                return self._not_posted(under_way, error)
        remote = self._as_it_stands(under_way)
        if remote.state == "draft":
            raise UnknownOutcome(f"the {self._kind} {under_way.id} was posted and is a draft still")
        return remote

    def _not_posted(self, under_way: UnderWay, error: WriteRefused) -> Remote:
        """It is no draft any more, as another request was faster, or the other system has a reason: then it goes."""
        remote = self._as_it_stands(under_way)
        if remote.state == "draft":
            self.give_up(under_way.id, error.message)
        return remote

    def _as_it_stands(self, under_way: UnderWay) -> Remote:
        remote = self._remotes.read_back(under_way.id)
        if remote is None:
            raise UnknownOutcome(f"the {self._kind} {under_way.id} was being posted and cannot be read back")
        return remote

    def _refuse_all(self, drafts: Sequence[Remote], message: str) -> NoReturn:
        for draft in drafts[1:]:
            self.discard(draft.remote_id)
        self.give_up(drafts[0].remote_id, message)
