"""Matching: rules in their order, what people said, merges, and that nothing is ever guessed."""

from __future__ import annotations

import pytest

from core.matching import Before, Counterpart, OurAccount, Outcome, Said, domains, match, why
from core.matching.domains import is_shared
from core.matching.vat_numbers import vat_number

KEY_FIRST = ("external_key", "vat_number", "domain")


def account(number: int = 1, external_id: str = "C-1", **more: object) -> OurAccount:
    return OurAccount(number, external_id, **more)  # type: ignore[arg-type]


def there(counterpart: str, **more: object) -> Counterpart:
    return Counterpart(counterpart, **more)  # type: ignore[arg-type]


def one(ours: OurAccount, *theirs: Counterpart, by=KEY_FIRST, **more) -> Outcome:
    return match([ours], theirs, by, **more)[ours.account_id]


def matched(counterpart: str, rule: str, reason: str = "") -> Outcome:
    return Outcome("matched", counterpart, rule, reason)


# ---------------------------------------------------------------- each rule


def test_an_external_key_is_our_id_exactly_apart_from_spaces():
    assert one(account(), there("x", external_key=" C-1 ")) == matched("x", "external_key")
    assert one(account(), there("x", external_key="c-1")).state == "unmatched"


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("DE123456789", "de 123.456-789", True),
        ("DE123456789", "123456789", True),
        ("123456789", "DE123456789", True),
        ("DE123456789", "AT123456789", False),
        ("DE123456789", "DE123456788", False),
        ("GR123456789", "EL123456789", True),
        ("CHE-123.456.789 MWST", "CHE123456789", True),
        ("ATU12345678", "U12345678", True),
        ("NO123456789MVA", "NO 123 456 789", True),
        ("000000000", "000000000", False),
        ("n/a", "n/a", False),
        ("", "", False),
    ],
)
def test_a_vat_number_is_the_same_however_it_is_written(ours: str, theirs: str, same: bool):
    found = one(account(vat_number=ours), there("x", vat_number=theirs), by=("vat_number",))
    assert found == (matched("x", "vat_number") if same else Outcome("unmatched"))


def test_a_number_without_a_prefix_has_that_of_its_country():
    theirs = there("x", vat_number="123456789", country="AT")
    assert one(account(vat_number="DE123456789"), theirs).state == "unmatched"
    assert one(account(vat_number="AT123456789"), theirs).counterpart == "x"
    assert one(account(vat_number="DE123456789"), theirs._replace(country="Austria")).counterpart == "x"
    assert vat_number("123456789", "GR") == ("EL", "123456789")


def test_the_number_of_no_country_is_not_taken_for_that_of_one_of_two():
    ours = account(vat_number="123456789")
    found = one(ours, there("x", vat_number="DE123456789"), there("y", vat_number="AT123456789"))
    assert (found.state, found.reason) == ("ambiguous", "several")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://www.Acme.example/shop?x=1", ("acme.example",)),
        ("http://user@acme.example:8080", ("acme.example",)),
        ("Jane Doe <jane@acme.example>; info@other.example", ("acme.example", "other.example")),
        ("www.acme.example.", ("acme.example",)),
        ("acme.example/contact", ("acme.example",)),
        ("https://müller.example", ("xn--mller-kva.example",)),
        ("n/a", ()),
        ("127.0.0.1", ()),
        ("localhost", ()),
        ("http://[::1", ()),
        ("a" * 70 + ".example", ()),
        ("ü" * 70 + ".example", ()),
        ("..", ()),
        ("", ()),
    ],
)
def test_domains_of_addresses(text: str, found: tuple[str, ...]):
    assert domains(text) == found


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.co.uk", "gmx.at", "web.de", "t-online.de", "dealers.example"])
def test_domains_that_many_share_never_count(domain: str):
    assert is_shared(domain, {"dealers.example"})
    found = one(account(email=f"a@{domain}"), there("x", domain=domain), ignored_domains={"dealers.example"})
    assert found == Outcome("unmatched")


def test_a_domain_is_that_of_website_or_mail():
    assert one(account(email="jane@acme.example"), there("x", domain="acme.example")) == matched("x", "domain")
    assert one(account(email="jane@mail.acme.example"), there("x", domain="acme.example")).state == "unmatched"
    assert not is_shared("outlook-dealers.example")


# ---------------------------------------------------------------- their order


def test_the_first_rule_that_finds_anything_decides():
    ours = account(vat_number="DE123456789")
    theirs = [there("x", external_key="C-1", vat_number="DE123456789"), there("y", vat_number="DE123456789")]
    assert one(ours, *theirs) == matched("x", "external_key")
    assert one(ours, *theirs, by=("vat_number", "external_key")).state == "ambiguous"
    assert one(ours, *theirs, by=()) == Outcome("unmatched")


def test_rules_that_contradict_each_other_decide_nothing():
    ours = account(vat_number="DE123456789")
    found = one(ours, there("x", external_key="C-1"), there("y", vat_number="DE123456789"))
    candidates = (("x", "external_key"), ("y", "vat_number"))
    assert found == Outcome("ambiguous", None, "external_key", "contradiction", candidates)
    assert why(found, {}) == "the external key names x; the VAT number names y"


def test_two_counterparts_of_one_account_go_to_a_person():
    found = one(account(), there("x", external_key="C-1"), there("y", external_key="C-1"))
    assert found.state == "ambiguous"
    assert why(found, {}) == "the external key names several: x, y"


def test_what_says_that_it_is_another_account_is_not_taken():
    ours = account(vat_number="DE123456789")
    found = one(ours, there("x", external_key="C-9", vat_number="DE123456789"))
    assert (found.state, found.reason) == ("ambiguous", "differs")
    assert one(ours, there("x", external_key="C-9", vat_number="DE123456789"), by=("vat_number",)).counterpart == "x"


@pytest.mark.parametrize("gone", [{"archived": True}, {"merged_into": "y"}])
def test_what_is_archived_or_merged_is_no_candidate(gone: dict[str, object]):
    assert one(account(), there("x", external_key="C-1", **gone), there("y")).state == "unmatched"
    assert one(account(), there("x", external_key="C-1"), there("y", merged_from=("x",))).state == "unmatched"


# ---------------------------------------------------------------- accounts that contend


def test_two_accounts_with_equal_claims_go_to_a_person():
    ours = [account(1, "C-1", vat_number="DE123456789"), account(2, "C-2", vat_number="DE123456789")]
    found = match(ours, [there("x", vat_number="DE123456789")], KEY_FIRST)
    assert {number: (item.state, item.reason, item.rivals) for number, item in found.items()} == {
        1: ("ambiguous", "claimed", (2,)),
        2: ("ambiguous", "claimed", (1,)),
    }
    assert why(found[1], {2: "C-2"}) == "x is claimed by C-2 as well"


def test_the_stronger_claim_stands():
    ours = [account(1, "C-1", email="a@group.example"), account(2, "C-2", email="b@group.example")]
    found = match(ours, [there("x", external_key="C-1", domain="group.example")], KEY_FIRST)
    assert found[1] == matched("x", "external_key")
    assert (found[2].state, found[2].reason) == ("ambiguous", "differs")
    file = Said(file={"C-2": ("x",)})
    found = match(ours, [there("x", external_key="C-1")], KEY_FIRST, said=file)
    assert found[2] == matched("x", "file")
    assert (found[1].state, found[1].reason, found[1].rivals) == ("ambiguous", "claimed", (2,))


def test_what_is_in_question_for_one_is_not_given_to_another():
    ours = [account(1, "C-1", vat_number="DE123456789"), account(2, "C-2", vat_number="DE123456789")]
    theirs = [there("x", external_key="C-1"), there("y", vat_number="DE123456789")]
    found = match(ours, theirs, KEY_FIRST)
    assert found[1].reason == "contradiction"
    assert (found[2].state, found[2].reason, found[2].rivals) == ("ambiguous", "claimed", (1,))


def test_a_person_may_give_one_counterpart_to_several():
    ours = [account(1, "C-1"), account(2, "C-2"), account(3, "C-3")]
    said = Said(person={1: "x", 2: "x"})
    found = match(ours, [there("x", external_key="C-3")], KEY_FIRST, said=said)
    assert found[1] == found[2] == matched("x", "person")
    assert (found[3].state, found[3].rivals) == ("ambiguous", (1, 2))


def test_a_file_that_gives_one_counterpart_to_two_is_asked_about():
    said = Said(file={"C-1": ("x",), "C-2": ("x",)})
    found = match([account(1, "C-1"), account(2, "C-2")], [there("x")], KEY_FIRST, said=said)
    assert {item.reason for item in found.values()} == {"claimed"}


def test_many_rivals_are_told_in_part():
    ours = [account(number, f"C-{number}", email="a@group.example") for number in range(1, 100)]
    found = match(ours, [there("x", domain="group.example")], KEY_FIRST)
    assert {item.state for item in found.values()} == {"ambiguous"}
    assert max(len(item.rivals) for item in found.values()) == 20


# ---------------------------------------------------------------- what people said


def test_a_person_wins_over_the_file_and_the_file_over_the_rules():
    theirs = [there("x", external_key="C-1"), there("y"), there("z")]
    assert one(account(), *theirs, said=Said(file={"C-1": ("y",)})) == matched("y", "file")
    said = Said(person={1: "z"}, file={"C-1": ("y",)})
    assert one(account(), *theirs, said=said) == matched("z", "person")


def test_people_may_say_that_there_is_none():
    for said, rule in ((Said(person={1: None}), "person"), (Said(file={"C-1": (None,)}), "file")):
        found = one(account(), there("x", external_key="C-1"), said=said)
        assert found == Outcome("unmatched", None, rule, "none")


def test_a_file_that_contradicts_itself_decides_nothing():
    found = one(account(), there("x"), there("y"), said=Said(file={"C-1": ("x", "y")}))
    assert (found.state, found.reason) == ("ambiguous", "several")
    found = one(account(), there("x"), said=Said(file={"C-1": ("x", None)}))
    assert (found.state, found.candidates) == ("ambiguous", (("x", "file"),))


def test_what_people_said_follows_merges_and_waits_where_nothing_is_left():
    said = Said(person={1: "x"})
    assert one(account(), there("y", merged_from=("x",)), said=said) == matched("y", "person", "merged")
    gone = one(account(), there("y", external_key="C-1"), said=said)
    assert gone == Outcome("stale", "x", "person", "gone")
    assert why(gone, {}) == "x is not there, or in use no more, and nothing says what became of it"


# ---------------------------------------------------------------- what changes

BEFORE = {1: Before("x", "vat_number")}


def test_a_match_survives_what_is_taken_away():
    found = one(account(vat_number="DE123456789"), there("x"), before=BEFORE)
    assert found == matched("x", "vat_number", "kept")
    assert one(account(), there("x"), there("y", external_key="C-1"), before=BEFORE) == matched("y", "external_key")


def test_a_match_does_not_survive_what_contradicts_it():
    ours = account(vat_number="DE123456789")
    assert one(ours, there("x", vat_number="DE111111112"), before=BEFORE).reason == "differs"
    assert one(ours, there("x", external_key="C-9"), before=BEFORE).reason == "differs"
    assert one(ours, there("x"), by=("domain",), before=BEFORE) == Outcome("unmatched")
    assert one(ours, there("x"), before={1: Before("x", "person")}) == Outcome("unmatched")


def test_a_rename_of_the_domain_changes_nothing():
    before = {1: Before("x", "domain")}
    found = one(account(email="a@old.example"), there("x", domain="new.example"), before=before)
    assert found == matched("x", "domain", "kept")


def test_a_match_follows_a_chain_of_merges():
    chain = [there("x", merged_into="y"), there("y", merged_into="z"), there("z", vat_number="AT999999998")]
    ours = account(vat_number="DE123456789")
    found = one(ours, *chain, before=BEFORE)
    assert found == matched("z", "vat_number", "merged")
    again = one(ours, *chain, before={1: Before("z", "vat_number", merged=True)})
    assert again == found, "another VAT number of the survivor is no news"
    assert one(account(), there("z", merged_from=("x", "y")), before=BEFORE).counterpart == "z"


@pytest.mark.parametrize(
    "theirs",
    [
        [],
        [there("x", archived=True)],
        [there("x", merged_into="y"), there("y", merged_into="x")],
        [there("x", merged_from=("y",)), there("y", merged_from=("x",))],
        [there("x", merged_into="y"), there("y", archived=True)],
        [there("x", merged_into="y")],
    ],
)
def test_a_match_that_leads_nowhere_is_stale(theirs: list[Counterpart]):
    found = one(account(), *theirs, before=BEFORE)
    assert found == Outcome("stale", "x", "vat_number", "gone")


def test_a_record_merged_into_itself_is_there():
    theirs = there("x", merged_into="x", merged_from=("x",), external_key="C-1")
    assert one(account(), theirs) == matched("x", "external_key")


def test_merges_that_disagree_go_to_a_person():
    found = one(account(), there("x", merged_into="y"), there("y"), there("z", merged_from=("x",)), before=BEFORE)
    assert (found.state, found.candidates) == ("ambiguous", (("y", "vat_number"), ("z", "vat_number")))
    assert why(found, {}) == "merges there disagree on what it has become: y, z"


def test_of_two_accounts_whose_counterparts_were_merged_the_one_that_is_found_stands():
    ours = [account(1, "C-1"), account(2, "C-2")]
    theirs = [there("x", merged_into="y", external_key="C-1"), there("y", external_key="C-2")]
    found = match(ours, theirs, KEY_FIRST, before={1: Before("x", "external_key"), 2: Before("y", "external_key")})
    assert found[2] == matched("y", "external_key")
    assert found[1].state == "ambiguous"


# ---------------------------------------------------------------- accounts merged in the ERP


def test_the_match_of_the_new_account_wins_else_that_of_the_old_one_serves():
    ours = account(2, "C-2", former=(account(1, "C-1"),))
    old, new = there("x", external_key="C-1"), there("y", external_key="C-2")
    assert one(ours, old) == matched("x", "external_key")
    assert one(ours, old, new) == matched("y", "external_key")
    assert one(ours, there("x"), said=Said(person={1: "x"})) == matched("x", "person")
    assert one(ours, old, said=Said(person={2: None})).state == "unmatched"
    assert one(ours, there("x"), before={1: Before("x", "domain")}) == matched("x", "domain", "kept")
    assert one(ours, old, there("y"), before={2: Before("y", "domain")}) == matched("y", "domain", "kept")
    assert one(ours, old, before={2: Before("x", "external_key")}) == matched("x", "external_key")
    assert one(ours, old, before={2: Before("gone", "external_key")}) == matched("x", "external_key")


def test_what_states_the_key_of_the_old_account_is_no_contradiction():
    ours = account(2, "C-2", vat_number="DE123456789", former=(account(1, "C-1"),))
    assert one(ours, there("x", external_key="C-1", vat_number="DE123456789")) == matched("x", "vat_number")


def test_old_accounts_that_disagree_go_to_a_person():
    ours = account(3, "C-3", former=(account(1, "C-1"), account(2, "C-2")))
    found = one(ours, there("x", external_key="C-1"), there("y", external_key="C-2"))
    assert (found.state, found.candidates) == ("ambiguous", (("x", "external_key"), ("y", "external_key")))
    found = one(ours, there("x", external_key="C-1"), said=Said(person={2: "gone"}))
    assert found == matched("x", "external_key"), "what is there serves"


def test_a_match_by_the_number_of_the_old_account_stays():
    ours = account(2, "C-2", vat_number="DE123456789", former=(account(1, "C-1", vat_number="123456789"),))
    found = there("x", vat_number="AT123456789")
    assert one(ours, found) == matched("x", "vat_number")
    assert one(ours, found, before={2: Before("x", "vat_number")}).state == "matched"


# ---------------------------------------------------------------- what many share


MANY = 500


class Counted(str):
    """An id that counts how often it is put in order."""

    compared = 0
    __hash__ = str.__hash__

    def __lt__(self, other: str) -> bool:
        Counted.compared += 1
        return str.__lt__(self, other)


def test_what_all_share_costs_no_more_than_what_each_has_alone():
    ours = [account(number, f"C-{number}", vat_number="DE123456789", email="a@same.de") for number in range(MANY)]
    theirs = [there(Counted(f"X{number:03}"), vat_number="123456789", domain="same.de") for number in range(MANY)]
    Counted.compared = 0
    found = match(ours, theirs, ("domain", "vat_number"))
    assert {outcome.state for outcome in found.values()} == {"ambiguous"}
    assert found[0].candidates == tuple((f"X{number:03}", "domain") for number in range(20))
    assert Counted.compared < 200 * MANY, "it would take minutes where all were gone through for each account"


def test_long_ways_of_merges_end_where_they_end():
    ours = [account(number, f"C-{number}") for number in range(MANY)]
    theirs = [there(f"X{number}", merged_into=f"X{number + 1}") for number in range(MANY)]
    before = {number: Before(f"X{number}", "external_key") for number in range(MANY)}
    found = match(ours, [*theirs, there(f"X{MANY}")], KEY_FIRST, before=before)
    assert all(outcome.candidates == ((f"X{MANY}", "external_key"),) for outcome in found.values())
    in_a_circle = match(ours, [*theirs, there(f"X{MANY}", merged_into="X0")], KEY_FIRST, before=before)
    assert {outcome.state for outcome in in_a_circle.values()} == {"stale"}
