"""What becomes of HTML that is written to a record."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

DANGEROUS = ("script", "style", "iframe", "object", "form", "head", "title")
BLOCKS = ("p", "div", "ul", "ol", "table", "h1", "h2", "h3", "blockquote", "pre")
ALLOWED = (*BLOCKS, *"a b br em hr i img li s small span strong sub sup tbody td th thead tr u".split())
EMPTY = ("br", "hr", "img")


def sanitised(text: str) -> str:
    """HTML without what could run; text that stands in no block gets a paragraph."""
    if not text.strip():
        return ""
    cleaner = _Cleaner()
    cleaner.feed(text)
    cleaner.close()
    clean = "".join(cleaner.parts) + "".join(f"</{tag}>" for tag in reversed(cleaner.open))
    return clean if cleaner.blocks else f"<p>{clean}</p>"


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.blocks = False
        self.open: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DANGEROUS:
            self._skipped += 1
        elif not self._skipped and tag in ALLOWED:
            self.blocks = self.blocks or tag in BLOCKS
            kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if not name.startswith("on"))
            self.parts.append(f"<{tag}{kept}>")
            if tag not in EMPTY:
                self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in DANGEROUS:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in DANGEROUS:
            self._skipped = max(0, self._skipped - 1)
        elif not self._skipped and tag in self.open:
            while (inner := self.open.pop()) != tag:
                self.parts.append(f"</{inner}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(escape(data, quote=False))
