"""A remote in memory: it keeps documents by key, and refuses a second one."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.spi import AlreadyExists, Capabilities, DocumentRequest, Remote


@dataclass
class Till:
    """Where the documents of an example go: they are kept, and come back as they were sent."""

    documents: dict[str, DocumentRequest] = field(default_factory=dict)
    capabilities = Capabilities(frozenset(), frozenset({"credit_note", "debit_invoice"}), "enforced", 0, 60)

    def look_up(self, kind: str, key: str, account: str = "") -> tuple[Remote, ...]:
        found = self.read_back(kind, key)
        return () if found is None else (found,)

    def create(self, request: DocumentRequest) -> Remote:
        if request.key in self.documents:
            raise AlreadyExists(request.key)
        self.documents[request.key] = request
        return _remote(request)

    def read_back(self, kind: str, remote_id: str) -> Remote | None:
        request = self.documents.get(remote_id)
        return None if request is None else _remote(request)


def _remote(request: DocumentRequest) -> Remote:
    return Remote(
        request.key,
        request.key,
        account=request.account,
        currency=request.currency,
        net=request.net,
        tax=request.tax,
        taxes=request.taxes,
        line_count=len(request.lines),
    )
