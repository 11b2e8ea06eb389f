from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.spi import WriteRefused
from core.errors import FatalError, RetryableError
from tests.unit.odoo_writing.installation import BUYER, Installation
from tests.unit.odoo_writing.wanted import tier

FIELDS = {
    "tier": ("x_tier", "char"),
    "since": ("x_since", "date"),
    "progress": ("x_progress", "integer"),
    "to_next": ("x_to_next", "float"),
    "accrued": ("x_accrued", "monetary"),
}
NAMED = {"fields": {shown: name for shown, (name, _) in FIELDS.items()}}


def with_fields(odoo: Installation, **kinds: str) -> Installation:
    for shown, (name, kind) in FIELDS.items():
        odoo.server.add_field("res.partner", name, kinds.get(shown, kind))
    odoo.server.write("res.partner", BUYER, credit_limit=0.0)
    return odoo


def shown(odoo: Installation, partner: int = BUYER) -> dict[str, Any]:
    record = odoo.server.record("res.partner", partner)
    assert record is not None
    return {name: record[name] for name, _ in FIELDS.values()}


# -------------------------------------------------------------------- tags


def test_the_tier_is_a_tag_under_ours(each: Installation):
    remote = each.adapter().create(tier())
    assert each.tags() == ["rebated / conformance: gold"]
    assert (remote.key, remote.remote_id, remote.account, remote.state) == (tier().key, "8", "8", "posted")


def test_another_tier_takes_the_place_of_the_one_before(each: Installation):
    adapter = each.adapter()
    for number, name in ((1, "gold"), (2, "silver"), (1, "gold")):
        adapter.create(tier(number))
        assert each.tags() == [f"rebated / conformance: {name}"]
    names = [each.server.record("res.partner.category", tag) for tag in each.server.search("res.partner.category")]
    assert sorted(tag["name"] for tag in names if tag) == ["conformance: gold", "conformance: silver", "rebated"]


def test_tags_are_made_once_for_all_partners_and_processes(ends: Installation):
    other = ends.server.add_partner("Other")
    ends.adapter().create(tier())
    ends.server.forget()
    ends.adapter().create(tier(account=other))
    assert ends.server.count("res.partner.category", "create") == 0
    assert ends.tags() == ends.tags(other) == ["rebated / conformance: gold"]


def test_nothing_is_written_where_nothing_changed(each: Installation):
    adapter = with_fields(each).adapter(NAMED)
    adapter.create(tier())
    before = each.server.record("res.partner", BUYER)
    each.server.forget()
    each.server.advance(60)
    adapter.create(tier())
    assert each.writes() == []
    assert each.server.record("res.partner", BUYER) == before
    assert each.server.count() == 1, "a look is all it takes"


def test_tags_of_people_stay(ends: Installation):
    own = ends.server.create("res.partner.category", name="Wholesale")
    like = ends.server.create("res.partner.category", name="conformance: gold")
    elsewhere = ends.server.create("res.partner.category", name="conformance: bronze", parent_id=own)
    ends.server.write("res.partner", BUYER, category_id=[[6, 0, [own, like, elsewhere]]])
    adapter = ends.adapter()
    adapter.create(tier(1))
    adapter.create(tier(2))
    theirs = ["Wholesale", "Wholesale / conformance: bronze", "conformance: gold"]
    assert ends.tags() == sorted([*theirs, "rebated / conformance: silver"])


@pytest.mark.parametrize(
    ("one", "other"),
    [("a_b", "axb"), ("a%", "abc"), ("a%b", "axxb"), ("a\\b", "ab"), ("club", "club-b2b"), ("a.b", "a")],
)
def test_programs_stand_beside_each_other(spoken: Installation, one: str, other: str):
    adapter = spoken.adapter()
    for program in (one, other):
        adapter.create(tier(program=program, tier="low"))
    adapter.create(tier(program=one, tier="high"))
    assert spoken.tags() == sorted([f"rebated / {one}: high", f"rebated / {other}: low"])
    adapter.create(tier(program=other, tier="high"))
    assert spoken.tags() == sorted([f"rebated / {one}: high", f"rebated / {other}: high"])


def test_another_parent_or_none(odoo: Installation):
    odoo.adapter({"tag": "Treueprogramm"}).create(tier())
    assert odoo.tags() == ["Treueprogramm / conformance: gold"]
    other = odoo.server.add_partner("Other")
    odoo.server.forget()
    odoo.adapter({"tag": ""}).create(tier(account=other))
    assert odoo.tags(other) == [] and odoo.writes() == []


@pytest.mark.parametrize("gone", ["tag", "parent", "both"])
def test_tags_somebody_deleted_are_made_again(spoken: Installation, gone: str):
    adapter = spoken.adapter()
    adapter.create(tier(1))
    tags = spoken.server.search("res.partner.category", [("parent_id", "!=" if gone == "tag" else "=", False)])
    for tag in spoken.server.search("res.partner.category") if gone == "both" else tags:
        spoken.server.unlink("res.partner.category", tag)
    adapter.create(tier(2))
    assert "rebated / conformance: silver" in spoken.tags()
    adapter.create(tier(1))
    assert "rebated / conformance: gold" in spoken.tags()


def test_the_oldest_of_two_tags_of_one_name_is_meant(odoo: Installation):
    parents = [odoo.server.create("res.partner.category", name="rebated") for _ in range(2)]
    odoo.adapter().create(tier())
    (made,) = odoo.server.search("res.partner.category", [("name", "=", "conformance: gold")])
    tag = odoo.server.record("res.partner.category", made)
    assert tag is not None and tag["parent_id"] == parents[0]


# -------------------------------------------------------------------- fields


def test_fields_show_the_standing(each: Installation):
    with_fields(each).adapter(NAMED).create(tier(accrued=12_345))
    assert shown(each) == {
        "x_tier": "gold",
        "x_since": "2026-01-01",
        "x_progress": 67,
        "x_to_next": 500.0,
        "x_accrued": 123.45,
    }


def test_what_is_not_there_is_emptied(ends: Installation):
    adapter = with_fields(ends).adapter(NAMED)
    adapter.create(tier(accrued=12_345))
    adapter.create(tier(since=None, to_next=None, next_tier=None, accrued=0))
    assert shown(ends) == {"x_tier": "gold", "x_since": None, "x_progress": 100, "x_to_next": 0.0, "x_accrued": 0.0}


def test_a_tier_measured_in_a_quantity_is_told_in_its_unit(ends: Installation):
    adapter = with_fields(ends).adapter(NAMED)
    adapter.create(tier(unit="kg", digits=6, measure=7_500_000, to_next=2_500_000, accrued=1234))
    assert (shown(ends)["x_to_next"], shown(ends)["x_progress"], shown(ends)["x_accrued"]) == (2.5, 75, 12.34)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"tier": "platinum"}, "x_tier"),
        ({"since": date(2026, 2, 1)}, "x_since"),
        ({"measure": 350_000, "to_next": 50_000}, "x_progress"),
        ({"measure": 101_000, "to_next": 49_999}, "x_to_next"),
        ({"accrued": 1}, "x_accrued"),
    ],
)
def test_only_the_field_that_changed_is_written(
    spoken: Installation, monkeypatch: pytest.MonkeyPatch, changes: dict, name: str
):
    adapter = with_fields(spoken).adapter({**NAMED, "tag": ""})
    adapter.create(tier(accrued=0))
    sent: list[list[str]] = []
    real = adapter.client.call

    def call(model: str, method: str, /, **named: Any) -> Any:
        if method == "load":
            sent.append(list(named["fields"]))
        return real(model, method, **named)

    monkeypatch.setattr(adapter.client, "call", call)
    spoken.server.forget()
    adapter.create(tier(**{"accrued": 0, **changes}))
    assert spoken.writes() == ["res.partner.load"]
    assert sent[0][0] == ".id" and name in sent[0]
    assert set(sent[0]) - {".id"} <= {name, "x_progress"}


@pytest.mark.parametrize("kinds", [{"tier": "text", "progress": "float", "to_next": "monetary", "accrued": "float"}])
def test_the_other_types_of_fields(spoken: Installation, kinds: dict[str, str]):
    adapter = with_fields(spoken, **kinds).adapter(NAMED)
    adapter.create(tier(accrued=5))
    assert shown(spoken)["x_progress"] == 67.0 and shown(spoken)["x_accrued"] == 0.05
    spoken.server.forget()
    adapter.create(tier(accrued=5))
    assert spoken.writes() == []


def test_figures_people_entered_are_replaced(spoken: Installation):
    adapter = with_fields(spoken).adapter(NAMED)
    spoken.server.write("res.partner", BUYER, x_to_next=33.333333, x_tier="Ünsinn", x_since="1999-12-31")
    adapter.create(tier())
    assert (shown(spoken)["x_to_next"], shown(spoken)["x_tier"]) == (500.0, "gold")
    assert shown(spoken)["x_since"] == "2026-01-01"


def test_amounts_have_the_digits_of_their_currency(odoo: Installation):
    adapter = with_fields(odoo).adapter(NAMED)
    adapter.create(tier(currency="KWD", to_next=1_234_567, accrued=0))
    assert shown(odoo)["x_to_next"] == 1234.567
    adapter.create(tier(currency="JPY", to_next=1234, accrued=0))
    assert shown(odoo)["x_to_next"] == 1234.0


def test_progress_stays_between_nothing_and_all(odoo: Installation):
    adapter = with_fields(odoo).adapter(NAMED)
    for measure, to_next, progress in ((0, 50_000, 0), (-500, 50_000, 0), (1, 1, 50), (100, 0, 100), (0, None, 100)):
        adapter.create(tier(measure=measure, to_next=to_next))
        assert (shown(odoo)["x_progress"] or 0) == progress


def test_a_field_that_is_missing_is_named(ends: Installation):
    ends.server.add_field("res.partner", "x_tier")
    with pytest.raises(FatalError, match=r"partners in Odoo have no field x_since, x_progress$") as stopped:
        adapter = ends.adapter({"fields": {"tier": "x_tier", "since": "x_since", "progress": "x_progress"}})
        adapter.create(tier())
    assert "write.fields" in str(stopped.value.hint)
    assert ends.writes() == [] and ends.tags() == []
    ends.server.add_field("res.partner", "x_since", "date")
    ends.server.add_field("res.partner", "x_progress", "integer")
    adapter.create(tier())
    assert ends.tags() == ["rebated / conformance: gold"], "as soon as somebody has added it"


def test_a_value_the_field_does_not_take_is_refused(spoken: Installation):
    spoken.server.add_field("res.partner", "x_tier", "integer")
    with pytest.raises(WriteRefused, match="'gold' does not seem to be an integer"):
        spoken.adapter({"fields": {"tier": "x_tier"}}).create(tier())


# -------------------------------------------------------------------- partners


@pytest.mark.parametrize("account", [98765, "C-1001", ""])
def test_an_unknown_partner_is_refused(ends: Installation, account: int | str):
    with pytest.raises(WriteRefused, match="there is no partner"):
        ends.adapter().create(tier(account=account))
    assert ends.writes() == []


def test_an_archived_partner_has_its_tier_too(ends: Installation):
    partner = with_fields(ends).server.add_partner("Gone", active=False)
    ends.adapter(NAMED).create(tier(account=partner))
    assert ends.tags(partner) == ["rebated / conformance: gold"]
    assert shown(ends, partner)["x_tier"] == "gold"


def test_a_user_without_the_right_stops_the_connection(spoken: Installation):
    spoken.server.take_group("base.group_partner_manager")
    with pytest.raises(FatalError, match="Contact/Creation"):
        spoken.adapter().create(tier())


def test_a_tier_is_not_looked_up(odoo: Installation):
    adapter = odoo.adapter()
    adapter.create(tier())
    assert adapter.look_up("tier", tier().key) == ()
    assert adapter.read_back("tier", str(BUYER)) is None
    assert "tier" in adapter.capabilities.repeatable


def test_a_server_that_is_down_is_tried_later(odoo: Installation):
    adapter = odoo.adapter()
    adapter.create(tier(1))
    odoo.server.go_down()
    with pytest.raises(RetryableError):
        adapter.create(tier(2))
    odoo.server.come_up()
    adapter.create(tier(2))
    assert odoo.tags() == ["rebated / conformance: silver"]
