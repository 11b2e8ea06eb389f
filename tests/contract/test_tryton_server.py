"""The Tryton of the tests is a real one, and behaves as docs/connectors/tryton.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.helpers.tryton import TrytonServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonServer]:
    with TrytonServer(tmp_path_factory.mktemp("tryton")) as server:
        yield server


@pytest.fixture
def tryton(server: TrytonServer) -> TrytonServer:
    return server.restore()


def test_it_answers_whom_it_knows(tryton: TrytonServer):
    address = f"{tryton.url}/{tryton.database}/rest/model/account.invoice"

    def status(key: str) -> int:
        return requests.get(address, headers={"Authorization": f"Bearer {key}"}, timeout=30).status_code

    assert (status(tryton.key), status("wrong"), status(tryton.key_of("stranger"))) == (200, 401, 400)


def test_what_is_written_is_counted_without_the_server(tryton: TrytonServer):
    key = "RB-2222222222222"
    note = tryton.acts.invoice("C-1001", [("TOOL-1", -1, "10.05")], "2026-04-01", reference=key)
    tryton.acts.invoice("C-1001", [("FOOD-1", -3, "0.35")], "2026-04-01", reference=key, post=False)
    assert tryton.books.documents(key) == [("posted", -1005), ("draft", -105)]
    tryton.acts.delete(note)
    assert tryton.books.documents(key) == [("draft", -105)]


def test_a_restarted_server_has_what_it_had(tryton: TrytonServer):
    party = tryton.acts.party("C-2001", "New")
    address = tryton.url
    tryton.close()
    tryton.start()
    assert tryton.url == address
    assert tryton.acts.call("party.party/search", {"domain": [["code", "=", "C-2001"]]}) == [party]


def test_a_restored_server_has_its_seed_again(tryton: TrytonServer):
    for _ in range(2):
        tryton.restore()
        invoices = tryton.acts.call("account.invoice/search_count", {"domain": []})
        invoice = tryton.acts.invoice("C-1001", [("TOOL-1", 1, "10")], "2026-04-01")
        assert tryton.acts.call("account.invoice/search_count", {"domain": []}) == invoices + 1
        assert invoice == invoices + 1
