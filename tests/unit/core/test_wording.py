from __future__ import annotations

from datetime import date

import pytest

from core.keys import find_keys
from scheduler.steps.wording import LANGUAGES, line_text, note_text

CONTENT = {"text": "Annual bonus", "texts": {"de": "Jahresbonus"}, "period": "2026-Q1"}
DAYS = date(2026, 1, 1), date(2026, 3, 31)


@pytest.mark.parametrize("code", ["de", "de_DE", "de-AT", "DE"])
def test_the_account_reads_its_own_language(code: str):
    assert line_text(CONTENT, 190_000, code) == "Jahresbonus 2026-Q1, 19 % USt."
    assert note_text(CONTENT, *DAYS, "RB-AAAABBBBCCCC", code).startswith("Jahresbonus: Umsatz vom 2026-01-01")


def test_a_language_we_have_no_words_for_is_english():
    assert line_text(CONTENT, 70_000, "tlh") == "Annual bonus 2026-Q1, 7 % VAT"
    assert line_text(CONTENT, 200_000, "fr") == "Annual bonus 2026-Q1, TVA 20 %", "the program has no French text"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_says_the_same(code: str):
    line = line_text(CONTENT, 105_000, code)
    assert "10.5 %" in line and "2026-Q1" in line and "$" not in line
    note = note_text(CONTENT, *DAYS, "RB-AAAABBBBCCCC", code)
    assert find_keys(note) == ["RB-AAAABBBBCCCC"] and "2026-01-01" in note and "2026-03-31" in note and "$" not in note


def test_a_program_text_is_never_read_as_a_pattern():
    content = CONTENT | {"text": "$rate ${key} %(x)s {0}", "texts": {}}
    assert line_text(content, 190_000, "en").startswith("$rate ${key} %(x)s {0} 2026-Q1")
