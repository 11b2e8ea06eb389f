"""Requests over HTTP: kept alive, bounded in time and size, TLS verified, failures named by how one recovers."""

from __future__ import annotations

import re
import ssl
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
)

from connectors.http.redaction import plain
from connectors.http.reply import Reply
from connectors.http.settings import HttpSettings
from connectors.http.transport import Exchange, TimedAdapter, within
from connectors.secrets import Secret
from core.errors import ConfigError, FatalError, RebatedError, RetryableError

_PIECE = 64 * 1024
_MOST_KEPT = 32
_ABOUT_OUR_CERTIFICATE = re.compile(r"ALERT_(CERTIFICATE_|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE)")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


class NotSent(RetryableError):
    """The request certainly was not carried out: there was no connection to send it over."""


class ReplyLost(RetryableError):
    """The request may have been carried out, but its reply did not arrive whole or in time."""


class TooLarge(ReplyLost):
    """The reply is larger than the settings allow; asking again will not make it smaller."""


class _OverLimit(Exception):
    """More was sent than is read."""


class _Session(requests.Session):
    """One that leaves replies alone: the library would read the whole body of a redirect, however large, and stumble
    over an address that is none, before anybody asked it to follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class HttpSession:
    """Requests under one set of settings. Safe to use from threads: each has a connection of its own meanwhile."""

    def __init__(self, settings: HttpSettings, *, base: Path, answers: Collection[int] = ()) -> None:
        """Makes no request. `answers`: statuses of redirects that are given back as replies, and still not followed.
        Raises ConfigError where the file of authorities, or of our certificate, cannot be used."""
        self._settings = settings
        self._answers = {304, *answers}
        self._authorities = _authorities(settings, base)
        self._certificate = _certificate(settings, base)
        self._idle: deque[requests.Session] = deque()
        self.server_date: datetime | None = None
        """The server's clock at its last reply, UTC; None before the first."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        body: bytes | Callable[[], bytes] | None = None,
        account: AuthBase | None = None,
    ) -> Reply:
        """Send one request and read its reply whole.

        A body that holds a secret is handed over as a function, so that nothing keeps it but the sending itself.
        `account` proves who we are to the connection, which then counts as proved while it is kept alive.
        Raises NotSent, ReplyLost (TooLarge among them), ConfigError for an address or header that cannot be used,
        FatalError for a certificate that is not trusted and for a redirect, which is never followed, unless its status
        is one of the `answers`.
        """
        host = self._host(url)
        sent = _headers(headers or {}, host)
        outcome = self._exchange(method, url, host, sent, body, account)
        # Raised here, outside of any handler, so that no error of a library hangs on it with our headers in its frames.
        if isinstance(outcome, RebatedError):
            raise outcome
        self.server_date = outcome.date or self.server_date
        return outcome

    def close(self) -> None:
        """Close the connections kept alive. The session can be used again."""
        while self._idle:
            self._idle.pop().close()

    def _host(self, url: str) -> str:
        """The host a message names. Raises ConfigError where the address must not be used."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https"):
            raise ConfigError("not the address of a server", hint="write it like https://erp.example.com")
        if parts.username is not None or parts.password is not None:
            raise ConfigError(f"{host}: credentials do not stand in a URL")
        stays_here = _is_this_machine(host) and not self._settings.proxy
        if parts.scheme == "http" and not self._settings.allow_plain_http and not stays_here:
            hint = "use https://, or set http.allow_plain_http = true where the network in between is trusted"
            raise ConfigError(f"{host}: credentials would travel in clear over http", hint=hint)
        return parts.netloc

    def _exchange(
        self,
        method: str,
        url: str,
        host: str,
        headers: dict[str, str | Secret],
        body: bytes | Callable[[], bytes] | None,
        account: AuthBase | None,
    ) -> Reply | RebatedError:
        session = self._session()
        with within(self._settings.total_timeout) as exchange:
            try:
                outcome = self._answer(session, method, url, host, headers, body, account)
            except NotSent as refused:  # by the account; without the frames of the library, which hold our headers
                outcome = NotSent(f"{host}: {refused.message}", hint=refused.hint)
            except _OverLimit:
                size = self._settings.max_reply_megabytes
                outcome = TooLarge(
                    f"{host}: the reply is larger than {size} MB",
                    hint="ask for less at once, or raise http.max_reply_megabytes",
                )
            except (requests.exceptions.InvalidURL, LocationValueError, UnicodeError):
                outcome = ConfigError(f"{host}: not an address that can be used")
            except (requests.RequestException, HTTPError, OSError) as error:
                outcome = self._failure(error, exchange, host)
            except BaseException:
                session.close()
                raise
        if len(self._idle) < _MOST_KEPT:
            self._idle.append(session)
        else:
            session.close()
        return outcome

    def _session(self) -> requests.Session:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        session = _Session()
        session.trust_env = False
        session.headers["User-Agent"] = "rebated"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        session.verify = self._authorities
        session.cert = self._certificate
        if self._settings.proxy:
            session.proxies = {"http": self._settings.proxy, "https": self._settings.proxy}
        for scheme in ("http://", "https://"):
            session.mount(scheme, TimedAdapter())
        return session

    def _answer(
        self,
        session: requests.Session,
        method: str,
        url: str,
        host: str,
        headers: dict[str, str | Secret],
        body: bytes | Callable[[], bytes] | None,
        account: AuthBase | None,
    ) -> Reply | RebatedError:
        response = session.request(
            method,
            url,
            headers={name: value.reveal() if isinstance(value, Secret) else value for name, value in headers.items()},
            data=body() if callable(body) else body,
            auth=account,
            stream=True,
            allow_redirects=False,
            timeout=(self._settings.connect_timeout, self._settings.read_timeout),
        )
        with response:
            location = response.headers.get("Location", "")
            # 304 is an answer, and so is 300 where it names no choice of its own: Salesforce lists records with it.
            answers = response.status_code in self._answers or (response.status_code == 300 and not location)
            if 300 <= response.status_code < 400 and not answers:
                return _redirect(host, location)
            pieces = []
            left = self._settings.max_reply_megabytes << 20
            for piece in response.iter_content(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise _OverLimit
                pieces.append(piece)
        kept: CaseInsensitiveDict[str] = CaseInsensitiveDict(response.headers)
        return Reply(response.status_code, kept, b"".join(pieces))

    def _failure(self, error: Exception, exchange: Exchange, host: str) -> RebatedError:
        if exchange.unconnected is not None:
            return _unconnected(exchange.unconnected, host, self._settings)
        if _wants_certificate(error):
            return FatalError(
                f"{host}: the server does not accept our certificate, or wants one",
                hint="name the one it knows in http.client_certificate, with its key",
            )
        if exchange.overdue:
            seconds = f"{self._settings.total_timeout:g}"
            return ReplyLost(
                f"{host}: the reply was not whole after {seconds} s",
                hint="try again later; a larger http.total_timeout gives it more time",
            )
        if isinstance(error, (requests.Timeout, TimeoutError)) or "timed out" in str(error).lower():
            seconds = f"{self._settings.read_timeout:g}"
            return ReplyLost(
                f"{host}: no answer within {seconds} s",
                hint="try again later; a larger http.read_timeout gives it more time",
            )
        return ReplyLost(f"{host}: the connection broke before the reply was whole")


def _wants_certificate(error: BaseException | None) -> bool:
    """Whether the server ended the connection over our certificate: in TLS 1.3 it does so after it is agreed on."""
    while error is not None:
        for cause in (error, *error.args):  # the library puts it there
            if isinstance(cause, ssl.SSLError) and _ABOUT_OUR_CERTIFICATE.search(cause.reason or ""):
                return True
        error = error.__cause__ or error.__context__
    return False


def _unconnected(error: Exception, host: str, settings: HttpSettings) -> RebatedError:
    where = f"{host}: no connection (through the proxy of the settings)" if settings.proxy else f"{host}: no connection"
    if isinstance(error, ssl.CertificateError):
        return FatalError(
            f"{host}: its certificate is not trusted: {plain(error.verify_message)}",
            hint="where a private authority issued it, name that authority's certificate in http.ca_file; "
            "the name in the URL must be one the certificate is for",
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return FatalError(
            f"{host}: TLS could not be agreed on: {plain(error.reason or '', longest=80)}",
            hint="check that the port speaks TLS; http.ca_file names a private authority",
        )
    if isinstance(error, NameResolutionError):
        return NotSent(f"{where}: the name cannot be resolved", hint="check the URL, and the DNS of this machine")
    if isinstance(error, ssl.SSLError):
        return NotSent(
            f"{where}: it broke while TLS was agreed on", hint="try again later; check that the port speaks TLS"
        )
    # The library derives the one from the other.
    if isinstance(error, (ConnectTimeoutError, TimeoutError)) and not isinstance(error, NewConnectionError):
        return NotSent(
            f"{where} within {settings.connect_timeout:g} s", hint="check that the server runs and can be reached"
        )
    cause = error if isinstance(error, OSError) else error.__cause__
    reason = (cause.strerror or str(cause) or type(cause).__name__) if isinstance(cause, OSError) else "it was refused"
    return NotSent(f"{where}: {plain(reason, longest=120)}", hint="check that the server runs and can be reached")


def _redirect(host: str, location: str) -> FatalError:
    """Names the host alone: path and query may hold what was sent."""
    try:
        parts = urlsplit(location)
        target = f"{parts.scheme or 'the same scheme'}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""
    except ValueError:
        target = ""
    target = target or ("another path of its own" if location else "an address it does not name")
    return FatalError(
        f"{host}: the server redirects to {plain(target, longest=200)}, where nothing was sent",
        hint="if that is the right server, write its address in the settings",
    )


def _headers(headers: Mapping[str, str | Secret], host: str) -> dict[str, str | Secret]:
    """The headers, checked here because the library quotes a value it refuses."""
    for name, value in headers.items():
        if not _can_be_sent(value):
            raise ConfigError(
                f"{host}: the value of {name} is empty or holds characters a header cannot carry",
                hint="look for blanks, line breaks or letters with accents in the secret or setting it comes from",
            )
    return dict(headers)


def _can_be_sent(value: str | Secret) -> bool:
    return _HEADER_VALUE.fullmatch(value.reveal() if isinstance(value, Secret) else value) is not None


def _authorities(settings: HttpSettings, base: Path) -> str | bool:
    if settings.ca_file is None:
        return True
    path = base / settings.ca_file
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ConfigError(f"http.ca_file: {path} does not hold certificates in PEM form") from None
    except OSError as error:
        raise ConfigError(f"http.ca_file: {path} cannot be read: {error.strerror}") from None
    return str(path)


def _certificate(settings: HttpSettings, base: Path) -> str | tuple[str, str] | None:
    if settings.client_certificate is None:
        return None
    certificate, key = base / settings.client_certificate, None
    if settings.client_key is not None:
        key = base / settings.client_key
    try:
        # A key under a passphrase would be asked for at a terminal that is not there.
        ssl.create_default_context().load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError:
        raise ConfigError(
            f"http.client_certificate: {certificate} and its key do not belong together, or are not PEM",
            hint="the file holds the certificate first, then those of its issuers; the key has no passphrase",
        ) from None
    except OSError as error:
        raise ConfigError(f"http.client_certificate: {key or certificate} cannot be read: {error.strerror}") from None
    return str(certificate) if key is None else (str(certificate), str(key))


def _is_this_machine(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
