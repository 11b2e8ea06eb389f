"""What the stand-in for EspoCRM has of its own: conditions in the query, signatures, posts of one's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.helpers.stand_ins.espocrm import EspoCRM


@pytest.fixture
def espo() -> Iterator[EspoCRM]:
    with EspoCRM() as espo:
        espo.add_field("cRebatedTier")
        yield espo


def call(espo: EspoCRM, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
    headers = {"X-Api-Key": espo.key}
    url = f"{espo.url}/api/v1/{path}"
    return requests.request(method, url, json=body, params=query, headers=headers, timeout=5)


def test_conditions_hold_and_pages_follow(espo: EspoCRM) -> None:
    rows = [espo.add_account(name) for name in "ABC"]
    query = {"where[0][type]": "greaterThan", "where[0][attribute]": "id", "where[0][value]": "", "orderBy": "id"}
    found = call(espo, "GET", "Account", **query, maxSize="2").json()
    assert [each["id"] for each in found["list"]] == sorted(row.id for row in rows)[:2]
    assert found["total"] == 3
    stamp = {"where[0][type]": "greaterThanOrEquals", "where[0][attribute]": "modifiedAt"}
    assert call(espo, "GET", "Account", **stamp, **{"where[0][value]": "2999-01-01 00:00:00"}).json()["list"] == []
    for wrong in ({**stamp, "where[0][value]": "2026-01-01T00:00:00Z"}, {"where[0][type]": "equals"}, {"sort": "x"}):
        assert call(espo, "GET", "Account", **wrong).status_code == 400
    assert call(espo, "GET", "Account", maxSize="201").status_code == 403


def test_posts_double_and_only_the_own_ones_are_listed(espo: EspoCRM) -> None:
    account = espo.add_account("A")
    given = {"type": "Post", "post": "Gold [RB-1]", "parentType": "Account", "parentId": account.id}
    assert [call(espo, "POST", "Note", given).status_code for _ in range(2)] == [200, 200]
    refused = call(espo, "POST", "Note", given | {"parentId": "x"})
    assert (refused.status_code, refused.headers["X-Status-Reason"]) == (403, "No create access.")
    espo.tables["Note"].add({**given, "createdById": "somebody"})
    query = {"where[0][type]": "contains", "where[0][attribute]": "post", "where[0][value]": "RB-1"}
    assert call(espo, "GET", "Note", **query).json()["total"] == 2


def test_unknown_attributes_are_passed_over_and_wrong_values_refused(espo: EspoCRM) -> None:
    account = espo.add_account("A")
    changed = call(espo, "PUT", f"Account/{account.id}", {"cRebatedTier": "gold", "cNoSuch": "x"}).json()
    assert (changed["cRebatedTier"], "cNoSuch" in changed) == ("gold", False)
    assert call(espo, "PUT", f"Account/{account.id}", {"cRebatedTier": 12}).status_code == 400
    assert "cRebatedTier" in call(espo, "GET", "Metadata", key="entityDefs.Account.fields").json()


def test_signatures_are_checked(espo: EspoCRM) -> None:
    def signed(secret: str) -> int:
        digest = hmac.new(secret.encode(), b"GET /Account", hashlib.sha256).hexdigest()
        header = base64.b64encode(f"{espo.key}:{digest}".encode()).decode()
        url = f"{espo.url}/api/v1/Account?maxSize=1"
        return requests.get(url, headers={"X-Hmac-Authorization": header}, timeout=5).status_code

    assert (signed(espo.secret_key), signed("other")) == (200, 401)
    assert requests.get(f"{espo.url}/api/v1/Account", timeout=5).status_code == 401
