"""A remote's words in a message: plain, short, ours left out."""

from __future__ import annotations

import pytest

from connectors.http.redaction import LONGEST, plain, plain_without, without


@pytest.mark.parametrize(
    "text, shown",
    [
        ("<!DOCTYPE html><html><title>502 Bad Gateway</title><body><h1>Bad</h1></body></html>", "502 Bad Gateway Bad"),
        ("<style>p { color: red }</style>Sorry<script>steal()</script>", "Sorry"),
        ("<!-- hidden -->seen", "seen"),
        ("a\x00b\x1b[31mc\r\nd\u202ee", "a b [31mc d e"),
        ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("", ""),
    ],
)
def test_mark_up_and_control_characters_go(text, shown):
    assert plain(text) == shown


def test_long_words_are_cut():
    assert len(plain("word " * 10_000)) <= LONGEST and plain("word " * 10_000).endswith("…")
    assert plain("abcdef", longest=4) == "abc…"


@pytest.mark.parametrize("piece", ["<script>", "<!--", "<a", "&lt;", "<style <"])
def test_hostile_mark_up_ends_in_something_short(piece):
    assert len(plain(piece * 200_000)) <= LONGEST


def test_a_secret_is_not_shown():
    assert without("key abc is bad, abc!", "abc") == "key *** is bad, ***!"
    assert without("nothing to hide", "") == "nothing to hide"


@pytest.mark.parametrize("secret", ["s3cret & <value>", "s3cret  twice", "<s3cret>"])
def test_no_part_of_a_secret_that_looks_like_mark_up_is_shown(secret):
    assert plain_without(f"<p>not {secret}!</p>", [secret]) == "not ***!"
