"""A host that is not the adapter's: it records what reaches it."""

from __future__ import annotations

from connectors.conformance.faults import Answer
from connectors.conformance.listening import Connection, Listener
from connectors.conformance.messages import Request, read_request

_ANSWER = Answer("stranger", 200, b"{}", "application/json")


class Stranger(Listener):
    """Answers every request with an empty JSON object. `seen` holds what came."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Request] = []

    def _serve(self, client: Connection) -> None:
        while (request := read_request(client.stream)) is not None:
            self.seen.append(request)
            client.send(_ANSWER.reply(request.method).raw)
