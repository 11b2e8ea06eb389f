"""What an example expects beside what came of it: every difference as one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from core.programs import Example, Expected, ExpectedDocument, Program
from scheduler.examples.outcome import Document, Earned, Outcome

Explain = Callable[[Earned], Sequence[str]]


def differences(program: Program, example: Example, outcome: Outcome, explain: Explain) -> Iterator[str]:
    """What is not as the example expects; where an amount is another, the sentences that explain it follow."""
    currencies = sorted({item.currency for item in outcome.earned})
    if example.earns is not None and len(currencies) > 1:
        yield f"earns {' and '.join(currencies)}: state them one by one under `expect`"
    elif example.earns is not None:
        came = sum((item.amount for item in outcome.earned), Decimal(0))
        if came != example.earns:
            yield _told(f"earns {came}, not {example.earns}", outcome.earned, explain)
    for expected in example.expect:
        if program.is_tier:
            yield from _tier(expected, outcome)
        else:
            yield from _entitlement(program, expected, outcome.earned, explain)
    if example.documents is not None:
        yield from _documents(example.documents, outcome.documents)


def _tier(expected: Expected, outcome: Outcome) -> Iterator[str]:
    came = outcome.tiers.get(expected.account, "")
    if expected.level is None:
        yield f"account {expected.account}: a tier program is expected to give a `level`"
    elif came != expected.level:
        yield f"account {expected.account} has the tier {came or 'none'}, not {expected.level}"


def _entitlement(program: Program, expected: Expected, earned: Sequence[Earned], explain: Explain) -> Iterator[str]:
    who = " ".join(filter(None, (f"account {expected.account}", expected.period)))
    currency = expected.currency or (program.program.currency if _has_own(program, earned) else "")
    found = [
        item
        for item in earned
        if item.account == expected.account and expected.period in ("", item.period) and currency in ("", item.currency)
    ]
    if len(found) > 1:
        yield f"{who}: say which period: {', '.join(sorted({item.period for item in found}))}"
        return
    if not found:
        yield from _nothing(who, expected, earned)
        return
    item = found[0]
    if expected.amount is not None and item.amount != expected.amount:
        yield _told(f"{who} earns {item.amount} {item.currency}, not {expected.amount}", [item], explain)
    if expected.accrued is not None and item.accrued != expected.accrued:
        yield f"{who}: accrued are {item.accrued} {item.currency}, not {expected.accrued}"
    if expected.level is not None and item.level != expected.level:
        yield f"{who}: the level that counts is {item.level or 'none'}, not {expected.level}"
    yield from _parts(f"{who}: the share of", expected.shares, item.shares)
    yield from _parts(f"{who}: the part under", expected.taxes, item.taxes)
    if expected.waits is not None and not any(expected.waits in reason for reason in item.waiting):
        yield f"{who}: nothing waits for {expected.waits!r}, but for: {'; '.join(item.waiting) or 'nothing'}"


def _has_own(program: Program, earned: Sequence[Earned]) -> bool:
    return any(item.currency == program.program.currency for item in earned)


def _nothing(who: str, expected: Expected, earned: Sequence[Earned]) -> Iterator[str]:
    """An account the book knows nothing of earned 0."""
    there = ", ".join(f"{item.account} {item.period}" for item in earned) or "nobody"
    texts = (expected.level, expected.waits)
    if any((expected.amount, expected.accrued, expected.shares, expected.taxes, *texts)):
        yield f"{who} earns nothing; there are: {there}"


def _parts(what: str, expected: Mapping[str, Decimal], came: Mapping[str, Decimal]) -> Iterator[str]:
    """Stated parts must be all there are but for zeros."""
    if not expected:
        return
    for name in dict.fromkeys([*expected, *came]):
        if came.get(name, Decimal(0)) != expected.get(name, Decimal(0)):
            yield f"{what} {name} is {came.get(name, 0)}, not {expected.get(name, 0)}"


def _documents(expected: Sequence[ExpectedDocument], came: Sequence[Document]) -> Iterator[str]:
    left = list(came)
    for wanted in expected:
        same = [item for item in left if _is_of(wanted, item)]
        if not same:
            yield f"no {wanted.kind} of {wanted.account} {wanted.period}over {wanted.net} is proposed; {_all(came)}"
            continue
        item = next((one for one in same if one.net == wanted.net), same[0])
        left.remove(item)
        what = f"the {wanted.kind} of {item.account} for {item.period}"
        if item.net != wanted.net:
            yield f"{what} is over {item.net} {item.currency} net, not {wanted.net}"
        if wanted.tax is not None and item.tax != wanted.tax:
            yield f"{what} bears {item.tax} {item.currency} tax, not {wanted.tax}"
        yield from _parts(f"{what}: the net under", wanted.taxes, item.taxes)
    for item in left:
        yield f"nobody expects the {item.kind} of {item.account} for {item.period} over {item.net} {item.currency}"


def _is_of(wanted: ExpectedDocument, item: Document) -> bool:
    return (item.account, item.kind) == (wanted.account, wanted.kind) and wanted.period in ("", item.period)


def _all(came: Sequence[Document]) -> str:
    told = [f"{item.kind} {item.account} {item.period} {item.net} {item.currency}" for item in came]
    return f"there are: {', '.join(told) or 'none'}"


def _told(text: str, items: Sequence[Earned], explain: Explain) -> str:
    lines = [text]
    for item in items:
        lines += [f"  {line}" for line in explain(item)]
        lines += [f"  waits: {reason}" for reason in item.waiting]
    return "\n".join(lines)
