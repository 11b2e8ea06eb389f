"""NetSuite's signature, against one that OpenSSL made of the values in Oracle's documentation."""

from __future__ import annotations

import pytest

from connectors.soap_erp.auth.token_passport import token_passport

_GIVEN = {
    "account": "1234567",
    "consumer_key": "71cc02b731f05895561ef0862d71553a3ac99498a947c3b7beaf4a1e4a29f7c4",
    "consumer_secret": "7278da58caf07f5c336301a601203d10a58e948efa280f0618e25fcee1ef2abd",
    "token_id": "89e08d9767c5ac85b374415725567d05b54ecf0960ad2470894a52f741020d82",
    "token_secret": "060cd9ab3ffbbe1e3d3918e90165ffd37ab12acc76b4691046e2d29c7d7674c2",
    "nonce": "6obMKq0tmY8ylVOdEkA1",
    "timestamp": 1439829974,
}


def test_the_fields_stand_in_the_order_of_the_schema_and_are_signed() -> None:
    passport = token_passport(**_GIVEN)  # type: ignore[arg-type]
    assert list(passport.items()) == [
        ("account", "1234567"),
        ("consumerKey", _GIVEN["consumer_key"]),
        ("token", _GIVEN["token_id"]),
        ("nonce", "6obMKq0tmY8ylVOdEkA1"),
        ("timestamp", 1439829974),
        ("signature", {"algorithm": "HMAC-SHA256", "_value": "FCghIZqXNetuZY8ILWOFH0ucdfzQOmAuL+q+kF21zPs="}),
    ]


@pytest.mark.parametrize("name", sorted(_GIVEN))
def test_every_value_counts(name: str) -> None:
    other = {**_GIVEN, name: 1439829975 if name == "timestamp" else f"{_GIVEN[name]}0"}
    one, two = (token_passport(**given)["signature"] for given in (_GIVEN, other))  # type: ignore[arg-type]
    assert one != two


def test_no_secret_is_in_what_is_sent() -> None:
    sent = repr(token_passport(**_GIVEN))  # type: ignore[arg-type]
    assert "7278da58" not in sent and "060cd9ab" not in sent


def test_what_divides_values_is_quoted() -> None:
    one = token_passport("a", "b&c", "s", "d", "t", "nonce1", 1)
    two = token_passport("a", "b", "s", "c&d", "t", "nonce1", 1)
    assert one["signature"] != two["signature"]
