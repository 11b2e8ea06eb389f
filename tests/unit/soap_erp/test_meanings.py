"""What replies mean: the table of docs/connectors/soap.md line by line, and rules of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.declarative.settings.request import Operation
from connectors.spi import Remote, UnknownOutcome, WriteRefused
from core.errors import FatalError, RebatedError, RetryableError
from tests.unit.http.server import Answer
from tests.unit.soap_erp.reading import INVOICES, connected, faulty, invoice, pulled, soap, told

HTML = b"<html><body>Too many users</body></html>"
EMPTY = soap("")
TELL = {"operation": "Tell"}
TIER: dict[str, Any] = {"idempotency": "repeat", "create": {"request": TELL}}


def written(folder: Path, *answers: Answer, **settings: Any) -> Remote:
    """The outcome of a write under these answers."""
    with connected(folder, *answers, **{"write": {"tier": TIER}, **settings}) as (_, adapter):
        return adapter.create(sample_request("tier"))


# ---------------------------------------------------------------- where no rule holds


@pytest.mark.parametrize(
    ("answer", "reading", "writing"),
    [
        (faulty("s:Server"), RetryableError, UnknownOutcome),
        (faulty("s:Receiver"), RetryableError, UnknownOutcome),
        (faulty("s:Server", status=200), RetryableError, UnknownOutcome),
        (faulty("s:Client"), FatalError, WriteRefused),
        (faulty("s:Client", status=200), FatalError, WriteRefused),
        (faulty("s:Client.NoSuchCustomer", status=202), FatalError, WriteRefused),
        (faulty("s:Server.Business"), FatalError, WriteRefused),
        (faulty("100", status=200), FatalError, WriteRefused),
        (faulty("a:Microsoft.Dynamics.Nav.Types.Exceptions.NavNCLDialogException"), FatalError, WriteRefused),
        (faulty("s:MustUnderstand"), FatalError, FatalError),
        (faulty("s:VersionMismatch"), FatalError, FatalError),
        (faulty("s:Client", status=401), FatalError, FatalError),
        (faulty("s:Client", status=403), FatalError, FatalError),
        (faulty("s:Client", status=408), RetryableError, UnknownOutcome),
        (faulty("s:Client", status=429), RetryableError, RetryableError),
        (Answer(200, HTML, {"Content-Type": "text/html"}), RetryableError, UnknownOutcome),
        (Answer(500, HTML, {"Content-Type": "text/html"}), RetryableError, UnknownOutcome),
        (Answer(404, b"no such page", {"Content-Type": "text/plain"}), RetryableError, UnknownOutcome),
        (Answer(400, HTML, {"Content-Type": "text/html"}), RetryableError, UnknownOutcome),
        (Answer(200, b"", {}), RetryableError, UnknownOutcome),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else value.__name__,
)
def test_a_reply_without_a_rule(
    tmp_path: Path, answer: Answer, reading: type[RebatedError], writing: type[RebatedError]
) -> None:
    with pytest.raises(reading) as caught:
        pulled(tmp_path, answer)
    assert not isinstance(caught.value, UnknownOutcome)
    with pytest.raises(writing) as refused:
        written(tmp_path, answer, write={"tier": TIER | {"create": {"request": INVOICES["request"]}}})
    assert isinstance(refused.value, UnknownOutcome) == (writing is UnknownOutcome)


def test_a_refusal_is_told_in_the_words_of_the_service(tmp_path: Path) -> None:
    with pytest.raises(WriteRefused, match="Клієнта не знайдено"):
        written(tmp_path, faulty("s:Client", "Клієнта не знайдено"))


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"path": "fault.code", "matches": "Busy$", "then": "retry"}, UnknownOutcome),
        ({"path": "fault.code", "matches": "Busy$", "then": "conflict"}, RetryableError),
        ({"path": "fault.text", "matches": "gesperrt|locked", "then": "conflict"}, RetryableError),
        ({"path": "fault.detail.No", "matches": "^17$", "then": "fatal"}, FatalError),
        ({"status": [500], "path": "fault.code", "matches": "Free$", "then": "conflict"}, WriteRefused),
    ],
)
def test_the_first_rule_that_holds_decides(tmp_path: Path, rule: dict[str, Any], error: type[RebatedError]) -> None:
    answer = faulty("ns0:Client.Busy", "Der Satz ist gesperrt", detail="<No>17</No>")
    with pytest.raises(error) as caught:
        written(tmp_path, answer, errors=[rule, {"path": "fault.code", "then": "refused"}])
    assert type(caught.value) is error


def test_a_table_of_messages_in_a_reply_that_seems_fine_is_a_rule(tmp_path: Path) -> None:
    where = "RETURN.item[?TYPE == 'E' || TYPE == 'A']"
    rule = {"path": where, "then": "refused", "message": f"{where}.MESSAGE"}
    items = "".join(
        f"<item><TYPE>{kind}</TYPE><MESSAGE>{text}</MESSAGE></item>"
        for kind, text in (("S", "saved"), ("E", "period 03 is closed"), ("E", "no tax code"))
    )
    with pytest.raises(WriteRefused, match=r"^[^;]*period 03 is closed; no tax code$"):
        written(tmp_path, Answer(200, soap(f"<RETURN>{items}</RETURN>", of="Out").body, {}), errors=[rule])
    fine = "<item><TYPE>S</TYPE><MESSAGE>saved</MESSAGE></item><item><TYPE>W</TYPE><MESSAGE>-</MESSAGE></item>"
    written(tmp_path, Answer(200, soap(f"<RETURN>{fine}</RETURN>", of="Out").body, {}), errors=[rule])


# ---------------------------------------------------------------- ok_when and message


STATED = {"operation": "GetInvoices", "ok_when": "Status == '1'", "message": "Messages.Message[].Text"}
REASONS = "<Message><Text>no such day</Text></Message><Message><Text>x</Text></Message>"
REFUSED = f"<Status>0</Status><Messages>{REASONS}</Messages>"


def test_a_success_that_is_none_is_refused_with_the_reason(tmp_path: Path) -> None:
    assert len(pulled(tmp_path, soap("<Status>1</Status>" + invoice(1)), request=STATED)) == 1
    with pytest.raises(FatalError, match="no such day; x"):
        pulled(tmp_path, soap(REFUSED), request=STATED)
    with pytest.raises(FatalError):
        pulled(tmp_path, soap(invoice(1)), request=STATED)
    stated = {"tier": TIER | {"create": {"request": STATED}}}
    with pytest.raises(WriteRefused, match="no such day; x"):
        written(tmp_path, soap(REFUSED), write=stated)
    written(tmp_path, soap("<Status>1</Status>"), write=stated)


def test_an_empty_reply_says_nothing_about_a_write_that_should_state_its_success(tmp_path: Path) -> None:
    with pytest.raises(UnknownOutcome, match="it is empty"):
        written(tmp_path, Answer(200, b"", {}), write={"tier": TIER | {"create": {"request": STATED}}})


def test_ok_when_sees_what_decode_has_opened(tmp_path: Path) -> None:
    request = STATED | {"decode": {"Payload": "json"}, "ok_when": "Payload.ok", "message": "Payload.why"}
    answers = [soap(f"<Payload>{text}</Payload>") for text in ('{"ok": true}', '{"ok": false, "why": "month closed"}')]
    assert pulled(tmp_path, answers[0], request=request) == []
    with pytest.raises(FatalError, match="month closed"):
        pulled(tmp_path, answers[1], request=request)


# ---------------------------------------------------------------- steps


@pytest.mark.parametrize(("only_reads", "error"), [(True, RetryableError), (False, UnknownOutcome)])
def test_what_fails_after_a_step_that_only_read_has_done_nothing(
    tmp_path: Path, only_reads: bool, error: type[RebatedError]
) -> None:
    look = {"request": {"operation": "GetInvoices", "only_reads": only_reads}, "save": {"stamp": "Invoice[0].No"}}
    steps = {"tier": TIER | {"create": [look, {"request": TELL}]}}
    locked = {"path": "fault.code", "matches": "Locked$", "then": "conflict"}
    with pytest.raises(RebatedError) as caught:
        written(tmp_path, soap(invoice(1)), faulty("s:Client.Locked"), write=steps, errors=[locked])
    assert type(caught.value) is error


# ---------------------------------------------------------------- SOAP headers


def test_headers_of_the_connection_and_of_the_operation_go_together(tmp_path: Path) -> None:
    """That of the operation takes the place of one with its name; what holds nothing is not sent."""
    more = {
        "request": TELL | {"soap_headers": {"{urn:own}Company": "own", "{urn:own}Gone": {"Text": "${values.none?}"}}}
    }
    with connected(
        tmp_path,
        EMPTY,
        soap_headers={"{urn:own}Company": "all", "{urn:own}Language": "uk"},
        read={"invoices": INVOICES},
        write={"tier": TIER | {"create": more}},
    ) as (server, adapter):
        adapter.client.call(Operation(operation="GetInvoices"))
        adapter.create(sample_request("tier"))
    first, second = (asked.body.decode() for asked in server.asked)
    assert ">all<" in first and ">uk<" in first
    assert ">own<" in second and ">uk<" in second and ">all<" not in second and "Gone" not in second


def test_the_message_of_a_read_names_the_place_of_the_request(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"erp: read\.invoices\.request \(SOAP GetInvoices\) was answered 500: no"):
        told(tmp_path, faulty("s:Client", "no"), read={"invoices": INVOICES})
