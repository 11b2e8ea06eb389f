"""What is paid, its bounds, and how it is settled."""

from __future__ import annotations

from collections.abc import Iterator

from core.programs.payout import Settlement
from core.programs.program import Program, Slice
from core.programs.scale import Band, Scale
from core.programs.telling.words import PERIODS, number
from core.programs.tier import TierUse


def pays(program: Program, part: Slice) -> Iterator[str]:
    """The scales of a slice."""
    use = part.tier
    if use is None:
        scale = part.scales[""]
        if scale is not None:
            yield from _scale(program, scale, "")
        return
    yield _tier_day(use)
    for level, scale in part.scales.items():
        if scale is not None:
            yield from _scale(program, scale, level or "other levels" if use.levels else "")
    if part.scales[""] is None and use.levels:
        yield "Other levels earn nothing."
    for level, factor in use.multipliers.items():
        yield f"What {level} earns is multiplied by {number(factor)}."


def _tier_day(use: TierUse) -> str:
    day = {"period_end": "the last day of the period", "period_start": "the first day of the period",
           "document": "the day of the document"}[use.at]  # fmt: skip
    return f"The tier of {use.program} on {day} counts."


def _scale(program: Program, scale: Scale, level: str) -> Iterator[str]:
    whose = f"{level}: " if level else ""
    currency = program.program.currency
    if scale.method == "every":
        most = f", at most {scale.most} times" if scale.most else ""
        start = f" above {number(scale.start)}" if scale.start else ""
        yield f"{whose}Every {number(scale.every or 0)}{start} pays {number(scale.pays or 0)} {currency}{most}."
        return
    if scale.method == "flat":
        rate = f"{number(scale.percent)} %" if scale.percent is not None else ""
        yield f"{whose}{rate or f'{number(scale.per_unit or 0)} {currency} a unit'} of everything."
        return
    how = {
        "marginal": "each slice earns its own rate",
        "retrospective": "everything earns the rate of the band reached",
        "rolling": "each band reached pays on the measure up to its own end",
        "total": "each band reached pays on everything",
        "lump_sum": "the amount of the band reached",
        "linear": "the rate rises evenly from each point to the next",
    }[scale.method]
    if scale.point is not None:
        how = {"band": "what lies above the beginning of the band reached earns its rate",
               "baseline": "what lies above the baseline earns the rate of the band reached",
               "stated": f"what lies above {number(scale.point_at or 0)} earns the rate of the band reached",
               }[scale.point]  # fmt: skip
    edge = "above" if scale.inclusive == "upper" else "from"
    yield f"{whose}{how[0].upper()}{how[1:]}: {'; '.join(f'{edge} {_band(band, currency)}' for band in scale.bands)}."
    last = scale.bands[-1]
    if last.to is not None:
        yield f"What lies above {number(last.to)} earns nothing more."


def _band(band: Band, currency: str) -> str:
    if band.percent is not None:
        rate = f"{number(band.percent)} %"
    elif band.per_unit is not None:
        rate = f"{number(band.per_unit)} {currency} a unit"
    else:
        rate = f"{number(band.amount or 0)} {currency}"
    return f"{number(band.from_)}: {rate}"


def limits(program: Program) -> Iterator[str]:
    """What bounds the result."""
    limits, currency = program.limits, program.program.currency
    if limits.guarantee is not None:
        counts = "counting what was paid above it before" if limits.guarantee_cumulative else "each period by itself"
        when = "due when the period begins" if limits.guarantee_paid == "start" else "topped up after the period"
        yield f"At least {number(limits.guarantee)} {currency} a period, {counts}, {when}."
    for value, what in (
        (limits.cap, "for one beneficiary in one period"),
        (limits.account_budget, "for one beneficiary in all periods"),
        (limits.program_budget, "for all beneficiaries in all periods"),
    ):
        if value is not None:
            yield f"At most {number(value)} {currency} {what}."
    if limits.minimum is not None:
        below = "waits for the next settlement" if limits.below_minimum == "carry" else "is dropped"
        yield f"Less than {number(limits.minimum)} {currency} {below}."


def payout(program: Program) -> Iterator[str]:
    """Accrual, settlement, currencies, and how it goes together with other programs."""
    settlement, accrual, currency = program.settlement, program.accrual, program.currency
    if accrual.rate == "fixed":
        rate = (
            f"{number(accrual.percent)} %" if accrual.percent is not None else f"{number(accrual.per_unit or 0)} a unit"
        )
        yield f"Accrued is a fixed {rate}; what is settled does not depend on it."
    elif accrual.rate == "expected":
        yield f"Accrued is at the rate that an expected {number(accrual.expected or 0)} would earn."
    yield from _settlement(program, settlement)
    if currency.payout == "invoice":
        yield "Each currency of the invoices is paid in itself."
    elif currency.lines == "wait":
        yield "Lines in other currencies wait."
    if program.combination is not None:
        rule = {
            "best": "only the program that gives most pays",
            "exclusive": "a line counts for the first program only",
        }
        yield f"With the other programs of {program.combination.group}: {rule[program.combination.rule]}."


def _settlement(program: Program, settlement: Settlement) -> Iterator[str]:
    each = PERIODS.get(program.settles_every, program.settles_every)
    grace = f", {settlement.grace_days} days after its end" if settlement.grace_days else ", after its end"
    what = "a credit note" if settlement.document == "credit_note" else "an invoice the customer writes for the service"
    yield f"Settled by {each}{grace}, with {what}."
    if settlement.late == "reopen":
        yield "What changes later becomes a further document of the same period at once."
    yield {
        "net": "What is owed back is taken off the next settlement.",
        "offset": "What is owed back is taken off the next settlement of any program of the account.",
        "debit": f"What is owed back is invoiced after {settlement.debit_after} settlement periods, from "
        f"{number(settlement.debit_from)} {program.program.currency} on.",
        "waive": f"What is owed back is written off up to {number(settlement.waive_up_to or 0)} "
        f"{program.program.currency}, and else taken off the next settlement.",
    }[settlement.clawback]
    if settlement.tax == "lowest_rate":
        yield "All of it is taxed at the lowest rate among the original supplies."
