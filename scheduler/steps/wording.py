"""What stands on the lines of a document, and what is asked of an account, in the account's language; English where we
have no words for it.

A language is given as the source has it: `de`, `de_DE` or `de-AT` are all German.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from string import Template
from typing import Any, NamedTuple

from core.money import percent_text


class Words(NamedTuple):
    """Patterns of one language."""

    line: str
    note: str
    service: str


_WORDS = {
    "en": Words(
        "$text $period, $rate % VAT",
        "$text: turnover from $start to $end. Reference $key.",
        "Please send us an invoice over $net net for $text, $period. Reference $key.",
    ),
    "de": Words(
        "$text $period, $rate % USt.",
        "$text: Umsatz vom $start bis $end. Referenz $key.",
        "Bitte senden Sie uns eine Rechnung über $net netto für $text, $period. Referenz $key.",
    ),
    "fr": Words(
        "$text $period, TVA $rate %",
        "$text : chiffre d'affaires du $start au $end. Référence $key.",
        "Merci de nous adresser une facture de $net hors taxes pour $text, $period. Référence $key.",
    ),
    "es": Words(
        "$text $period, IVA $rate %",
        "$text: volumen de compras del $start al $end. Referencia $key.",
        "Envíenos, por favor, una factura por $net netos por $text, $period. Referencia $key.",
    ),
    "it": Words(
        "$text $period, IVA $rate %",
        "$text: fatturato dal $start al $end. Riferimento $key.",
        "Vi preghiamo di inviarci una fattura di $net netti per $text, $period. Riferimento $key.",
    ),
    "nl": Words(
        "$text $period, $rate % btw",
        "$text: omzet van $start tot en met $end. Referentie $key.",
        "Stuur ons alstublieft een factuur van $net netto voor $text, $period. Referentie $key.",
    ),
    "pl": Words(
        "$text $period, VAT $rate %",
        "$text: obrót od $start do $end. Numer $key.",
        "Prosimy o wystawienie faktury na kwotę $net netto za $text, $period. Numer $key.",
    ),
    "pt": Words(
        "$text $period, IVA $rate %",
        "$text: volume de compras de $start a $end. Referência $key.",
        "Envie-nos, por favor, uma fatura de $net líquidos por $text, $period. Referência $key.",
    ),
    "cs": Words(
        "$text $period, DPH $rate %",
        "$text: obrat od $start do $end. Značka $key.",
        "Zašlete nám prosím fakturu na $net bez DPH za $text, $period. Značka $key.",
    ),
    "sv": Words(
        "$text $period, $rate % moms",
        "$text: omsättning från $start till $end. Referens $key.",
        "Skicka oss en faktura på $net netto för $text, $period. Referens $key.",
    ),
    "da": Words(
        "$text $period, $rate % moms",
        "$text: omsætning fra $start til $end. Reference $key.",
        "Send os venligst en faktura på $net netto for $text, $period. Reference $key.",
    ),
}
LANGUAGES = tuple(_WORDS)


def language(code: str) -> str:
    """The language of a code such as `de_DE`."""
    return code.replace("-", "_").partition("_")[0].lower()


def program_text(content: Mapping[str, Any], code: str) -> str:
    """The program's text on a credit note, in the language where the program has one for it."""
    texts: Mapping[str, str] = content.get("texts", {})
    return texts.get(language(code)) or str(content["text"])


def line_text(content: Mapping[str, Any], rate: int, code: str) -> str:
    """The text of one line: the program, the period and the tax rate (millionths)."""
    words = _WORDS.get(language(code), _WORDS["en"])
    values = {"text": program_text(content, code), "period": content["period"], "rate": percent_text(rate)}
    return Template(words.line).substitute(values)


def note_text(content: Mapping[str, Any], start: date, end: date, key: str, code: str) -> str:
    """The note of a credit note: the turnover it rests on, first and last day, and our key."""
    words = _WORDS.get(language(code), _WORDS["en"])
    values = {"text": program_text(content, code), "start": start, "end": end, "key": key}
    return Template(words.note).substitute(values)


def service_text(content: Mapping[str, Any], net: str, key: str, code: str) -> str:
    """What an account is told that has to invoice a service: the net amount as shown to people, and our key."""
    words = _WORDS.get(language(code), _WORDS["en"])
    values = {"text": program_text(content, code), "period": content["period"], "net": net, "key": key}
    return Template(words.service).substitute(values)
