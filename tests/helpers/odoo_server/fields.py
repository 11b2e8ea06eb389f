"""Models and their fields, as far as one version of the server has them.

The tables in `catalogue_*` say one field a line: name | type and its argument | label | flags. Flags are `required`,
`readonly`, `unstored`, `since:17` and `until:16` (the major versions between which the field exists).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.helpers.odoo_server import catalogue_accounting, catalogue_base, catalogue_invoices

X2MANY = ("one2many", "many2many")
Version = tuple[int, int]
COMMON = """
id | integer | ID | readonly
display_name | char | Display Name | readonly unstored
create_date | datetime | Created on | readonly
create_uid | many2one res.users | Created by | readonly
write_date | datetime | Last Updated on | readonly
write_uid | many2one res.users | Last Updated by | readonly
"""


@dataclass(frozen=True, slots=True)
class Field:
    """`relation` is the model a relational field leads to, `inverse` the many2one there of a one2many."""

    name: str
    type: str
    string: str
    relation: str = ""
    inverse: str = ""
    required: bool = False
    readonly: bool = False
    stored: bool = True
    manual: bool = False
    selection: tuple[tuple[str, str], ...] = ()

    @property
    def relational(self) -> bool:
        return self.type == "many2one" or self.type in X2MANY

    def told(self) -> dict[str, Any]:
        """What `fields_get` says of it."""
        told: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "string": self.string,
            "required": self.required,
            "readonly": self.readonly,
            "store": self.stored,
            "manual": self.manual,
            "searchable": True,
            "sortable": self.stored and self.type not in X2MANY,
            "exportable": True,
            "groupable": self.stored and self.type != "one2many",
            "company_dependent": self.name.startswith("property_"),
            "change_default": False,
            "depends": [],
        }
        if self.relation:
            told |= {"relation": self.relation, "context": {}, "domain": []}
        if self.inverse:
            told["relation_field"] = self.inverse
        if self.type == "selection":
            told["selection"] = [list(pair) for pair in self.selection]
        if self.type == "monetary":
            told |= {"currency_field": "currency_id", "aggregator": "sum"}
        return told


@dataclass(slots=True)
class Model:
    """`order` is the order of searches that name none."""

    name: str
    label: str
    order: str = "id"
    fields: dict[str, Field] = field(default_factory=dict)


class Registry:
    """The models of one version."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.models: dict[str, Model] = {}
        for catalogue in (catalogue_base.MODELS, catalogue_accounting.MODELS, catalogue_invoices.MODELS):
            for name, (label, order, lines) in catalogue.items():
                self._declare(name, label, order, lines)

    def __getitem__(self, name: str) -> Model:
        return self.models[name]

    def __contains__(self, name: str) -> bool:
        return name in self.models

    def add(self, model: str, new: Field) -> None:
        self.models[model].fields[new.name] = new

    def remove(self, model: str, name: str) -> None:
        self.models[model].fields.pop(name, None)

    def inverses(self) -> Mapping[str, set[str]]:
        """The many2one fields one2many fields rest on, by model."""
        found: dict[str, set[str]] = {}
        for model in self.models.values():
            for one in model.fields.values():
                if one.inverse and one.relation in self.models:
                    found.setdefault(one.relation, set()).add(one.inverse)
        return found

    def _declare(self, name: str, label: str, order: str, lines: str) -> None:
        name, _, span = name.partition(" ")
        if not _exists(span.split(), self.version):
            return
        model = Model(name, label, order)
        for line in (COMMON + lines).splitlines():
            if line.strip() and (one := parse(line, self.version)) is not None:
                model.fields[one.name] = one
        known = [term for term in order.split(", ") if term.partition(" ")[0] in model.fields]
        model.order = ", ".join(known)
        self.models[name] = model


def parse(line: str, version: Version) -> Field | None:
    """One line of a table; None where this version has no such field."""
    parts = [part.strip() for part in line.split("|")]
    name, kind, string = parts[:3]
    flags = parts[3].split() if len(parts) > 3 else []
    if not _exists(flags, version):
        return None
    kind, _, argument = kind.partition(" ")
    relation, inverse = argument, ""
    if kind == "one2many":
        relation, _, inverse = argument.rpartition(".")
    selection = tuple((value, label) for value, _, label in (pair.partition("=") for pair in argument.split(",")))
    return Field(
        name,
        kind,
        string,
        relation=relation if kind in ("many2one", *X2MANY) else "",
        inverse=inverse,
        required="required" in flags,
        readonly="readonly" in flags,
        stored="unstored" not in flags,
        selection=selection if kind == "selection" else (),
    )


def _exists(flags: list[str], version: Version) -> bool:
    for flag in flags:
        word, _, major = flag.partition(":")
        if (word == "since" and version[0] < int(major)) or (word == "until" and version[0] > int(major)):
            return False
    return True
