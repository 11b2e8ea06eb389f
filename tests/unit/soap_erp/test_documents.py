"""WSDLs and their schemas come from where they may, once, and are what was pinned."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.soap_erp.wsdl import documents as module
from connectors.soap_erp.wsdl.documents import Documents, shown
from connectors.soap_erp.wsdl.service import service_of
from core.errors import ConfigError, FatalError, RetryableError
from tests.helpers.requests_of import WSDL

REQUESTS = WSDL / "requests.wsdl"
HOST = "https://erp.example.com"
SCHEMA = '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a">{}</xsd:schema>'


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch):
    def refused(*_: Any) -> None:
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


def wsdl(*inside: str, imports: str = "", address: str = f"{HOST}/ws") -> str:
    """A service with one operation, and schemas or imports of the test."""
    schemas = "".join(inside)
    return f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
      xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">{imports}<types>
      <xsd:schema targetNamespace="urn:t"><xsd:element name="Ask" type="xsd:string"/></xsd:schema>{schemas}</types>
      <message name="m"><part name="p" element="t:Ask"/></message>
      <portType name="P"><operation name="Ask"><input message="t:m"/></operation></portType>
      <binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
        <operation name="Ask"><soap:operation soapAction=""/><input><soap:body use="literal"/></input></operation>
      </binding>
      <service name="S"><port name="P" binding="t:B"><soap:address location="{address}"/></port></service>
      </definitions>"""


def importing(*locations: str, kind: str = "import", namespace: str = "urn:a") -> str:
    """A schema that imports others."""
    named = f'namespace="{namespace}" ' if kind == "import" else ""
    lines = "".join(f'<xsd:{kind} {named}schemaLocation="{location}"/>' for location in locations)
    return f'<xsd:schema targetNamespace="urn:x">{lines}</xsd:schema>'


class Host:
    """Documents by address, and what was asked for."""

    def __init__(self, **paths: str | bytes) -> None:
        self.documents = {path: text.encode() if isinstance(text, str) else text for path, text in paths.items()}
        self.asked: list[str] = []

    def __call__(self, address: str) -> bytes:
        self.asked.append(address)
        try:
            return self.documents[address.removeprefix(f"{HOST}/")]
        except KeyError:
            raise RetryableError(f"{address} is not there") from None


def refused(source: Path | str, error: type[Exception] = ConfigError, **others: Any) -> Any:
    with pytest.raises(error) as caught:
        service_of(Documents(source, **others))
    return caught.value


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes files into a folder, and gives the first."""

    def write(**files: str | bytes) -> Path:
        folder = tmp_path / "own"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return folder / next(iter(files)).replace("_dot_", ".")

    return write


class TestFiles:
    def test_are_read_with_what_they_import(self):
        read = Documents(REQUESTS)
        assert sorted(Path(location).name for location, _ in read.trees()) == [
            "requests.wsdl", "requests_included.xsd", "requests_parts.xsd"
        ]  # fmt: skip

    def test_may_import_what_lies_below(self, written):
        source = written(a_dot_wsdl=wsdl(importing("xsd/a.xsd")), xsd__a_dot_xsd=SCHEMA.format(""))
        assert service_of(Documents(source)).operations.keys() == {"Ask"}

    @pytest.mark.parametrize(
        "location",
        ["../outside.xsd", "/etc/passwd", "file:///etc/passwd", "xsd/../../outside.xsd", "//etc/passwd", "linked.xsd"],
    )
    def test_import_nothing_from_outside_of_their_folder(self, written, tmp_path, location):
        (tmp_path / "outside.xsd").write_text(SCHEMA.format(""))
        source = written(a_dot_wsdl=wsdl(importing(location)))
        (source.parent / "linked.xsd").symlink_to(tmp_path / "outside.xsd")
        assert "outside of" in str(refused(source)) or "is not kept here" in str(refused(source, fetch=Host()))

    def test_import_no_address_unasked(self, written, tmp_path):
        source = written(a_dot_wsdl=wsdl(importing(f"{HOST}/a.xsd")))
        error = refused(source, cache=tmp_path / "cache")
        assert f"{HOST}/a.xsd" in str(error)
        assert "rebated connector inspect" in error.hint
        refused(source, fetch=Host(), cache=tmp_path / "cache")

    def test_find_in_the_cache_what_was_brought_there(self, written, tmp_path):
        source, host = written(a_dot_wsdl=wsdl(importing(f"{HOST}/a.xsd"))), Host(**{"a.xsd": SCHEMA.format("")})
        brought = Documents(source, cache=tmp_path / "cache", fetch=host, other_hosts=True)
        assert host.asked == [f"{HOST}/a.xsd"]
        assert Documents(source, cache=tmp_path / "cache").digest() == brought.digest()

    @pytest.mark.parametrize(
        ("namespace", "location"),
        [
            ("http://schemas.xmlsoap.org/soap/encoding/", "http://schemas.xmlsoap.org/soap/encoding/"),
            ("http://schemas.xmlsoap.org/soap/encoding/", "http://schemas.xmlsoap.org/soap/encoding"),
            ("http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2001/xml.xsd"),
            ("http://www.w3.org/XML/1998/namespace", ""),
            ("http://www.w3.org/2005/05/xmlmime", "http://www.w3.org/2005/05/xmlmime"),
            ("http://schemas.xmlsoap.org/wsdl/", "http://schemas.xmlsoap.org/wsdl/"),
        ],
    )
    def test_well_known_schemas_are_here(self, written, namespace, location):
        assert service_of(Documents(written(a_dot_wsdl=wsdl(importing(location, namespace=namespace)))))

    def test_may_import_in_a_circle(self, written):
        back = f'<xsd:import namespace="urn:b" schemaLocation="b.xsd"/>{""}'
        there = '<xsd:import namespace="urn:a" schemaLocation="a.xsd"/><xsd:include schemaLocation="b.xsd"/>'
        source = written(
            a_dot_wsdl=wsdl(importing("a.xsd"), imports='<import namespace="urn:t" location="a.wsdl"/>'),
            a_dot_xsd=SCHEMA.format(back),
            b_dot_xsd=SCHEMA.format(there).replace('targetNamespace="urn:a"', 'targetNamespace="urn:b"'),
        )
        assert service_of(Documents(source)).operations.keys() == {"Ask"}

    def test_that_are_not_there(self, tmp_path, written):
        assert "no such file" in str(refused(tmp_path / "none.wsdl"))
        assert "none.xsd" in str(refused(written(a_dot_wsdl=wsdl(importing("none.xsd")))))
        assert "no such file" in str(refused(tmp_path))


class TestHostile:
    ENTITY = '<!DOCTYPE definitions [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    LAUGHS = (
        '<!DOCTYPE definitions [<!ENTITY a "haha">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "]>"
    )

    @pytest.mark.parametrize(
        "head", [ENTITY, LAUGHS, '<!DOCTYPE definitions SYSTEM "http://evil.invalid/x.dtd">', "<!DOCTYPE definitions>"]
    )
    @pytest.mark.parametrize("use", ["", "&x;", "&i;"])
    def test_document_types_are_refused(self, written, head, use):
        text = head + wsdl().replace("</definitions>", f"<documentation>{use}</documentation></definitions>")
        error = str(refused(written(a_dot_wsdl=text)))
        assert "document type" in error or "XML" in error
        assert "root:" not in error

    def test_in_an_imported_schema_too(self, written):
        source = written(a_dot_wsdl=wsdl(importing("a.xsd")), a_dot_xsd=self.ENTITY + SCHEMA.format(""))
        assert "a.xsd" in str(refused(source))

    def test_too_large(self, written, monkeypatch):
        monkeypatch.setattr(module, "MOST_BYTES", 5000)
        filler = f"<!-- {'x' * 3000} -->"
        source = written(
            a_dot_wsdl=wsdl(importing("a.xsd", "b.xsd")),
            a_dot_xsd=SCHEMA.format(filler),
            b_dot_xsd=SCHEMA.format(filler),
        )
        assert "larger" in str(refused(source))

    def test_too_many(self, written, monkeypatch):
        monkeypatch.setattr(module, "MOST_DOCUMENTS", 10)
        names = [f"s{number}.xsd" for number in range(20)]
        files = {name.replace(".", "_dot_"): SCHEMA.format("") for name in names}
        assert "more than 10" in str(refused(written(a_dot_wsdl=wsdl(importing(*names)), **files)))

    def test_too_deep(self, written):
        deep = "<xsd:sequence>" * 5000
        assert "XML" in str(refused(written(a_dot_wsdl=wsdl(SCHEMA.format(deep)))))

    def test_groups_that_multiply(self, written):
        groups = (
            '<xsd:group name="g0"><xsd:sequence><xsd:element name="e" type="xsd:string"/></xsd:sequence></xsd:group>'
        )
        for number in range(1, 12):
            inner = f'<xsd:group ref="a:g{number - 1}"/>' * 10
            groups += f'<xsd:group name="g{number}"><xsd:sequence>{inner}</xsd:sequence></xsd:group>'
        schema = SCHEMA.format(groups).replace("<xsd:schema ", '<xsd:schema xmlns:a="urn:a" ')
        assert "beyond all measure" in str(refused(written(a_dot_wsdl=wsdl(schema))))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "not XML",
            "<html><body>Sign in</body></html>",
            "<!doctype html><html></html>",
            "<definitions/>",
            wsdl().replace('type="t:P"', 'type="t:Absent"'),
            wsdl().replace('element="t:Ask"', 'element="t:Absent"'),
            wsdl().replace("soap:binding transport", "soap:binding transprot"),
            wsdl(SCHEMA.format('<xsd:complexType name="A"><xsd:complexContent><xsd:extension base="A"/>'
                               "</xsd:complexContent></xsd:complexType>")),
        ],
    )  # fmt: skip
    def test_what_is_no_description_gives_no_error_of_a_library(self, written, text):
        try:
            service_of(Documents(written(a_dot_wsdl=text))).operation("Ask")
        except ConfigError as error:
            assert "a.wsdl" in str(error) or "there is no operation" in str(error)

    def test_a_port_without_an_address_must_be_given_one(self, written):
        source = written(a_dot_wsdl=wsdl(address=""))
        assert "states no address" in str(refused(source))
        for address in ("REPLACE_WITH_ACTUAL_URL", "file:///etc/passwd"):
            assert "no http address" in str(refused(written(a_dot_wsdl=wsdl(address=address))))
        assert service_of(Documents(source), address="https://here/ws").address == "https://here/ws"


class TestAddresses:
    def test_are_fetched_once_and_then_read_offline(self, tmp_path):
        host = Host(**{"ws?wsdl": wsdl(importing(f"{HOST}/ws?xsd=1")), "ws?xsd=1": SCHEMA.format("")})
        first = Documents(f"{HOST}/ws?wsdl", cache=tmp_path / "cache", fetch=host)
        assert host.asked == [f"{HOST}/ws?wsdl", f"{HOST}/ws?xsd=1"]
        again = Documents(f"{HOST}/ws?wsdl", cache=tmp_path / "cache", fetch=host)
        offline = Documents(f"{HOST}/ws?wsdl", cache=tmp_path / "cache")
        assert len(host.asked) == 2
        assert first.digest() == again.digest() == offline.digest()
        assert service_of(offline).operations.keys() == {"Ask"}

    def test_relative_imports_are_of_the_same_host(self, tmp_path):
        host = Host(**{"a/ws?wsdl": wsdl(importing("?xsd=1", "../b.xsd"))})
        host.documents |= {path: SCHEMA.format("").encode() for path in ("a/ws?xsd=1", "b.xsd")}
        assert service_of(Documents(f"{HOST}/a/ws?wsdl", cache=tmp_path, fetch=host))

    def test_files_are_nobody_elses(self, tmp_path):
        Documents(f"{HOST}/ws", cache=tmp_path / "new" / "cache", fetch=Host(ws=wsdl()))
        (kept,) = (tmp_path / "new" / "cache").iterdir()
        assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)

    @pytest.mark.parametrize(
        "location",
        [
            "https://evil.example.com/a.xsd",
            "http://erp.example.com:8080/a.xsd",
            "//evil.example.com/a.xsd",
            "https://erp.example.com:444/a.xsd",
            "https://erp.example.com.evil.example/a.xsd",
            "https://erp.example.com@evil.example/a.xsd",
            "https://[erp/a.xsd",
            "file:///etc/passwd",
        ],
    )
    def test_nothing_is_fetched_from_another_host(self, tmp_path, location):
        host = Host(ws=wsdl(importing(location)))
        assert "imports" in str(refused(f"{HOST}/ws", cache=tmp_path, fetch=host))
        assert host.asked == [f"{HOST}/ws"]
        assert not list(tmp_path.iterdir())

    def test_nothing_is_kept_of_what_cannot_be_fetched_whole(self, tmp_path):
        host = Host(ws=wsdl(importing("a.xsd")))
        refused(f"{HOST}/ws", RetryableError, cache=tmp_path, fetch=host)
        assert not list(tmp_path.iterdir())

    def test_without_network_or_cache(self, tmp_path):
        assert "is not kept here" in str(refused(f"{HOST}/ws?wsdl", cache=tmp_path))
        assert "is not kept here" in str(refused(f"{HOST}/ws?wsdl"))

    def test_are_fetched_anew_where_that_is_asked_for(self, tmp_path):
        Documents(f"{HOST}/ws", cache=tmp_path, fetch=Host(ws=wsdl()))
        newer = Host(ws=wsdl("<!-- newer -->"))
        Documents(f"{HOST}/ws", cache=tmp_path, fetch=newer)
        assert not newer.asked
        fetched = Documents(f"{HOST}/ws", cache=tmp_path, fetch=newer, refresh=True)
        assert Documents(f"{HOST}/ws", cache=tmp_path).digest() == fetched.digest()

    def test_a_cache_that_cannot_be_used_is_told_of(self, tmp_path):
        (tmp_path / "file").write_text("")
        assert "cannot be" in str(refused(f"{HOST}/ws", FatalError, cache=tmp_path / "file", fetch=Host(ws=wsdl())))

    def test_an_address_of_http_becomes_https_where_the_wsdl_came_by_it(self, tmp_path):
        host = Host(ws=wsdl(address="http://erp.example.com/ws"))
        assert service_of(Documents(f"{HOST}/ws", cache=tmp_path, fetch=host)).address == f"{HOST}/ws"

    def test_credentials_are_not_shown(self):
        assert shown("https://user:pass@erp.example.com/ws?token=secret") == "https://erp.example.com/ws?…"
        assert shown("https://erp.example.com/ws?xsd=xsd0") == "https://erp.example.com/ws?xsd=xsd0"


class TestPins:
    def test_hold(self, written):
        source = written(a_dot_wsdl=wsdl(importing("a.xsd")), a_dot_xsd=SCHEMA.format(""))
        pin = Documents(source).digest()
        assert Documents(source, sha256=pin.upper()).digest() == pin
        (source.parent / "a.xsd").write_text(SCHEMA.format("<!-- other -->"))
        error = refused(source, sha256=pin)
        assert pin[:12] in str(error)
        assert Documents(source).digest()[:12] in str(error)
        assert "sha256" in error.hint

    def test_are_of_the_content_alone(self, written, tmp_path):
        text = wsdl(importing("a.xsd"))
        source = written(a_dot_wsdl=text, a_dot_xsd=SCHEMA.format(""))
        remote = Documents(f"{HOST}/ws", cache=tmp_path / "c", fetch=Host(**{"ws": text, "a.xsd": SCHEMA.format("")}))
        assert remote.digest() == Documents(source).digest()

    def test_what_was_not_pinned_is_not_kept(self, tmp_path):
        Documents(f"{HOST}/ws", cache=tmp_path, fetch=Host(ws=wsdl()))
        pin = Documents(f"{HOST}/ws", cache=tmp_path).digest()
        refused(f"{HOST}/ws", cache=tmp_path, fetch=Host(ws=wsdl("<!-- changed -->")), refresh=True, sha256=pin)
        assert Documents(f"{HOST}/ws", cache=tmp_path, sha256=pin).digest() == pin


def test_what_is_no_xml_is_told_with_its_place_once(tmp_path: Path):
    (tmp_path / "a.wsdl").write_text("root:x:0:0")
    with pytest.raises(ConfigError) as caught:
        Documents(tmp_path / "a.wsdl").digest()
    assert caught.value.message.endswith("cannot be read as XML: Start tag expected, '<' not found, line 1, column 1")
