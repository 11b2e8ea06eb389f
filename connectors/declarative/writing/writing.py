"""Everything a connection writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.declarative.client import Client
from connectors.declarative.hook import hook_of
from connectors.declarative.listing import Listing
from connectors.declarative.settings import DeclarativeSettings
from connectors.declarative.settings.writing import Write
from connectors.declarative.template import Tables
from connectors.declarative.writing.batch import Batches
from connectors.declarative.writing.remote import Remotes
from connectors.declarative.writing.written import Written
from connectors.spi import Capabilities, Remote, Uniqueness, WriteKind, WriteRequest
from core.documents import RecordKind
from core.errors import ConfigError, FatalError, RebatedError

DOCUMENTS: tuple[WriteKind, ...] = ("credit_note", "debit_invoice")
_WEAKEST_FIRST: tuple[Uniqueness, ...] = ("none", "searched", "draft_first", "enforced")


class Writing:
    """Writes what the settings say, kind by kind. Safe to use from threads."""

    def __init__(self, client: Client, listing: Listing, tables: Tables, settings: DeclarativeSettings) -> None:
        """Makes no request. Raises ConfigError where something is missing that a kind needs, or the hook cannot be
        made."""
        hook = hook_of(settings.hook)
        self._settings = settings
        self._written: dict[WriteKind, Written] = {}
        for kind, write in settings.write.items():
            if not write.off:
                _check(kind, write)
                remotes = Remotes(kind, write, client, listing, tables)
                self._written[kind] = Written(kind, write, client, remotes, hook)
        self._batches = {
            kind: Batches(client, written, written.write.batch)
            for kind, written in self._written.items()
            if written.write.batch is not None and not written.write.post
        }

    def capabilities(self, reads: Iterable[RecordKind]) -> Capabilities:
        """What the connection can do: `uniqueness` is the weakest of its documents, `apart` names kinds that differ."""
        kinds = self._written
        unique = {kind: one.write.unique for kind, one in kinds.items() if not one.repeatable}
        documents = [unique[kind] for kind in DOCUMENTS if kind in unique] or list(unique.values())
        general: Uniqueness = min(documents, key=_WEAKEST_FIRST.index, default="none")
        return Capabilities(
            reads=frozenset(reads),
            writes=frozenset(kinds),
            uniqueness=general,
            lookup_lag=max((one.write.lookup_lag for one in kinds.values() if not one.repeatable), default=0),
            max_request_time=self._settings.longest_request,
            negative_lines=all(kinds[kind].write.negative_lines for kind in DOCUMENTS if kind in kinds),
            repeatable=frozenset(kind for kind, one in kinds.items() if one.repeatable),
            apart={kind: own for kind, own in unique.items() if own != general},
            batches={kind: one.most for kind, one in self._batches.items()},
        )

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        """See `Adapter.look_up`."""
        return self._of(kind).look_up(key, account)

    def create(self, request: WriteRequest) -> Remote:
        """See `Adapter.create`."""
        written = self._of(request.kind)
        if written.write.create:
            return written.create(request)
        (result,) = self._batches[request.kind].create([request])
        if isinstance(result, RebatedError):
            raise result
        return result

    def create_many(self, requests: Sequence[WriteRequest]) -> Sequence[Remote | RebatedError]:
        """See `BatchAdapter.create_many`."""
        kinds = {request.kind for request in requests}
        if len(kinds) != 1 or not kinds <= self._batches.keys():
            raise FatalError(f"{', '.join(sorted(kinds)) or 'nothing'} is not written in batches here")
        return self._batches[requests[0].kind].create(requests)

    def post(self, kind: WriteKind, remote_id: str) -> Remote:
        """See `Adapter.post`."""
        return self._of(kind).post(remote_id)

    def discard(self, kind: WriteKind, remote_id: str) -> None:
        """See `Adapter.discard`."""
        self._of(kind).discard(remote_id)

    def read_back(self, kind: WriteKind, remote_id: str) -> Remote | None:
        """See `Adapter.read_back`."""
        return self._of(kind).read_back(remote_id)

    def _of(self, kind: WriteKind) -> Written:
        if kind not in self._written:
            raise FatalError(f"this connection does not write a {kind}", hint=f"describe it in [write.{kind}]")
        return self._written[kind]


def _check(kind: WriteKind, write: Write) -> None:
    """Raises ConfigError where a kind cannot be written so."""
    place = f"write.{kind}"
    if write.post and not write.one:
        raise ConfigError([("", f"{place}.one", "needed where there is `post`: the request that reads a draft by id")])
    if write.post and not write.create:
        raise ConfigError([("", f"{place}.create", "needed where there is `post`: a batch makes no drafts")])
    if kind not in DOCUMENTS:
        return
    fields = write.remote.fields if write.remote is not None else {}
    for name in ("net", "currency"):
        if name not in fields:
            raise ConfigError(
                [("", f"{place}.remote.fields.{name}", f"needed to compare a {kind} with what was asked")]
            )
