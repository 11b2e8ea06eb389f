"""The requests one write is made of: sent in their order, each seeing what earlier ones saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.declarative.client import Answer, Client
from connectors.declarative.expression import as_text, expression
from connectors.declarative.settings.writing import Step
from connectors.declarative.template import find
from connectors.spi import UnknownOutcome, WriteKind, WriteRefused
from core.errors import DataError

_DONE = ("fine", "empty")


class UnderWay:
    """A write that was begun, or will be: what its templates see, and how far it is.

    `id` is the document's as text, empty until a step has saved it. `begun` once a request was carried out that
    did not only read: from then on an error says nothing about the whole.
    """

    def __init__(self, data: Mapping[str, Any], remote_id: str = "") -> None:
        self._data = data
        self._saved: dict[str, Any] = {}
        self.id = remote_id
        self.begun = False

    def seen(self) -> dict[str, Any]:
        """What the templates of the next step see."""
        return {**self._data, "saved": self._saved, "id": self.id or None}

    def save(self, name: str, value: Any) -> None:
        """Keep what a reply told."""
        self._saved[name] = value
        if name == "id" and value is not None:
            self.id = as_text(value)


class Steps:
    """Carries out the steps of one kind. Safe to use from threads."""

    def __init__(self, client: Client, kind: WriteKind) -> None:
        self._client, self._kind = client, kind

    def take(self, step: Step, under_way: UnderWay, place: str) -> Answer:
        """Carry a step out, once or for each item. Returns the last answer, whatever it means; one that is not done
        ends it. `place` is where the step stands in the settings of the kind.

        Raises what the client raises for a write, and UnknownOutcome where the reply does not hold what is saved.
        """
        answer = Answer(200, {}, None, "fine", "")
        for item in self._items(step, under_way, place):
            seen = under_way.seen() if item is None else {**under_way.seen(), "item": item}
            answer = self._client.call(step.request, seen, during="write", also_fine=step.also_fine)
            if not is_done(answer):
                return answer
            under_way.begun = under_way.begun or not step.request.only_reads
            self._save(step, under_way, answer, place)
        return answer

    def _items(self, step: Step, under_way: UnderWay, place: str) -> Sequence[Any]:
        if not step.each:
            return (None,)
        try:
            items = find(under_way.seen(), step.each)
        except DataError as error:
            raise WriteRefused(f"write.{self._kind}.{place}.each: {error.message}") from None
        if not isinstance(items, (list, tuple)):
            raise WriteRefused(f"write.{self._kind}.{place}.each: {step.each} is no list")
        return items

    def _save(self, step: Step, under_way: UnderWay, answer: Answer, place: str) -> None:
        for name, header in step.save_headers.items():
            under_way.save(name, answer.headers.get(header))
        told = answer.body if answer.body is not None else _envelope(answer)
        for name, path in step.save.items():
            try:
                under_way.save(name, expression(path).of(told))
            except DataError as error:
                raise UnknownOutcome(
                    f"the {self._kind} was sent, and its reply cannot be read: {error.message}",
                    hint=f"see write.{self._kind}.{place}.save.{name}",
                ) from None


def is_done(answer: Answer) -> bool:
    """Whether the request was carried out."""
    return answer.meaning in _DONE


def refusal(answer: Answer) -> WriteRefused:
    """Why a request was not carried out, as the other system says it."""
    return WriteRefused(answer.message or f"the other system answered with status {answer.status}, and not why")


def _envelope(answer: Answer) -> dict[str, Any]:
    """What a reply without a body tells: some name what they created in a header."""
    return {"status": answer.status, "headers": {name.lower(): value for name, value in answer.headers.items()}}
