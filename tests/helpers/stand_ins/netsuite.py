"""A NetSuite account as its REST services show it: SuiteQL for lists, the record service for documents.

As its documentation says; nothing here was seen on a running account. Lists give text and leave out what is empty;
stamps in them are those of the account's time zone. A document is found by `eid:` and its external id, and a second
one with that id is refused. What is made is answered with an address and no body. Amounts of a memo are positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tests.helpers.stand_ins.base import Answer, Malformed, Received, Refused, StandIn, route
from tests.helpers.stand_ins.netsuite_suiteql import answered
from tests.helpers.stand_ins.table import Row, Table

_RECORD = "/services/rest/record/v1"
_CENT = Decimal("0.01")
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SENT = {
    "externalId",
    "entity",
    "tranDate",
    "memo",
    "currency",
    "subsidiary",
    "location",
    "department",
    "class",
    "item",
}
_SENT_LINE = {"item", "quantity", "rate", "amount", "description", "taxCode"}


class NetSuite(StandIn):
    """The account. `tax_codes`: internal ids of tax codes with their rates in percent."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)
    client_id = "netsuite-client-7d20"
    certificate = "cert-1"

    def __init__(self, zone: str = "America/Los_Angeles") -> None:
        super().__init__()
        self.zone = ZoneInfo(zone)
        self.key = ECKey.generate_key("P-256")
        self.tokens: dict[str, datetime] = {}
        self.tax_codes = {"20": Decimal(20), "10": Decimal(10), "19": Decimal(19), "5": Decimal(0)}
        self.currencies = {"1": ("USD", "US Dollar"), "4": ("EUR", "Euro")}
        self.customers, self.items = Table(self.stamp, first=100), Table(self.stamp, first=500)
        self.transactions = Table(self.stamp, first=1000)
        self.wants_location = False
        self._numbers = {"invoice": 0, "creditMemo": 0}

    @property
    def private_key(self) -> str:
        """The key assertions are signed with, as PEM."""
        return self.key.as_pem(private=True).decode()

    # ------------------------------------------------------------ tokens

    @route("POST", "/services/rest/auth/oauth2/v1/token", open=True)
    def token(self, asked: Received) -> Any:
        form = asked.form()
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION:
            raise Refused(400, {"error": "invalid_request"})
        try:
            assertion = jwt.decode(form.get("client_assertion", ""), self.key, algorithms=["ES256"])
            jwt.JWTClaimsRegistry(leeway=3600, exp={"essential": True}).validate(assertion.claims)
        except (JoseError, ValueError):
            raise Refused(401, {"error": "invalid_client"}) from None
        claims = assertion.claims
        scopes = claims.get("scope", [])
        known = claims.get("iss") == self.client_id and assertion.header.get("kid") == self.certificate
        if not known or claims.get("aud") != f"{self._own(asked)}/services/rest/auth/oauth2/v1/token":
            raise Refused(401, {"error": "invalid_client"})
        if "rest_webservices" not in (scopes.split(",") if isinstance(scopes, str) else scopes):
            raise Refused(400, {"error": "invalid_scope"})
        token = f"ns-token-{len(self.tokens)}-{self.clock.now().timestamp():.0f}"
        self.tokens[token] = self.clock.now() + timedelta(hours=1)
        return {"access_token": token, "expires_in": "3600", "token_type": "bearer"}

    def authenticate(self, asked: Received) -> None:
        ends = self.tokens.get(asked.bearer())
        if ends is None or ends < self.clock.now():
            raise _error(401, "INVALID_LOGIN", "Invalid login attempt.")

    def unknown(self, asked: Received) -> Answer:
        return _error(404, "NOT_FOUND", "The requested URL was not found.").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        return _error(400, "INVALID_CONTENT", why).answer

    @staticmethod
    def _own(asked: Received) -> str:
        return f"http://{asked.header('Host')}"

    # ------------------------------------------------------------ lists

    @route("POST", "/services/rest/query/v1/suiteql")
    def suiteql(self, asked: Received) -> Any:
        if asked.header("Prefer").strip() != "transient":
            raise _error(400, "INVALID_HEADER", "The required request header 'Prefer' is missing or not valid.")
        sent = asked.json()
        if not isinstance(sent, Mapping) or not isinstance(sent.get("q"), str):
            raise Malformed("there is no query")
        limit, offset = int(asked.query.get("limit", "1000")), int(asked.query.get("offset", "0"))
        if not 1 <= limit <= 1000 or offset % limit:
            raise _error(400, "INVALID_PARAMETER", "limit or offset")
        rows = answered(sent["q"], self._tables())
        page = [{"links": [], **row} for row in rows[offset : offset + limit]]
        more = {"hasMore": offset + limit < len(rows), "offset": offset, "totalResults": len(rows)}
        return {"links": [], "count": len(page), **more, "items": page}

    def _tables(self) -> dict[str, list[Mapping[str, Any]]]:
        def told(row: Row, **values: Any) -> dict[str, Any]:
            return {"id": int(row.id), "lastmodifieddate": self.local(row.changed), **values}

        kinds = {"invoice": "CustInvc", "creditMemo": "CustCred"}
        return {
            "transaction": [
                told(
                    row,
                    type=kinds[row.values["type"]],
                    tranid=row.values["tranId"],
                    trandate=row.values["tranDate"],
                    entity=int(row.values["entity"]),
                    externalid=row.values["externalId"],
                    voided="F",
                    posting="T",
                )
                for row in self.transactions
            ],
            "customer": [told(row, **row.values) for row in self.customers],
            "item": [told(row, **row.values) for row in self.items],
            "currency": [
                {"id": int(id), "symbol": symbol, "name": name} for id, (symbol, name) in self.currencies.items()
            ],
        }

    # ------------------------------------------------------------ documents

    @route("GET", f"{_RECORD}/{{kind}}/{{id}}")
    def read(self, asked: Received, kind: str, id: str) -> Any:
        row = self._found(kind, id)
        values = row.values
        reference = {name: {"links": [], "id": values[name]} for name in ("entity", "currency", "subsidiary")}
        reference["currency"]["refName"] = self.currencies[values["currency"]][1]
        told: dict[str, Any] = {"links": [], "id": row.id, **reference, "status": {"id": "open", "refName": "Open"}}
        for name in ("externalId", "memo", "tranId", "subtotal", "taxTotal", "total"):
            if values[name] not in (None, ""):
                told[name] = values[name]
        told["tranDate"] = values["tranDate"].isoformat()
        for name, moment in (("createdDate", row.created), ("lastModifiedDate", row.changed)):
            told[name] = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        if asked.query.get("expandSubResources") == "true":
            lines = [self._line(place, line) for place, line in enumerate(row.extra["lines"], 1)]
            told["item"] = {"links": [], "items": lines, "totalResults": len(lines)}
        else:
            told["item"] = {"links": [{"rel": "self", "href": f"{self._own(asked)}{_RECORD}/{kind}/{row.id}/item"}]}
        return told

    def _line(self, place: int, line: Mapping[str, Any]) -> dict[str, Any]:
        item = self.items.get(line["item"])
        name = item.values["itemid"] if item else ""
        numbers = {number: line[number] for number in ("quantity", "rate", "amount", "taxRate1")}
        numbers["tax1Amt"] = line["tax"]
        more = {"item": {"id": line["item"], "refName": name}, "taxCode": {"id": line["taxCode"]}}
        return {"links": [], "line": place, "description": line["description"], **numbers, **more}

    @route("POST", f"{_RECORD}/creditMemo")
    def create(self, asked: Received) -> Answer:
        sent = asked.json()
        if not isinstance(sent, Mapping):
            raise Malformed("the body is no object")
        if unknown := set(sent) - _SENT:
            raise _error(400, "INVALID_CONTENT", f"Invalid property name: {min(unknown)}.")
        entity = _id(sent, "entity")
        if self.customers.get(entity) is None:
            raise _error(400, "USER_ERROR", "Invalid entity reference key.")
        currency = _id(sent, "currency") if "currency" in sent else "1"
        if currency not in self.currencies:
            raise _error(400, "USER_ERROR", "Invalid currency reference key.")
        key = sent.get("externalId")
        if key and any(
            row.values["externalId"] == key and row.values["type"] == "creditMemo" for row in self.transactions
        ):
            raise _error(400, "DUP_RCRD", "Error while accessing a resource. This record already exists.")
        lines = (sent.get("item") or {}).get("items") or []
        if not lines:
            raise _error(400, "USER_ERROR", "Please enter a value for item.")
        kept = [self._sent_line(line) for line in lines]
        day = date.fromisoformat(sent["tranDate"]) if "tranDate" in sent else self.local(self.clock.now()).date()
        location = _id(sent, "location") if "location" in sent else None
        if self.wants_location and location is None:
            raise _error(400, "USER_ERROR", "Please enter value(s) for: Location.")
        more = {"memo": sent.get("memo"), "currency": currency, "location": location}
        row = self._add("creditMemo", entity, kept, day, externalId=key, **more)
        return Answer(204, headers={"Location": f"{self._own(asked)}{_RECORD}/creditMemo/{row.id}"})

    def _sent_line(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        if unknown := set(sent) - _SENT_LINE:
            raise _error(400, "INVALID_CONTENT", f"Invalid property name: {min(unknown)}.")
        if self.items.get(_id(sent, "item")) is None or _id(sent, "taxCode") not in self.tax_codes:
            raise _error(400, "USER_ERROR", "Invalid reference key.")
        if any(not isinstance(sent.get(name, 1), (int, Decimal)) for name in ("quantity", "rate", "amount")):
            raise _error(400, "INVALID_CONTENT", "a number is needed")
        return {**sent, "item": _id(sent, "item"), "taxCode": _id(sent, "taxCode")}

    @route("DELETE", f"{_RECORD}/creditMemo/{{id}}")
    def delete(self, asked: Received, id: str) -> None:
        self.transactions.delete(self._found("creditMemo", id))

    def _found(self, kind: str, id: str) -> Row:
        for row in self.transactions:
            if row.values["type"] == kind and id in (row.id, f"eid:{row.values['externalId']}"):
                return row
        raise _error(404, "NONEXISTENT_ID", "The record instance does not exist.")

    # ------------------------------------------------------------ for tests

    def add_customer(self, name: str, **values: Any) -> Row:
        """A customer."""
        empty = dict.fromkeys(("email", "vatregnumber", "url", "parent", "category", "billcountry"))
        plain = {"entityid": name, "companyname": name, "isinactive": "F", "currency": 4}
        return self.customers.add({**empty, **plain, **values})

    def add_item(self, name: str) -> Row:
        """An item."""
        plain = {"displayname": name, "itemtype": "Service", "isinactive": "F", "class": None}
        return self.items.add({"itemid": name, **plain})

    def add_invoice(self, customer: Row, lines: Sequence[Mapping[str, Any]], day: date, **values: Any) -> Row:
        """An invoice. Lines: item, rate, quantity, taxCode."""
        return self._add("invoice", customer.id, lines, day, **values)

    def _add(self, kind: str, entity: str, lines: Sequence[Mapping[str, Any]], day: date, **values: Any) -> Row:
        kept = [self._priced(line) for line in lines]
        net, tax = (sum((line[name] for line in kept), Decimal()) for name in ("amount", "tax"))
        self._numbers[kind] += 1
        number = f"{'INV' if kind == 'invoice' else 'CM'}{self._numbers[kind]:05d}"
        plain = {
            "externalId": None,
            "memo": None,
            "currency": "4",
            "subsidiary": "1",
            "tranId": number,
            "tranDate": day,
        }
        sums = {"subtotal": net, "taxTotal": tax, "total": net + tax}
        row = self.transactions.add({**plain, **sums, "type": kind, "entity": entity, **values})
        row.extra["lines"] = kept
        return row

    def _priced(self, line: Mapping[str, Any]) -> dict[str, Any]:
        quantity, price = Decimal(str(line.get("quantity", 1))), Decimal(str(line["rate"]))
        net = (quantity * price).quantize(_CENT, ROUND_HALF_UP)
        percent = self.tax_codes[line["taxCode"]]
        tax = (net * percent / 100).quantize(_CENT, ROUND_HALF_UP)
        plain = {"description": "", **line, "quantity": quantity, "rate": price}
        return {**plain, "amount": net, "tax": tax, "taxRate1": percent}

    def local(self, moment: datetime) -> datetime:
        """An instant as lists have it: whole seconds in the account's time zone, without saying so."""
        return moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0)


def _id(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, Mapping) or not isinstance(value.get("id"), (str, int)):
        raise _error(400, "INVALID_CONTENT", f"{name} is a reference")
    return str(value["id"])


def _error(status: int, code: str, detail: str) -> Refused:
    title = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}.get(status, "Error")
    body = {"title": title, "status": status, "o:errorDetails": [{"detail": detail, "o:errorCode": code}]}
    return Refused(status, {"type": "https://www.rfc-editor.org/rfc/rfc9110", **body})
