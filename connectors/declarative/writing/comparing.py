"""Whether a draft is what was asked for: what is not is never posted."""

from __future__ import annotations

from connectors.spi import DocumentRequest, Remote, WriteRequest
from core.money import shown

_TAX_TOLERANCE = 1
"""Minor units a tax may differ per tax code (design.md section 5)."""


def difference(request: WriteRequest, remote: Remote) -> str:
    """What tells the remote document from the request, in words; empty text where they agree.

    What the remote leaves empty is not compared. For kinds other than documents the key says it all.
    """
    if not isinstance(request, DocumentRequest):
        return ""
    if remote.account and remote.account != request.account:
        return f"its account is {remote.account}, not {request.account}"
    if remote.currency and remote.currency != request.currency:
        return f"its currency is {remote.currency}, not {request.currency}"
    if remote.net != request.net:
        return f"its net amount is {_of(remote.net, request)}, not {_of(request.net, request)}"
    if remote.line_count not in (0, len(request.lines)):
        return f"it has {remote.line_count} lines, not {len(request.lines)}"
    return "" if remote.own_tax else _tax_difference(request, remote)


def _tax_difference(request: DocumentRequest, remote: Remote) -> str:
    if not remote.taxes:
        if abs(remote.tax - request.tax) > _TAX_TOLERANCE * len(request.taxes):
            return f"its tax is {_of(remote.tax, request)}, not {_of(request.tax, request)}"
        return ""
    theirs = {(part.category, part.rate): part for part in remote.taxes}
    ours = {(part.category, part.rate): part for part in request.taxes}
    if theirs.keys() != ours.keys():
        return "its tax codes are others"
    for code, part in ours.items():
        if theirs[code].net != part.net or abs(theirs[code].tax - part.tax) > _TAX_TOLERANCE:
            return f"its amounts under the tax code {code[0]} are others"
    return ""


def _of(amount: int, request: DocumentRequest) -> str:
    return shown(amount, request.currency)
