"""`rebated explain`: the way from the cent back to the invoice lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from core.keys import KEY_PATTERN
from core.ledger import proposals
from core.ledger.entitlements import Stored, by_id
from core.ledger.explaining import explain_entitlement, explain_proposal
from core.ledger.facts import account_facts
from core.ledger.masters import profiles
from core.ledger.references import find_accrual, find_proposal
from core.ledger.setting import setting, views
from core.money import QUANTITY_EXPONENT, percent_text
from core.programs import COUNTED
from scheduler.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, money, out, print_json, say, session, table
from scheduler.context import Context

LINES_SHOWN = 12


def explained(context: Context, what: str) -> dict[str, Any]:
    """The explanation of a key or an accrual, as plain data."""
    with context.book.read() as reading:
        if KEY_PATTERN.fullmatch(what):
            item = find_proposal(reading, what)
            parts = proposals.parts(reading, [item.id])[item.id]
            rested_on = [by_id(reading, part.entitlement_id) for part in parts if part.entitlement_id is not None]
            wanted = _members(rested_on) | {part.key.beneficiary for part in parts}
            with account_facts(context.book, wanted, views(reading)) as engine:
                ground = setting(context.book, context.as_of, horizon=engine.horizon())
                return explain_proposal(reading, engine, ground, item)
        accounts = {item.external_id: account_id for account_id, item in profiles(reading).items()}
        stored = find_accrual(reading, what, accounts)
        with account_facts(context.book, _members([stored]), views(reading)) as engine:
            ground = setting(context.book, context.as_of, horizon=engine.horizon())
            return explain_entitlement(reading, engine, ground, stored)


def _members(found: Iterable[Stored]) -> set[int]:
    """The accounts whose lines stand behind entitlements."""
    return {account_id for item in found for account_id in (item.beneficiary, *(cell.payee for cell in item.cells))}


def explain(
    what: Annotated[
        str, typer.Argument(help="A key (RB-…), program/account/period, or the number of an accrual's transaction.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    all_lines: Annotated[bool, typer.Option("--all-lines", help="Every invoice line, not the first and last.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Explain a credit note or an accrual: lines, rule version, band, formula, rounding, tax split.

    Examples: rebated explain RB-ABCDEFGHIJKL · rebated explain annual-bonus/C-1001/2026
    """
    with session(config, create=False, quiet=as_json) as context:
        found = explained(context, what)
    if as_json:
        print_json(found)
    elif "parts" in found:
        show_proposal(found, all_lines)
    else:
        show_entitlement(found, all_lines)


def show_proposal(found: dict[str, Any], all_lines: bool) -> None:
    """Print the explanation of a credit note or proposal."""
    currency = found["currency"]
    say(f"{found['key']}  {found['state']}", "bold")
    say(f"{found['text']} {found['period']} for {found['name']} ({found['account']}), issued by {found['entity']}")
    rows = [
        (
            f"{line['category']} {percent_text(line['rate'])} %",
            money(line["net"], currency),
            money(line["tax"], currency),
        )
        for line in found["lines"]
    ]
    rows.append(("total", money(found["net"], currency), money(found["tax"], currency)))
    out.print(table("What it says", [("tax code", ""), ("net", "right"), ("tax", "right")], rows))
    for part in found["parts"]:
        if part["entitlement"] is None:
            say(f"Adjustment of {money(part['amount'], currency)}: {part['reason']}", "bold")
            continue
        entitlement = part["entitlement"]
        if part["amount"] != entitlement["amount"]:
            say(
                f"Of the entitlement of {money(entitlement['amount'], currency)} below, "
                f"{money(part['amount'], currency)} is settled here: the rest was settled before, belongs to another "
                "entity, or is not due yet."
            )
        show_entitlement(entitlement, all_lines)
    life = [(f"{row['at']:%Y-%m-%d %H:%M}", row["state"], row["actor"], row["reason"]) for row in found["life"]]
    out.print(table("Its life (UTC)", [("when", ""), ("state", ""), ("who", ""), ("why", "")], life))
    if found["receipt"]:
        say(f"Written as {found['receipt']['number'] or found['receipt']['remote_id']}")
    for text in (*found["alarms"], *found["incomplete"]):
        say(f"look at: {text}", "yellow")


def _measure(value: int, found: dict[str, Any]) -> str:
    if found["measure_of"] == "quantity":
        whole, rest = divmod(abs(value), 10**QUANTITY_EXPONENT)
        digits = f".{rest:0{QUANTITY_EXPONENT}d}".rstrip("0") if rest else ""
        return f"{'-' if value < 0 else ''}{whole:,}{digits}"
    return f"{value:,}" if found["measure_of"] in COUNTED else money(value, found["currency"])


def show_entitlement(found: dict[str, Any], all_lines: bool) -> None:
    """Print the explanation of an entitlement."""
    currency = found["currency"]
    say(
        f"{found['name']} ({found['program']}, version {found['version']}, definition {found['definition'][:12]}), "
        f"{found['period']}: {found['period_start']} to {found['period_last']}",
        "bold",
    )
    if found["tier"]:
        say(f"Tier that counts: {found['tier']}")
    for text in found["sentences"]:
        say(f"  {text}")
    if not found["agrees"]:
        say("This computation does not give the amount in the book: run `rebated verify --deep`.", "bold red")
    rows = [
        (item["entity"], f"{item['category']} {item['percent']} %", _measure(item["measure"], found),
         money(item["amount"], currency))
        for item in found["taxes"]
    ]  # fmt: skip
    columns = [("issued by", ""), ("tax code", ""), ("measure", "right"), ("share of the entitlement", "right")]
    out.print(table("By tax code of the original lines (largest remainder)", columns, rows))
    _show_lines(found, all_lines)
    if all_lines:
        _show_left_out(found)
    for item in found["transfers"]:
        amounts = ", ".join(f"{name} {money(amount, currency)}" for name, amount in item["amounts"].items())
        say(
            f"On {item['at']:%Y-%m-%d} {item['actor']} merged account {item['from']} into {item['to']}, and this went "
            f"over: {amounts}. Reason: {item['reason']}"
        )


def _show_left_out(found: dict[str, Any]) -> None:
    rows = [
        (str(row["day"]), str(row["document"]), str(row["line"]), row["product"], row["reason"])
        for row in found["left_out"]
    ]
    if rows:
        columns = [("day", ""), ("document", ""), ("line", "right"), ("product", ""), ("why it does not count", "")]
        out.print(table(f"Left out: {len(rows):,}", columns, rows))


def _show_lines(found: dict[str, Any], all_lines: bool) -> None:
    lines = found["lines"]
    one_figure = found["measure_of"] in ("net", *COUNTED)  # what counts orders or products measures no single line
    shown = lines if all_lines or len(lines) <= LINES_SHOWN else [*lines[: LINES_SHOWN - 3], None, *lines[-3:]]
    columns = [("day", ""), ("document", ""), ("line", "right"), ("product", ""), ("", ""), ("net", "right")]
    columns += [] if one_figure else [(found["measure_of"], "right")]
    rows = []
    for row in shown:
        if row is None:
            rows.append(("…", "", "", f"{len(lines) - LINES_SHOWN} more: --all-lines", "", "", ""))
            continue
        rows.append(
            (
                str(row["day"]),
                str(row["document"]),
                str(row["line"]),
                row["product"],
                row["description"][:40],
                money(row["net"], row["currency"]),
                "" if one_figure else _measure(row["measure"], found | {"currency": row["currency"]}),
            )
        )
    title = f"{len(lines):,} {'line' if len(lines) == 1 else 'lines'}"
    if len({row["currency"] for row in lines}) == 1 and found["measure_of"] not in COUNTED:
        total = sum(row["measure"] for row in lines)
        title += f", together {_measure(total, found | {'currency': lines[0]['currency']})}"
    out.print(table(title, columns, [row[: len(columns)] for row in rows]))


def add_to(app: typer.Typer) -> None:
    app.command()(explain)
