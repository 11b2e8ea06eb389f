"""Keys of what we write, and the hash of content."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.keys import KEY_PATTERN, SettlementKey, canonical, content_hash, find_keys, notice_key, settlement_key

KEY = SettlementKey("bonus", "C-1", "DE01", "2025-Q1", "EUR")


def test_the_scheme_of_settlement_keys_has_not_changed() -> None:
    """Keys stand on documents in other systems: another scheme would not find them again."""
    assert settlement_key(KEY) == "RB-BJ3CT5CG7WLG"
    assert notice_key("crm", "C-1", "tier", "17") == "RB-LICNINLBU4SQ"


def test_a_key_is_found_by_its_own_pattern() -> None:
    assert KEY_PATTERN.fullmatch(settlement_key(KEY))
    assert KEY_PATTERN.fullmatch(notice_key("crm", "C-1", "tier", "17"))


def test_the_version_of_the_program_is_no_part_of_a_key() -> None:
    assert SettlementKey._fields == ("program", "payee", "entity", "period", "currency", "sequence")


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(program="bonus2"),
        KEY._replace(payee="C-2"),
        KEY._replace(entity="AT01"),
        KEY._replace(period="2025-Q2"),
        KEY._replace(currency="USD"),
        KEY._replace(sequence=2),
        KEY._replace(program="bonusC", payee="-1"),
    ],
)
def test_each_part_of_the_identity_gives_another_key(other: SettlementKey) -> None:
    assert settlement_key(other) != settlement_key(KEY)


def test_a_reissue_raises_the_generation_and_the_key() -> None:
    keys = {settlement_key(KEY, generation) for generation in range(1, 6)}
    assert len(keys) == 5
    assert settlement_key(KEY, 1) == settlement_key(KEY)


def test_keys_are_found_in_texts_in_order_and_once() -> None:
    one, two = settlement_key(KEY), settlement_key(KEY, 2)
    assert find_keys(None, "", f"our {two}, then ({one})", f"{one}/{two}") == [two, one]


@pytest.mark.parametrize(
    "text",
    [
        "RB-ABCDEFGHIJK",
        "RB-ABCDEFGHIJKLM",
        "XRB-ABCDEFGHIJKL",
        "RB-ABCDEFGHIJK1",
        "rb-abcdefghijkl",
        "RB ABCDEFGHIJKL",
    ],
)
def test_what_only_looks_like_a_key_is_none(text: str) -> None:
    assert find_keys(text) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=6))
def test_content_has_one_hash_whatever_the_order_of_its_keys(content: dict[str, object]) -> None:
    turned = dict(reversed(list(content.items())))
    assert canonical(turned) == canonical(content)
    assert content_hash(turned) == content_hash(content)


@given(json_values)
def test_the_canonical_text_reads_back_as_the_same_content(content: object) -> None:
    assert json.loads(canonical(content)) == content
    canonical(content).encode()


def test_half_a_surrogate_pair_can_be_kept_and_read_back() -> None:
    broken = {"name": "caf\u00e9 \ud83d"}
    assert json.loads(canonical(broken)) == broken
    assert content_hash(broken) != content_hash({"name": "caf\u00e9 ?"})


def test_dates_decimals_and_sets_have_one_form() -> None:
    assert canonical([date(2025, 3, 1), datetime(2025, 3, 1, 12, tzinfo=UTC)]) == (
        '["2025-03-01","2025-03-01T12:00:00+00:00"]'
    )
    assert canonical([Decimal("2.50"), Decimal("2.5"), Decimal("1E+2")]) == '["2.5","2.5","100"]'
    assert canonical(frozenset({"b", "a"})) == canonical({"a", "b"}) == '["a","b"]'


def test_other_content_has_another_hash() -> None:
    assert content_hash({"a": 1}) != content_hash({"a": 2})
    assert content_hash({"a": 1}) != content_hash({"a": "1"})
    assert content_hash([1, 2]) != content_hash([2, 1])


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no canonical form"):
        canonical(object())
