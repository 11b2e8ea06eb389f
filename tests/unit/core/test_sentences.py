from __future__ import annotations

import string
from datetime import date

import pytest

from connectors.conformance import sample_request
from connectors.spi import TierRequest
from scheduler.config_sections import EVENTS
from scheduler.steps import sentences, wording
from scheduler.steps.sentences import SAID, sentence

VALUES = {
    "program": "Club 2026",
    "tier": "silver",
    "before": "bronze",
    "since": date(2026, 2, 3),
    "until": date(2027, 12, 31),
    "next": "gold",
    "missing": "1,234.50 EUR",
    "reached": "6,765.50 EUR",
    "number": "CN-7",
    "net": "10.00 EUR",
    "gross": "11.90 EUR",
    "text": "Jahresbonus",
    "period": "2026-Q1",
}
TELLS = {
    "tier_reached": {"program", "tier", "before", "since"},
    "tier_lost": {"program", "tier", "before", "since"},
    "valid_until": {"until"},
    "tier_at_risk": {"program", "tier", "until", "missing"},
    "near_tier": {"program", "next", "missing", "reached"},
    "credit_note_issued": {"number", "net", "gross", "text", "period"},
    "debit_invoice_issued": {"number", "net", "gross", "text", "period"},
}


def test_there_are_sentences_for_every_event_in_every_language():
    assert set(SAID) - {"valid_until"} == set(EVENTS)
    assert sentences.LANGUAGES == wording.LANGUAGES


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("code", sentences.LANGUAGES)
def test_every_language_tells_everything(code, said):
    text = sentence(said, VALUES, code)
    assert {name for name in VALUES if str(VALUES[name]) in text} == TELLS[said]
    assert not set("${}") & set(text) and text.endswith(".") and "  " not in text
    assert text[0] not in string.ascii_lowercase, "it begins as a sentence does"


@pytest.mark.parametrize("said", SAID)
def test_no_two_languages_say_it_alike(said):
    assert len({sentence(said, VALUES, code) for code in sentences.LANGUAGES}) == len(sentences.LANGUAGES)


def test_values_are_put_in_as_they_are_and_other_languages_read_english():
    text = sentence("near_tier", VALUES | {"program": "$next ${missing} %s {0}"}, "tlh")
    assert text == "$next ${missing} %s {0}: 1,234.50 EUR is still missing for tier gold (so far: 6,765.50 EUR)."


@pytest.mark.parametrize(
    ("measure", "to_next", "percent"),
    [
        (0, 300, 0),
        (1, 299, 0),
        (3, 297, 1),
        (299, 1, 99),
        (999_999_999_999, 1, 99),
        (300, 0, 100),
        (500, None, 100),
        (-50, 350, 0),
        (-350, 650, 0),
    ],
)
def test_progress_is_whole_percent_rounded_down(measure, to_next, percent):
    request = sample_request("tier")
    assert isinstance(request, TierRequest)
    changed = {**{name: getattr(request, name) for name in request.__slots__}, "measure": measure, "to_next": to_next}
    assert TierRequest(**changed).progress == percent
