"""What Dynamics NAV says when it refuses, in the language of the service user. The names of exceptions are the same in
each; which one stands for what was not seen on a running system."""

from __future__ import annotations

from lxml import etree

from tests.helpers.stand_ins.soap import SoapFault

ALREADY_POSTED = "REBATED-POSTED"
NOTE_IS_THERE = "REBATED-NOTE"
"""What the faults of our own codeunit begin with, whatever the language."""

_NAMESPACE = "urn:microsoft-dynamics-schemas/error"
_TYPES = "Microsoft.Dynamics.Nav.Types.Exceptions"
_DETAIL = "{http://schemas.microsoft.com/2003/10/Serialization/}string"
_SAID = {
    "stale": (
        f"{_TYPES}.NavCSideException",
        "Other user has modified {table} {number}. The page must be read again.",
        "Ein anderer Benutzer hat {table} {number} geändert. Die Seite muss neu gelesen werden.",
    ),
    "locked": (
        f"{_TYPES}.NavCSideException",
        "The operation could not complete: a record in {table} was locked by another user.",
        "Der Vorgang konnte nicht beendet werden: ein Datensatz in {table} ist von einem anderen Benutzer gesperrt.",
    ),
    "missing": (
        f"{_TYPES}.NavCSideRecordNotFoundException",
        "The {table} does not exist. Identification fields and values: No.='{number}'",
        "{table} ist nicht vorhanden. Identifizierte Felder und Werte: Nr.='{number}'",
    ),
    "nothing_to_post": (f"{_TYPES}.NavNCLDialogException", "There is nothing to post.", "Es gibt nichts zu buchen."),
    "own": (f"{_TYPES}.NavNCLDialogException", "{text}", "{text}"),
    "too_long": (
        f"{_TYPES}.NavNCLStringLengthExceededException",
        "The length of the string is too long: {value}",
        "Die Länge der Zeichenfolge ist zu groß: {value}",
    ),
    "read_only": (
        "Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException",
        "The field {field} is read-only.",
        "Das Feld {field} ist schreibgeschützt.",
    ),
    "bad_filter": (
        f"{_TYPES}.NavFilterException",
        "The filter '{value}' is not valid for the field {field}.",
        "Der Filter '{value}' ist für das Feld {field} nicht zulässig.",
    ),
    "bad_key": (
        "Microsoft.Dynamics.Nav.Service.WebServices.ServiceBrokerException",
        "The key {value} is not valid.",
        "Der Schlüssel {value} ist nicht gültig.",
    ),
}


def fault(language: str, what: str, **values: str) -> SoapFault:
    """The fault for one of these, its text in German (`de`) or English."""
    code, english, german = _SAID[what]
    text = (german if language == "de" else english).format(**values)
    detail = etree.Element(_DETAIL)
    detail.text = text
    return SoapFault(f"{{{_NAMESPACE}}}{code}", text, detail)
