"""Odoo's XML-RPC protocol (before 19): the library's connection, login and model, over our own requests."""

from __future__ import annotations

import re
import threading
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError
from xmlrpc.client import MAXINT, MININT, Error, Marshaller, Unmarshaller
from xmlrpc.client import Fault as RpcFault

import odoolib.rpc
from defusedxml.common import DefusedXmlException
from defusedxml.xmlrpc import DefusedExpatParser
from odoolib.tools import AuthenticationError

from connectors.http.session import HttpSession
from connectors.odoo import faults
from connectors.secrets import Secret

_HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class _Sending:
    """Where XML-RPC is spoken, and over which session."""

    def __init__(self, session: HttpSession, address: str) -> None:
        super().__init__(urlsplit(address).hostname or "", 0)  # type: ignore[call-arg]
        self.session = session
        self.url = f"{address}/xmlrpc/2"

    def send(self, service_name: str, method: str, *args: Any) -> Any:
        """Call a method of a service. A Secret among the arguments is sent as what it hides.

        Numbers with a fraction come as Decimal. Raises faults.Fault and what the session raises.
        """
        body = partial(written, method, args)
        reply = self.session.request("POST", f"{self.url}/{service_name}", headers=_HEADERS, body=body)
        if reply.status != 200:
            raise faults.of_reply(reply)
        try:
            return read(reply.body)
        except RpcFault as fault:
            refusal = faults.of_code(fault.faultCode, str(fault.faultString))
        except (Error, DefusedXmlException, ExpatError, InvalidOperation, ValueError, TypeError, LookupError):
            refusal = faults.unreadable(reply)
        raise refusal


class PlainConnector(_Sending, odoolib.rpc.XmlRPCConnector):  # type: ignore[misc]
    """XML-RPC over http."""


class SecureConnector(_Sending, odoolib.rpc.XmlRPCSConnector):  # type: ignore[misc]
    """XML-RPC over https."""


class Model(odoolib.rpc.Model):  # type: ignore[misc]
    """A model of the remote. Results come as they are: the library's own sorts what `read` answers."""

    def __getattr__(self, method: str) -> Any:
        def proxy(*arguments: Any, **named: Any) -> Any:
            connection = self.connection
            connection.check_login(force=False)
            return connection.get_service("object").execute_kw(
                connection.database, connection.user_id, connection.password, self.model_name, method, arguments, named
            )

        return proxy

    def search_read(self, *arguments: Any, **named: Any) -> Any:
        """One call; the library's own makes two."""
        return self.__getattr__("search_read")(*arguments, **named)


class Connection(odoolib.rpc.Connection):  # type: ignore[misc]
    """A database, a login and the key that serves as its password. Logs in once, whoever asks first.

    The library writes what it sends to a log; it gets the key as a Secret, which the connector alone reveals.
    """

    def __init__(self, connector: _Sending, database: str, login: str, key: Secret) -> None:
        super().__init__(connector, database, login, key)
        self._login_turn = threading.Lock()

    def get_model(self, model_name: str) -> Model:
        return Model(self, model_name)

    def check_login(self, force: bool = True) -> None:
        """Raises faults.Fault `credentials` where login or key are not accepted."""
        with self._login_turn:
            try:
                super().check_login(force)
                return
            except AuthenticationError:
                pass
        raise faults.Fault("credentials", f"login {self.login}")


class _Writer(Marshaller):
    """Writes None, integers of any size, Decimals by their digits, and no character XML forbids."""

    dispatch: dict[Any, Any] = dict(Marshaller.dispatch)  # noqa: RUF012 - as in the base class

    def _text(self, value: str, write: Any) -> None:
        self.dump_unicode(_NOT_IN_XML.sub("", value), write)

    def _integer(self, value: int, write: Any) -> None:
        kind = "int" if MININT <= value <= MAXINT else "i8"
        write(f"<value><{kind}>{value}</{kind}></value>\n")

    def _decimal(self, value: Decimal, write: Any) -> None:
        if not value.is_finite():
            raise ValueError("not a number")
        write(f"<value><double>{value:f}</double></value>\n")

    def _secret(self, value: Secret, write: Any) -> None:
        self._text(value.reveal(), write)

    dispatch[str] = _text
    dispatch[int] = _integer
    dispatch[Decimal] = _decimal
    dispatch[Secret] = _secret


class _Reader(Unmarshaller):
    """Reads numbers with a fraction as Decimal of their very digits."""

    dispatch: dict[Any, Any] = dict(Unmarshaller.dispatch)  # noqa: RUF012 - as in the base class

    def _number(self, data: str) -> None:
        value = Decimal(data.strip())
        if not value.is_finite():
            raise ValueError("not a number")
        self.append(value)
        self._value = False

    dispatch["double"] = _number
    dispatch["float"] = _number


def written(method: str, arguments: tuple[Any, ...]) -> bytes:
    """An XML-RPC request."""
    content = _Writer("utf-8", allow_none=True).dumps(arguments)
    head = f"<?xml version='1.0' encoding='utf-8'?>\n<methodCall>\n<methodName>{method}</methodName>\n"
    return f"{head}{content}</methodCall>\n".encode()


def read(body: bytes) -> Any:
    """The value of an XML-RPC reply. Raises xmlrpc.client.Fault, and other errors for what is not one."""
    reader = _Reader()
    parser = DefusedExpatParser(reader, forbid_dtd=True)
    parser.feed(body)
    parser.close()
    (value,) = reader.close()
    return value


def connector(session: HttpSession, address: str) -> PlainConnector | SecureConnector:
    """The connector for an address."""
    return (SecureConnector if address.startswith("https:") else PlainConnector)(session, address)
