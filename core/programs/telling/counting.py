"""Whose purchases count, which of them, and what they are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from core.programs.audience import AccountSelection
from core.programs.basis import Basis, ProductSelection, Scope
from core.programs.program import Program, Slice
from core.programs.telling.words import MEASURES, SELECTED, number, selection
from core.programs.tier import Tier

_WINDOWS = {
    "calendar": "calendar year",
    "anniversary": "year that begins with the day of enrolment, or of the first document",
    "lifetime": "whole time",
}


def audience(part: Slice) -> Iterator[str]:
    """Who takes part in a slice, and whose result it is."""
    audience = part.audience
    who = selection(audience, AccountSelection.model_fields)
    yield f"For {who}." if who else "For every account."
    never = " or ".join(
        f"{SELECTED[name]} {', '.join(values)}"
        for name in AccountSelection.model_fields
        if (values := getattr(audience.exclude, name))
    )
    if never:
        yield f"Never for {never}."
    if audience.enrolled:
        yield "Only documents of days on which the account is enrolled count."
    if audience.tiers is not None:
        yield (
            f"Only documents of days on which the account has the tier {' or '.join(audience.tiers.levels)} "
            f"of {audience.tiers.program} count."
        )
    if audience.pilot is not None:
        share = number(audience.pilot.percent)
        whom = "them take part" if audience.pilot.part == "pilot" else "them do not take part, all others do"
        yield f"A stable {share} % of {whom}."
    if audience.beneficiary != "account":
        whose = {"group": "buying group", "parent": "parent account", "top_parent": "topmost parent account"}
        how = "in equal parts" if audience.distribution == "equal" else "by what each bought"
        yield (
            f"Purchases are added up for each {whose[audience.beneficiary]}; the result is shared among the accounts "
            f"that were invoiced {how}."
        )


def products(scope: Scope) -> Iterator[str]:
    """Which products count."""
    what = selection(scope, ProductSelection.model_fields)
    if what:
        yield f"Only {what} count."
    never = " or ".join(
        f"{SELECTED[name]} {', '.join(values)}"
        for name in ProductSelection.model_fields
        if (values := getattr(scope.exclude, name))
    )
    if never:
        yield f"Never {never}."


def _unit(basis: Basis) -> str:
    return f" in {basis.unit}" if basis.unit else ""


def measure(program: Program) -> Iterator[str]:
    """What is measured, and which documents count."""
    basis = program.basis
    over = {"period": "", "document": " of each document", "line": " of each line"}[basis.accumulate]
    day = {"issue": "", "delivery": ", dated by delivery", "payment": ", dated by payment"}[basis.date]
    paid = {
        "invoiced": "",
        "in_full": " Documents count once they are paid in full.",
        "share": " Documents count as far as they are paid.",
        "within_terms": " Documents count if they are paid in full by their due date.",
    }[basis.paid]
    yield f"Measured is the {MEASURES[basis.measure]}{_unit(basis)}{over}{day}.{paid}"
    yield from products(program.scope)
    if program.scope.line_kinds_out:
        yield f"Lines of these kinds never count: {', '.join(program.scope.line_kinds_out)}."
    yield {
        "count": "Credit notes of the source reduce the measure of their own period.",
        "original_period": "Credit notes of the source reduce the measure of the period of the invoice they correct.",
        "exclude": "Credit notes of the source do not count.",
    }[basis.returns]
    if basis.negative == "zero":
        yield "A measure below zero counts as zero."
    if basis.net_of:
        yield f"What {', '.join(basis.net_of)} pays on the same lines is taken off first."


def status(status: Tier, currency: str) -> Iterator[str]:
    """How a tier program gives its levels."""
    window = f"{status.months} whole months before" if status.window == "rolling" else _WINDOWS[status.window]
    for level in status.levels:
        yield f"{level.name}: from {number(level.from_)} {currency} in the {window}."
    if status.window in ("calendar", "anniversary"):
        yield {
            "at_once": "An upgrade holds from the day after the document that earned it.",
            "next_period": "An upgrade holds from the first day of the next month.",
            "retroactive": "An upgrade holds back to the first day of the window.",
        }[status.upgrade]
        until = "until the next window ends" if status.keep == "next_window_end" else "until its window ends"
        yield f"A level is kept {until}."
    if status.grace_days:
        yield f"It is kept {status.grace_days} days longer."
    if status.soft_landing:
        yield "At its end it falls by one level at a time."
    if status.minimum_stay:
        yield f"A level is kept for {status.minimum_stay} whole months at least."
    if status.returns == "recompute":
        yield "A return takes back at once the level its purchase earned."


def comparison(program: Program) -> Iterator[str]:
    """What else decides: qualifier, conditions, baseline."""
    qualifier = program.qualifier
    if qualifier is not None:
        over = f" of the {qualifier.months} whole months that end with the period" if qualifier.months else ""
        yield f"The band is chosen by the {MEASURES[qualifier.measure]}{over}, not by the measure that is paid on."
        yield from (f"For the band: {line[0].lower()}{line[1:]}" for line in products(qualifier.scope))
    for condition in program.condition:
        what = selection(condition.scope, ProductSelection.model_fields) or "all products"
        least = (
            f"{number(condition.minimum)}"
            if condition.minimum is not None
            else f"{number(condition.minimum_percent or Decimal(0))} % of the measure"
        )
        yield f"Nothing is earned unless {condition.name} ({MEASURES[condition.measure]} of {what}) reaches {least}."
    if program.baseline is None:
        return
    base = program.baseline
    against = {
        "previous_period": "the period before",
        "last_year": "the same period a year before",
        "target": f"a target of {number(base.target)}" if base.target is not None else "a target of each account",
    }[base.against]
    bands = {"percent": "growth in percent", "amount": "growth as an amount", "attainment": "attainment in percent"}
    on = "everything" if base.pays_on == "everything" else "what exceeds the baseline"
    yield f"Compared with {against}; bands are about {bands[base.bands_in]}, rates are for {on}."
    for account, target in base.targets.items():
        yield f"The target of {account} is {number(target)}."
    for index in base.index:
        what = selection(index, ProductSelection.model_fields) or "all products"
        yield f"The baseline of {what} is changed by {number(index.percent)} %."
    if base.against != "target":
        yield {
            "pro_rata": "An account that joined during the comparison has its baseline raised to the whole length.",
            "exclude": "An account that joined during the comparison earns nothing.",
            "as_is": "An account that joined during the comparison is compared as it is.",
        }[base.joiners]
    yield {
        "nothing": "Without a baseline nothing is earned.",
        "all_growth": "Without a baseline everything is growth, at the highest band.",
    }[base.without]
