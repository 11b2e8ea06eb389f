"""The description of a service as it lies here: its WSDL with every WSDL and schema that it imports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree
from zeep.loader import absolute_location, normalize_location
from zeep.settings import Settings

from connectors.http.redaction import plain
from connectors.soap_erp.namespaces import XML, XSD
from connectors.soap_erp.wsdl.cache import Cache
from connectors.soap_erp.wsdl.packaged import packaged
from core.errors import ConfigError

SETTINGS = Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)
"""How zeep reads what it is given. Where the WSDL came over https, an address of its host is made https as well."""

MOST_DOCUMENTS = 500
MOST_BYTES = 64 * 1024 * 1024
"""Of one description with everything it imports. NetSuite's has 47 documents of 4 MB."""

_XSD = f"{{{XSD}}}"
_WSDL_IMPORT = "{http://schemas.xmlsoap.org/wsdl/}import"
_ROOTS = ("{http://schemas.xmlsoap.org/wsdl/}definitions", f"{_XSD}schema")
_REFERENCES = (_WSDL_IMPORT, *(f"{_XSD}{name}" for name in ("import", "include", "redefine", "override")))
_PLAIN_QUERY = re.compile(r"(wsdl|xsd|singlewsdl)(=[\w.:/-]*)?", re.IGNORECASE)


class Documents:
    """A WSDL and everything it imports: read when this is made, and never again.

    A file may import what lies in its folder and below. An address is fetched once, with what it imports from the same
    host, and kept in the cache; from then on it is read from there, also without a network. Nothing is ever fetched
    that is not named here: what a file imports by address must be in the cache, or be a schema of SOAP's or XML's own.

    Measured on zeep 4.3.3: left to itself it loads whatever path an import names, also outside of the folder, and
    whatever address, from any host.
    """

    def __init__(
        self,
        source: str | Path,
        *,
        cache: Path | None = None,
        sha256: str = "",
        fetch: Callable[[str], bytes] | None = None,
        refresh: bool = False,
        other_hosts: bool = False,
    ) -> None:
        """`source` is a path, or an http(s) address. `sha256` is what `digest()` must give; empty: anything.

        `fetch` gets a document by its address and raises errors of ours; None: no network. `refresh` fetches anew what
        the cache has. `other_hosts` also fetches from where imports lead: for a person who asked for just that.
        Raises ConfigError, FatalError, and what `fetch` raises. Nothing is kept of what the pin does not allow.
        """
        self._cache = Cache(cache) if cache else None
        self._fetch = fetch
        self._other_hosts = other_hosts
        self._fetched: dict[str, bytes] = {}
        self._contents: dict[str, bytes] = {}
        self._trees: dict[str, etree._Element] = {}
        self._size = 0
        self._remote = is_address(str(source))
        if self._remote:
            self.location = str(source)
            kept = None if refresh and fetch else self._kept(self.location)
            self._anew = kept is None
        else:
            self.location = str(Path(source).resolve())
            self._folder = Path(self.location).parent
            self._anew = refresh
        self._gather()
        self._compare(sha256.strip().lower())
        for address in reversed(self._fetched):  # the first one last: what is kept is whole
            if self._cache:
                self._cache.write(address, self._fetched[address])

    @property
    def name(self) -> str:
        """The source, as messages show it: without credentials."""
        return shown(self.location)

    def digest(self) -> str:
        """SHA-256 over the sorted SHA-256 digests (in hexadecimal, each on a line) of all documents.

        What stands at which address does not matter, so a copy in files has the digest of its original.
        """
        each = {sha256(content).hexdigest() for content in self._contents.values()}
        return sha256("".join(f"{one}\n" for one in sorted(each)).encode()).hexdigest()

    def read(self, location: str) -> bytes:
        """A document of this description, or a well-known schema. Raises ConfigError for any other."""
        content = self._contents.get(location)
        if content is None:
            content = packaged(location)
        if content is None:
            raise ConfigError(f"{self.name}: asks for {shown(location)}, which is no part of it")
        return content

    def trees(self) -> Iterator[tuple[str, etree._Element]]:
        """Each document with its location, parsed. They are not to be changed."""
        yield from self._trees.items()

    def references(self, location: str) -> Iterator[tuple[etree._Element, str]]:
        """What a document imports and includes: the element that says so, and the location it leads to."""
        for element in self._trees[location].iter(*_REFERENCES):
            to = element.get("location" if element.tag == _WSDL_IMPORT else "schemaLocation")
            if to and element.get("namespace") != XML:
                yield element, self._absolute(element, to, location)

    def _absolute(self, element: etree._Element, to: str, base: str) -> str:
        """As zeep reckons it: what it asks for is found by this."""
        try:
            if element.tag == f"{_XSD}import":
                return str(normalize_location(SETTINGS, to, base))  # type: ignore[no-untyped-call]
            return str(absolute_location(to, base))  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ConfigError(f"{shown(base)}: imports an address that cannot be read") from error

    # ------------------------------------------------------------ gathering

    def _gather(self) -> None:
        waiting = [(self.location, "")]
        while waiting:
            location, asker = waiting.pop()
            if location in self._contents or (location != self.location and packaged(location) is not None):
                continue
            if len(self._contents) >= MOST_DOCUMENTS:
                raise ConfigError(f"{self.name}: imports more than {MOST_DOCUMENTS} documents")
            content = self._content(location, asker)
            self._size += len(content)
            if self._size > MOST_BYTES:
                raise ConfigError(f"{self.name}: is larger than {MOST_BYTES // 1024**2} MB with what it imports")
            self._contents[location] = content
            self._trees[location] = _description(content, shown(location))
            waiting += [(to, location) for _, to in self.references(location)]

    def _content(self, location: str, asker: str) -> bytes:
        if is_address(location):
            return self._by_address(location, asker)
        if self._remote:
            raise ConfigError(f"{self.name}: imports {plain(location, longest=200)}, which is no address of its host")
        if urlsplit(location).scheme == "file" or not Path(location).is_relative_to(self._folder):
            raise ConfigError(
                f"{shown(asker)}: imports {plain(location, longest=200)}, which lies outside of its folder",
                hint="copy that file beside it and let the import name the copy",
            )
        return self._file(Path(location), asker)

    def _file(self, path: Path, asker: str) -> bytes:
        by = f" (imported by {asker})" if asker else ""
        try:
            if not path.resolve().is_relative_to(self._folder):
                raise ConfigError(f"{path}{by}: leads outside of the folder of {self.name}")
            if not path.is_file():
                raise ConfigError(f"{path}{by}: there is no such file", hint="check `source` of [wsdl]")
            with path.open("rb") as file:
                return file.read(MOST_BYTES - self._size + 1)
        except OSError as error:
            raise ConfigError(f"{path}{by}: cannot be read: {error.strerror}") from error

    def _by_address(self, location: str, asker: str) -> bytes:
        kept = None if self._anew else self._kept(location)
        if kept is not None:
            return kept
        asked_for = self._other_hosts or (self._remote and same_host(self.location, location))
        if self._fetch is None or not asked_for:  # only what was brought here before
            kept = self._kept(location)
            if kept is not None:
                return kept
            raise ConfigError(
                f"{shown(asker) or self.name}: "
                + (f"imports {shown(location)}, which is not kept here" if asker else "is not kept here")
                + ("" if self._fetch is None else ", and nothing is fetched from another host unasked"),
                hint=f"`rebated connector inspect {self.name} --save FOLDER` brings it here",
            )
        content = self._fetch(location)
        self._fetched[location] = content
        return content

    def _kept(self, location: str) -> bytes | None:
        """What is kept of it; None also where that was damaged, and is no description any more."""
        kept = self._cache.read(location, most=MOST_BYTES) if self._cache else None
        if kept is None or len(kept) > MOST_BYTES:
            return kept
        with suppress(ConfigError):
            _description(kept, "")
            return kept
        return None

    def _compare(self, pin: str) -> None:
        if pin and pin != (found := self.digest()):
            raise ConfigError(
                f"{self.name}: its digest begins {found[:12]}, the one in `sha256` begins {plain(pin[:12])}: the "
                "description of the service, or a schema it imports, is another one than was pinned",
                hint="look at what has changed with `rebated connector inspect`; if it is meant, set sha256 = "
                f'"{found}", or put the former file back',
            )


def _description(content: bytes, where: str) -> etree._Element:
    """The root of a WSDL or schema. Raises ConfigError: a page to log in is never kept as one."""
    root = parsed(content, where)
    if root.tag not in _ROOTS:
        page = etree.QName(root).localname.lower() == "html"
        said = "it is a web page, perhaps one to log in" if page else f"it begins with {plain(root.tag, longest=100)!r}"
        raise ConfigError(
            f"{where}: is no WSDL 1.1 and no schema: {said}", hint="check the address and the credentials"
        )
    return root


def parsed(content: bytes, where: str) -> etree._Element:
    """The root of an XML document without a document type. Raises ConfigError, which does not quote it."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        page = content.lstrip()[:200].lower().startswith((b"<!doctype html", b"<html"))
        reason = plain(str(getattr(error, "msg", error)), longest=200)
        said = "it is a web page, perhaps one to log in" if page else reason
        raise ConfigError(f"{where}: cannot be read as XML: {said}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ConfigError(f"{where}: has a document type (DTD), which descriptions of services must not have")
    return root


def shown(location: str) -> str:
    """A location as messages may show it: an address without credentials, and without a query that may hold some."""
    if not is_address(location):
        return plain(location, longest=300)
    try:
        parts = urlsplit(location)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "an address that cannot be read"
    query = f"?{parts.query}" if _PLAIN_QUERY.fullmatch(parts.query) else "?…" if parts.query else ""
    return plain(f"{parts.scheme}://{host}{parts.path}{query}", longest=300)


def is_address(location: str) -> bool:
    """Whether it is one of http or https."""
    return location.lower().startswith(("http://", "https://"))


def same_host(one: str, other: str) -> bool:
    """Whether what may be sent to the one may be sent to the other: host and port are the same, and no less safe."""
    try:
        first, second = urlsplit(one.lower()), urlsplit(other.lower())
        ports = [parts.port or (443 if parts.scheme == "https" else 80) for parts in (first, second)]
    except ValueError:
        return False
    return (first.scheme, first.hostname, ports[0]) == (second.scheme, second.hostname, ports[1])
