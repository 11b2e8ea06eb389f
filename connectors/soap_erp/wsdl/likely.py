"""What operations, arguments and members are likely to be called, in the services of the world."""

from __future__ import annotations

import re

LISTS = re.compile(r"list|search|query|find|all|multiple|get\w+s$", re.IGNORECASE)
INVOICES = re.compile(r"invoice|bill|faktur|rechnung|facture|order|document|voucher", re.IGNORECASE)
CHANGES = re.compile(r"create|add|post|update|delete|set|cancel|void|save|write", re.IGNORECASE)
LINES = re.compile(r"line|item|position|row|detail", re.IGNORECASE)
TOLD = re.compile(r"status|message|error|fault|warning", re.IGNORECASE)

# By the name of the argument without its punctuation; the first that fits.
ARGUMENTS = (
    (r"after|behind", "${page.after}"),
    (r"(changed|modified|updated|last\w*)?(since|from|after|start)\w*|datefrom|fromdate", "${window.since}"),
    (r"\w*(until|till|to|before|end|dateto|todate)", "${window.until}"),
    (r"page(number|index|no)?", "${page.number}"),
    (r"(page|set)?size|limit|count|max\w*|top|rows", "${page.size}"),
    (r"offset|skip", "${page.offset}"),
    (r"bookmark\w*|cursor|continu\w*|pagetoken", "${page.cursor?}"),
)
DOCUMENT = {
    "id": r"internalid|id|docentry|entryno|guid|uuid|no|number|"
    r"(invoice|bill|document|voucher|order)(no|id|number)|ref|key",
    "number": r"number|no|(invoice|bill|document|voucher|order)(no|number)|docnum|incrementid|name",
    "account": r"(sellto|billto|sold|bill)?(customer|account|partner|client)(no|id|code|number)?|cardcode|kunnr",
    "issued": r"(posting|invoice|document|voucher|issue|bill|tran|doc)?date|issued|fkdat|booked\w*",
    "due": r"due(date)?",
    "currency": r"currency(code|id)?|waers|doccur",
    "state": r"state|status",
    "reference": r"\w*reference|externaldocumentno|xblnr|ref",
    "note": r"note|memo|comment|text",
    "total_net": r"(total|sub)?net\w*|subtotal|amount(excl|net)\w*|totalht",
    "total_tax": r"(total)?(tax|vat)(total|amount)?|amounttax|totaltva",
    "total_gross": r"(total)?gross\w*|total|amountincl\w*|doctotal|totalttc|amount",
}
LINE = {
    "product": r"(product|item|article|material|sku)(no|id|code|number)?|no|matnr",
    "description": r"description|text|name|designation",
    "quantity": r"quantity|qty|menge|fkimg",
    "unit": r"unit(ofmeasure)?(code)?|uom|vrkme",
    "price": r"(unit)?price\w*|rate",
    "net": r"(line|row)?(net|amount|total)\w*|netwr",
    "tax_percent": r"(vat|tax)(rate|percent\w*|pct)?",
    "tax": r"(vat|tax)amount",
}
CHANGED = r"(system|last)*(modified|changed?|updated?)(at|on|date|time|stamp|datetime)*|timestamp"
TOTAL = r"total(count|records|results|rows|items|number)?|(record|row|result)count|numberof(records|results|rows)"
