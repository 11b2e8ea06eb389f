"""Why a match is as it is, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.matching.account import FILE, PERSON, Candidate, Outcome

RULES = {
    "external_key": "the external key",
    "vat_number": "the VAT number",
    "domain": "the domain",
    PERSON: "a person",
    FILE: "the mapping file",
}


def why(outcome: Outcome, names: Mapping[int, str]) -> str:
    """The reason of an outcome in words; `names` tells how other accounts are called. Empty where it needs none."""
    rule = RULES.get(outcome.rule, outcome.rule)
    those = ", ".join(dict.fromkeys(counterpart for counterpart, _ in outcome.candidates))
    rivals = ", ".join(names.get(account_id, str(account_id)) for account_id in outcome.rivals)
    told = {
        "merged": f"{outcome.counterpart} is what the record that was matched before was merged into",
        "kept": f"{rule} finds it no more, and nothing else; it was matched before",
        "several": f"{rule} names several: {those}",
        "split": f"merges there disagree on what it has become: {those}",
        "contradiction": "; ".join(f"{RULES[name]} names {found}" for name, found in _by_rule(outcome.candidates)),
        "differs": f"{those} states another account's external key, or another VAT number",
        "claimed": f"{those} is claimed by {rivals} as well",
        "gone": f"{outcome.counterpart} is not there, or in use no more, and nothing says what became of it",
        "none": f"{rule} says that it has none there",
    }
    return told.get(outcome.reason, "")


def _by_rule(candidates: Sequence[Candidate]) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for counterpart, rule in candidates:
        found.setdefault(rule, []).append(counterpart)
    return [(rule, ", ".join(names)) for rule, names in found.items()]
