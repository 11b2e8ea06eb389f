"""Several documents with one request, and what came of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.declarative.client import Answer, Client
from connectors.declarative.expression import as_text, expression
from connectors.declarative.settings.writing import Batch
from connectors.declarative.template import Omitted, render
from connectors.declarative.writing.steps import is_done, refusal
from connectors.declarative.writing.written import Written
from connectors.http.redaction import plain
from connectors.spi import Remote, UnknownOutcome, WriteRefused, WriteRequest
from core.errors import DataError, FatalError, RebatedError, RetryableError

Result = Remote | RebatedError


class _Item(NamedTuple):
    """A request, its place among the others, what templates see of it, and what `by` must equal; empty: nothing."""

    place: int
    request: WriteRequest
    data: Mapping[str, Any]
    name: str


class Batches:
    """Writes documents of one kind together. Safe to use from threads."""

    def __init__(self, client: Client, written: Written, batch: Batch) -> None:
        self._client, self._written, self._batch = client, written, batch
        self._where = f"write.{written.kind}.batch"
        self._duplicate = re.compile(batch.duplicate) if batch.duplicate else None
        self._again = re.compile(batch.again) if batch.again else None
        self.most = batch.most

    def create(self, requests: Sequence[WriteRequest]) -> list[Result]:
        """One result for each, in their order. Raises only where none was carried out."""
        results: dict[int, Result] = {}
        items: list[_Item] = []
        roots = self._client.roots()
        for place, request in enumerate(requests):
            try:
                items.append(self._item(place, request, roots))
            except DataError as error:
                results[place] = WriteRefused(f"the request cannot be made: {error.message} (see {self._where}.key)")
        sent = False
        for part in self._parts(items):
            try:
                results |= self._together(part)
                sent = True
            except (RetryableError, FatalError) as error:
                if not sent:
                    raise
                left = (place for place in range(len(requests)) if place not in results)
                results |= dict.fromkeys(left, error)
                break
        return [results[place] for place in range(len(requests))]

    def _item(self, place: int, request: WriteRequest, roots: Mapping[str, Any]) -> _Item:
        data = self._written.data(request)
        name: Any = ""
        if self._batch.key:
            name = render(self._batch.key, {**roots, "item": data}, self._client.tables)
        return _Item(place, request, data, "" if isinstance(name, Omitted) else as_text(name))

    def _parts(self, items: Sequence[_Item]) -> Iterator[list[_Item]]:
        """At most as many as one request takes, and none twice under one name: the later one must come after."""
        part: list[_Item] = []
        names: set[str] = set()
        for item in items:
            if len(part) == self._batch.most or (item.name and item.name in names):
                yield part
                part, names = [], set()
            part.append(item)
            names.add(item.name)
        if part:
            yield part

    def _together(self, items: Sequence[_Item]) -> dict[int, Result]:
        data = {"items": [item.data for item in items]}
        try:
            answer = self._client.call(self._batch.request, data, during="write")
        except UnknownOutcome as error:
            return {item.place: error for item in items}
        except WriteRefused as error:
            return self._singly(items, error)
        if not is_done(answer):
            return self._singly(items, refusal(answer))
        try:
            return self._told(items, answer)
        except DataError as error:
            unknown = UnknownOutcome(f"{self._where}: the reply cannot be used: {error.message}")
            return {item.place: unknown for item in items}

    def _singly(self, items: Sequence[_Item], error: WriteRefused) -> dict[int, Result]:
        """The whole was refused for the sake of one: each is tried alone."""
        if len(items) == 1 and not self._written.write.create:
            return {items[0].place: error}
        results: dict[int, Result] = {}
        for item in items:
            try:
                if self._written.write.create:
                    results[item.place] = self._written.create(item.request)
                else:
                    results |= self._together([item])
            except RebatedError as alone:
                results[item.place] = alone
        return results

    # ------------------------------------------------------------ what came of each

    def _told(self, items: Sequence[_Item], answer: Answer) -> dict[int, Result]:
        batch = self._batch
        told = _list(expression(batch.results).of(answer.body))
        errors = _list(expression(batch.errors).of(answer.body)) if batch.errors else []
        own: list[Any] = [None] * len(items)
        if batch.by:
            by_name: dict[str, Any] = {}
            for result in told:
                for name in _names(batch.by, result):
                    # Two that contradict each other are no word about what came of it.
                    by_name[name] = result if by_name.get(name, result) == result else None
            own = [by_name.get(item.name) for item in items]
        elif len(told) == len(items):
            own = told
        wrong: dict[str, Any] = {}
        general = None
        for error in errors:
            names = _names(batch.error_by, error) if batch.error_by else []
            wrong |= dict.fromkeys(names, error)
            # What is said of nobody in particular is said of those nothing else is said of.
            general = general if names or general is not None else error
        return {
            item.place: self._result(item, result, wrong.get(item.name), general)
            for item, result in zip(items, own, strict=True)
        }

    def _result(self, item: _Item, result: Any, error: Any, general: Any) -> Result:
        if error is None and result is None:
            error = general
        if error is None and result is not None and self._batch.ok and not expression(self._batch.ok).affirms(result):
            error = result
        try:
            if error is not None:
                return self._failed(item.request, error)
            if result is None:
                return UnknownOutcome(f"{self._where}: the reply says nothing of {item.request.key}")
            remote_id = as_text(expression(self._batch.id).of(result)) if self._batch.id else ""
            return self._written.receipt(item.request, remote_id)
        except UnknownOutcome as lost:
            return lost
        except (RetryableError, FatalError) as lost:  # it was written, and what it became cannot be told now
            return UnknownOutcome(lost.message)

    def _failed(self, request: WriteRequest, told: Any) -> RebatedError:
        found = expression(self._batch.error).of(told) if self._batch.error else told
        message = plain(_words(found)) or "the other system does not say why"
        if self._again is not None and self._again.search(message):
            return RetryableError(message, hint="another change came between; nothing was carried out")
        if self._duplicate is not None and self._duplicate.search(message):
            return self._written.idempotency.when_taken(request, Answer(200, {}, None, "duplicate", message))
        return WriteRefused(message)


def _list(found: Any) -> list[Any]:
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _names(path: str, item: Any) -> list[str]:
    """What of a result or an error names its item: one text, or lists of them."""
    waiting, names = [expression(path).of(item)], []
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif value is not None and value != "" and not isinstance(value, dict):
            names.append(as_text(value))
    return names


def _words(found: Any) -> str:
    if isinstance(found, list):
        return "; ".join(filter(None, map(_words, found[:5])))
    return "" if isinstance(found, dict) else as_text(found)
