"""Settings are refused with the place that is wrong, and a preset is what a customer's own are laid over."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.preset import adapters, laid_over, preset_names
from connectors.soap_erp.settings import SoapSettings


def by_hand() -> dict[str, Any]:
    """Settings of a small system: invoices in, a tier out."""
    return {
        "base_url": "https://erp.example.com/api",
        "auth": {"kind": "bearer", "token": {"env": "TOKEN"}},
        "read": {
            "invoices": {
                "kind": "invoice",
                "request": {"path": "/invoices", "query": {"since": "${window.since}"}},
                "window": {"field": "changed"},
                "fields": {"id": "number", "issued": {"path": "date", "format": "epoch"}},
                "lines": {"records": "lines", "fields": {"net": "amount"}},
            }
        },
        "write": {
            "tier": {
                "idempotency": "repeat",
                "create": {
                    "request": {"method": "PATCH", "path": "/customers/${tier.account}", "body": {"t": "${tier.tier}"}}
                },
            }
        },
    }


def at(settings: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The settings with another value at a path."""
    *above, last = path.split(".")
    place: Any = settings
    for name in above:
        place = place[name]
    place[last] = value
    return settings


def test_a_system_described_by_hand_is_accepted() -> None:
    settings = RestSettings.model_validate(by_hand())
    stream = settings.read["invoices"]
    assert stream.fields["id"].path == "number"
    assert stream.lines is not None and stream.lines.fields["net"].path == "amount"
    assert settings.write["tier"].unique == "none"


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("read.invoices.request.path", "/invoices/${id", "read.invoices.request.path"),
        ("read.invoices.request.query", {"since": "${window.since | no_filter}"}, "read.invoices.request.query.since"),
        ("read.invoices.records", "a..b", "read.invoices.records"),
        ("read.invoices.fields", {"issued": "date"}, "read.invoices"),
        ("read.invoices.fields.id", {"path": "a", "value": "b"}, "read.invoices.fields.id"),
        ("read.invoices.pages", {"kind": "endless"}, "read.invoices.pages"),
        ("read.invoices.pages", {"kind": "cursor"}, "read.invoices.pages.cursor.path"),
        ("read.invoices.detail", True, "read.invoices"),
        ("read.invoices.request.method", "FETCH", "read.invoices.request.method"),
        ("auth.token", "plain-secret", "auth.bearer.token"),
        ("write.tier.create", [], "write.tier"),
        ("write.tier.idempotency", "search", "write.tier"),
        ("write.no_such_kind", {}, "write.no_such_kind"),
        ("errors", [{"then": "retry"}], "errors.0"),
        ("errors", [{"status": [500], "matches": "(", "then": "retry"}], "errors.0.matches"),
        ("throttle", {"rate": {"per_second": 0}}, "throttle.rate.per_second"),
        ("hook", "os.system('x')", "hook"),
        ("no_such_setting", 1, "no_such_setting"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(path: str, value: Any, place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RestSettings.model_validate(at(by_hand(), path, value))
    places = [".".join(map(str, error["loc"])) for error in caught.value.errors()]
    assert any(found.startswith(place) for found in places), places
    assert "plain-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "read.invoices.request.path",
            "/invoices/${id}",
            r"request\.path: \$\{id\}: here there are .*window",
        ),
        ("read.invoices.request.query", {"q": "${values.x}"}, r"request\.query: \$\{values\.x\}: \[values\] has no x"),
        (
            "write.tier.create.request.body",
            {"t": "${note.text}"},
            r"tier\.create\.0\.request\.body: .*note\.text",
        ),
        ("write.tier.create.request.body", {"t": "${tier.tier | map:levels}"}, r"there is no \[maps\.levels\]"),
        (
            "read.invoices.fields.account",
            {"path": "a", "lookup": "b"},
            r"account\.lookup: there is no \[lookups\.b\]",
        ),
    ],
)
def test_names_that_are_not_there_are_found_as_settings_are_read(path: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RestSettings.model_validate(at(by_hand(), path, value))


def test_what_a_loop_names_is_known_inside_it_alone() -> None:
    loop = {"$each": "tier.levels", "$as": "level", "$item": "${level.name}"}
    RestSettings.model_validate(at(by_hand(), "write.tier.create.request.body", {"levels": loop}))
    with pytest.raises(ValidationError, match=r"level\.name"):
        RestSettings.model_validate(
            at(by_hand(), "write.tier.create.request.body", {"levels": loop, "x": "${level.name}"})
        )


def test_uniqueness_follows_from_how_a_key_is_kept() -> None:
    found = {"request": {"path": "/x/${key}"}}
    remote = {"fields": {"id": "id", "net": "net"}}
    step = {"request": {"method": "POST", "path": "/x"}}
    common = {"create": step, "find": found, "remote": remote}
    cases = [
        ({"idempotency": "upsert"}, "enforced"),
        ({"idempotency": "conditional"}, "enforced"),
        ({"idempotency": "duplicate_error"}, "enforced"),
        ({"idempotency": "search", "post": step}, "draft_first"),
        ({"idempotency": "search"}, "none"),
        ({"idempotency": "marker"}, "searched"),
        ({"idempotency": "search", "uniqueness": "searched"}, "searched"),
    ]
    for write, expected in cases:
        settings = RestSettings.model_validate(at(by_hand(), "write.credit_note", common | write))
        assert settings.write["credit_note"].unique == expected


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValidationError, match="there is no preset 'no_such'"):
        RestSettings.model_validate({"preset": "no_such"})


def test_tables_are_laid_over_and_everything_else_replaces() -> None:
    below = {
        "auth": {"kind": "bearer", "scheme": "X"},
        "values": {"a": 1, "b": 2},
        "errors": [1],
        "read": {"x": {"off": False}},
    }
    above = {"auth": {"token": "t"}, "values": {"b": 3}, "errors": [2], "read": {"x": {"off": True}}}
    assert laid_over(below, above) == {
        "auth": {"kind": "bearer", "scheme": "X", "token": "t"},
        "values": {"a": 1, "b": 3},
        "errors": [2],
        "read": {"x": {"off": True}},
    }
    assert laid_over(below, {"auth": {"kind": "basic"}})["auth"] == {"kind": "basic"}
    assert below["values"] == {"a": 1, "b": 2}, "the preset itself stays as it is"


def test_values_a_preset_asks_for_are_needed_and_judged() -> None:
    about = {
        "values": {
            "host": {"title": "Address", "example": "acme.example.com", "pattern": "[a-z.]+"},
            "x": {"title": "X", "required": False},
        }
    }
    for values, message in (
        ({}, "values.host is needed: Address, such as acme.example.com"),
        ({"host": "https://acme"}, "values.host is not of the right form"),
        ({"host": "acme", "hots": "b"}, "values.hots is none of host, x"),
    ):
        with pytest.raises(ValidationError, match=message.replace(".", r"\.")):
            RestSettings.model_validate(by_hand() | {"about": about, "values": values})
    assert (
        RestSettings.model_validate(by_hand() | {"about": about, "values": {"host": "acme"}}).values["host"] == "acme"
    )


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_asks_for_nothing_but_values_and_credentials(name: str) -> None:
    """What is wrong with a bare preset may only be what its customer has to say."""
    settings = {"crm_rest": RestSettings, "soap_erp": SoapSettings}[adapters()[name]]
    try:
        settings.model_validate({"preset": name})
    except ValidationError as error:
        for problem in error.errors():
            place = ".".join(map(str, problem["loc"]))
            assert place.startswith("auth.") or "values." in problem["msg"], f"{place}: {problem['msg']}"


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_tells_what_it_is(name: str) -> None:
    from connectors.declarative.preset import preset
    from connectors.declarative.settings.about import About

    about = About.model_validate(preset(name)["about"])
    assert about.title and about.roles and about.uniqueness and about.rights and about.limits
    assert about.verified or about.unverified
    assert "hook" not in preset(name), "no preset needs a hook"
    assert set(preset(name).get("values", {})) <= set(about.values), "every value is described"


def test_a_name_in_a_path_is_a_value_there_is() -> None:
    good = at(by_hand(), "values", {"key": "erp_no"})
    RestSettings.model_validate(at(good, "read.invoices.fields.number", "custom.${values.key}"))
    for wrong, message in (("custom.${values.no}", "has no no"), ("custom.[${values.key}", "not a JMESPath")):
        with pytest.raises(ValidationError, match=message):
            RestSettings.model_validate(at(good, "read.invoices.fields.number", wrong))


def test_the_zone_of_stamps_may_be_a_value_of_the_customer() -> None:
    settings = by_hand()
    settings["values"] = {"time_zone": "Asia/Kolkata"}
    settings["read"]["invoices"]["window"]["time_zone"] = "${values.time_zone}"
    window = RestSettings.model_validate(settings).read["invoices"].window
    assert getattr(window, "time_zone", "") == "Asia/Kolkata"
