"""A WSDL as a stand-in needs it: operations, schemas, and what is asked for under `?wsdl`."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from lxml import etree

from tests.helpers.stand_ins.soap.names import ENCODING, WSDL, WSDL_SOAP, XSD, full, local, parsed
from tests.helpers.stand_ins.soap.schema import Member, Schemas


@dataclass(frozen=True, slots=True)
class Message:
    """What goes one way. `tag`: the name of the one element in the body. `parts`: of an rpc message."""

    tag: str
    element: Member | None
    parts: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class OperationText:
    """What the WSDL says of an operation. `headers`: elements its binding declares for requests."""

    name: str
    action: str
    rpc: bool
    encoded: bool
    input: Message
    output: Message
    headers: tuple[str, ...]


class Description:
    """A WSDL file and the schemas beside it that it imports."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.root = parsed(source.read_bytes())
        self.target = self.root.get("targetNamespace", "")
        self._included: set[Path] = set()
        self._documents = list(self._schemas())
        self.schemas = Schemas((target, root) for target, _, root in self._documents)
        self.versions = [
            version for version, namespace in WSDL_SOAP.items() if list(self.root.iter(f"{{{namespace}}}address"))
        ]
        self.operations: Mapping[str, OperationText] = {each.name: each for each in self._operations()}

    def served(self, address: str, keep_address: bool = False) -> bytes:
        """The WSDL, its services at `address` and its imports at `address?xsd=...`."""
        root = parsed(self.source.read_bytes())
        for namespace in WSDL_SOAP.values():
            for node in root.iter(f"{{{namespace}}}address"):
                if not keep_address:
                    node.set("location", address)
        self._redirect(root, address, self.source)
        return etree.tostring(root, xml_declaration=True, encoding="utf-8")

    def served_schema(self, name: str, address: str) -> bytes | None:
        """A schema it imports, by its path relative to the WSDL."""
        path = (self.source.parent / name).resolve()
        if path not in [each for _, each, _ in self._documents]:
            return None
        root = parsed(path.read_bytes())
        self._redirect(root, address, path)
        return etree.tostring(root, xml_declaration=True, encoding="utf-8")

    def prepare(self) -> None:
        """Compile what takes its time: the schemas of NetSuite more than a second."""
        if not all(operation.rpc for operation in self.operations.values()):
            assert self.validator is not None

    @functools.cached_property
    def validator(self) -> etree.XMLSchema:
        """All its schemas together, for elements declared on top."""
        with tempfile.TemporaryDirectory() as folder:
            by_target: dict[str, list[str]] = {}
            names: dict[Path, str] = {}
            for number, (target, path, _) in enumerate(self._documents):
                name = f"schema{number}.xsd"
                names[path] = name
                if path not in self._included:
                    by_target.setdefault(target, []).append(name)
            heads = {target: each[0] for target, each in by_target.items()}
            for number, target in enumerate(t for t, each in by_target.items() if len(each) > 1):
                heads[target] = f"all{number}.xsd"
                lines = "".join(f'<include schemaLocation="{name}"/>' for name in by_target[target])
                wrapper = f'<schema xmlns="{XSD}" targetNamespace="{target}">{lines}</schema>'
                Path(folder, f"all{number}.xsd").write_text(wrapper)
            for number, (_, path, root) in enumerate(self._documents):
                copy = etree.fromstring(etree.tostring(root))
                for node in copy.iter(f"{{{XSD}}}import", f"{{{XSD}}}include"):
                    if local(node) == "import" and heads.get(node.get("namespace", "")):
                        node.set("schemaLocation", heads[node.get("namespace", "")])
                    elif local(node) == "include":
                        node.set("schemaLocation", names[(path.parent / node.get("schemaLocation")).resolve()])
                named = {node.get("namespace", "") for node in copy.iter(f"{{{XSD}}}import")}
                if path == self.source.resolve():  # those beside one another refer to one another without saying so
                    for target in heads.keys() - named - {copy.get("targetNamespace", "")}:
                        wanted = {"namespace": target, "schemaLocation": heads[target]} if target else {}
                        copy.insert(0, etree.Element(f"{{{XSD}}}import", wanted))
                Path(folder, f"schema{number}.xsd").write_bytes(etree.tostring(copy))
            lines = "".join(
                f'<import {f"""namespace="{target}" """ if target else ""}schemaLocation="{name}"/>'
                for target, name in heads.items()
            )
            whole = Path(folder, "whole.xsd")
            whole.write_text(f'<schema xmlns="{XSD}" targetNamespace="urn:whole">{lines}</schema>')
            return etree.XMLSchema(etree.parse(str(whole), etree.XMLParser(no_network=True)))

    def _schemas(self) -> Iterator[tuple[str, Path, etree._Element]]:
        waiting = [
            (root.get("targetNamespace", ""), self.source.resolve(), root)
            for types in self.root.iter(f"{{{WSDL}}}types")
            for root in types
            if root.tag == f"{{{XSD}}}schema"
        ]
        known: set[Path] = set()
        while waiting:
            target, path, root = waiting.pop(0)
            if list(_tops(root)):
                yield target, path, root
            for node in root.iter(f"{{{XSD}}}import", f"{{{XSD}}}include"):
                location = node.get("schemaLocation")
                if not location or node.get("namespace") == ENCODING:
                    continue
                other = (path.parent / location).resolve()
                if other in known:
                    continue
                known.add(other)
                inner = parsed(other.read_bytes())
                target_of = inner.get("targetNamespace", "")
                if local(node) == "include":
                    self._included.add(other)
                    target_of = target_of or target
                waiting.append((target_of, other, inner))

    def _redirect(self, root: etree._Element, address: str, path: Path) -> None:
        for node in root.iter(f"{{{XSD}}}import", f"{{{XSD}}}include"):
            location = node.get("schemaLocation")
            if location and "://" not in location:
                other = (path.parent / location).resolve()
                name = other.relative_to(self.source.resolve().parent)
                node.set("schemaLocation", f"{address}?xsd={quote(str(name))}")

    def _operations(self) -> Iterator[OperationText]:
        messages = {node.get("name"): node for node in self.root.iter(f"{{{WSDL}}}message")}
        ports = {node.get("name"): node for node in self.root.iter(f"{{{WSDL}}}portType")}
        for binding in self.root.iter(f"{{{WSDL}}}binding"):
            soap = next((each for each in WSDL_SOAP.values() if binding.find(f"{{{each}}}binding") is not None), None)
            if soap is None:
                continue
            style = binding.find(f"{{{soap}}}binding").get("style", "document")
            port = ports[etree.QName(full(binding, binding.get("type"))).localname]
            for bound in binding.iterfind(f"{{{WSDL}}}operation"):
                own = bound.find(f"{{{soap}}}operation")
                abstract = next(each for each in port if each.get("name") == bound.get("name"))
                rpc = (own.get("style") or style if own is not None else style) == "rpc"
                ways = {}
                for way in ("input", "output"):
                    body = bound.find(f"{{{WSDL}}}{way}/{{{soap}}}body")
                    node = abstract.find(f"{{{WSDL}}}{way}")
                    message = messages[etree.QName(full(node, node.get("message"))).localname]
                    name = bound.get("name") + ("Response" if way == "output" else "")
                    ways[way] = self._message(message, rpc, body, name)
                body = bound.find(f"{{{WSDL}}}input/{{{soap}}}body")
                yield OperationText(
                    bound.get("name"),
                    own.get("soapAction", "") if own is not None else "",
                    rpc,
                    body is not None and body.get("use") == "encoded",
                    ways["input"],
                    ways["output"],
                    tuple(self._headers(bound, soap, messages)),
                )

    def _message(self, message: etree._Element, rpc: bool, body: etree._Element | None, name: str) -> Message:
        parts = list(message.iterfind(f"{{{WSDL}}}part"))
        if not rpc:
            tag = full(parts[0], parts[0].get("element"))
            element = self.schemas.element(tag)
            assert element is not None, f"{self.source.name} has no element {tag}"
            return Message(tag, element, ())
        namespace = body.get("namespace", "") if body is not None else ""
        return Message(
            f"{{{namespace}}}{name}" if namespace else name,
            None,
            tuple(
                Member(part.get("name"), "", self.schemas.type(full(part, part.get("type"))), False, True, True)
                for part in parts
            ),
        )

    def _headers(self, bound: etree._Element, soap: str, messages: Mapping[str, etree._Element]) -> Iterator[str]:
        for header in bound.iterfind(f"{{{WSDL}}}input/{{{soap}}}header"):
            message = messages[etree.QName(full(header, header.get("message"))).localname]
            for part in message.iterfind(f"{{{WSDL}}}part"):
                if part.get("name") == header.get("part") and part.get("element"):
                    yield full(part, part.get("element"))


@functools.cache
def description(source: Path) -> Description:
    """The WSDL in this file, read once."""
    return Description(source.resolve())


def _tops(root: etree._Element) -> Iterator[etree._Element]:
    kinds = ("import", "annotation")
    return (node for node in root if isinstance(node.tag, str) and local(node) not in kinds)
