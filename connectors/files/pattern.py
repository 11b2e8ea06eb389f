"""A pattern: which files make up a stream, and what stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal, Self, cast

from pydantic import Field, ValidationInfo, field_validator, model_validator

from connectors.files.rules import CompanyColumn, KindRule, Part, SkipRule, expression, one_named_group, template
from core.documents import DOCUMENT_KINDS, HEADER_FIELDS, LINE_FIELDS, RECORD_FIELDS, RecordKind

Format = Literal["csv", "xlsx", "parquet"]
SUFFIXES: Mapping[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
}
DATED_KINDS: tuple[RecordKind, ...] = ("account", "product", "contact")
_LOSSY_ENCODINGS = ("unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape")


def field_names(kind: RecordKind) -> tuple[str, ...]:
    """The canonical fields a mapping may fill for records of `kind`, lines apart."""
    fields = HEADER_FIELDS if kind in DOCUMENT_KINDS else RECORD_FIELDS[kind]
    return tuple(field.name for field in fields)


class SpansFiles(Part):
    """Documents may span the files of one delivery; nothing of it is read before its marker file exists."""

    group: str = Field(description="regular expression over the file name; its named group names the delivery")
    completed_by: str = Field(description="name of the marker file of a delivery, such as {group}.done")

    @field_validator("group")
    @classmethod
    def _group(cls, value: str) -> str:
        return one_named_group(value)

    @field_validator("completed_by")
    @classmethod
    def _completed_by(cls, value: str) -> str:
        return template(value, ("group",), required="group")


class Pattern(Part):
    """One stream: the files that hold records of one kind (or, by `kind_rules`, of several)."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="name of the stream")
    files: str = Field(min_length=1, description="which files, as a glob inside `folder`, such as sales-*.csv")
    kind: RecordKind = Field(description="kind of the records")
    format: Format | None = Field(default=None, description="csv, xlsx or parquet; by the suffix where not given")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="csv: sign between two cells")
    encoding: str = Field(default="utf-8-sig", description="csv: character encoding, such as cp1252")
    quote: str = Field(default='"', min_length=1, max_length=1, description="csv: sign around quoted cells")
    sheet: str | None = Field(default=None, description="xlsx: name of the sheet; the first where not given")
    mode: Literal["delta", "full"] = Field(
        default="delta", description="delta: new and changed records; full: everything there is in what it covers"
    )
    covers: str | None = Field(
        default=None,
        description="full: `everything`, or a regular expression over the file name with the named groups year and"
        " month where each file holds one month; records of the range that are missing no longer exist",
        validate_default=True,
    )
    columns: dict[str, str] = Field(description="canonical field = column, for the record itself")
    lines: dict[str, str] = Field(default={}, description="canonical line field = column, for lines of documents")
    varying: tuple[str, ...] = Field(
        default=(),
        description="fields of the record whose cells may differ between its rows, such as an instant each line has"
        " of its own; the first row's counts. In every other field a difference is a contradiction",
    )
    order: str | None = Field(
        default=None,
        min_length=1,
        description="column with the source's order of versions: an integer, or an ISO timestamp (UTC where it names"
        " no offset)",
    )
    sequence: str | None = Field(
        default=None,
        description="regular expression over the file name; the digits in its named group order the files, and the"
        " versions in them where `order` is not given",
    )
    company: str | CompanyColumn = Field(default="", description="company of the records, or {column = ...}")
    kind_rules: tuple[KindRule, ...] = Field(default=(), description="rows that are of another kind")
    skip_rules: tuple[SkipRule, ...] = Field(default=(), description="rows to leave out; they are counted")
    spans_files: SpansFiles | None = Field(default=None, description="documents span the files of one delivery")
    marker: str | None = Field(
        default=None, description="a file is read once this file exists, such as {name}.ok or {stem}.done"
    )
    settle_seconds: int = Field(
        default=0, ge=0, le=604_800, description="files changed within so many seconds are left for the next pull"
    )
    largest_megabytes: int = Field(
        default=1024, ge=1, le=65_536, description="a file larger than this, unpacked, is refused"
    )

    @field_validator("files")
    @classmethod
    def _inside(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or "\0" in value or value in (".", "./"):
            raise ValueError(f"{value!r} must be a file pattern inside the folder, without '..'")
        if any("**" in part and part != "**" for part in path.parts):
            raise ValueError(f"{value!r}: ** stands for whole folders, as in **/sales-*.csv")
        return value

    @field_validator("delimiter", "quote")
    @classmethod
    def _sign(cls, value: str) -> str:
        if value in "\r\n\0":
            raise ValueError("a line break cannot be this sign")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            readable = "a1".encode(value).decode(value) == "a1" and value.lower() not in _LOSSY_ENCODINGS
        except (LookupError, ValueError, TypeError):
            readable = False
        if not readable:
            raise ValueError(f"{value!r} is not a character encoding; examples: utf-8-sig, cp1252, utf-16")
        return value

    @field_validator("covers")
    @classmethod
    def _covers(cls, value: str | None, info: ValidationInfo) -> str | None:
        mode = info.data.get("mode")
        if mode == "full" and value is None:
            raise ValueError("mode full needs covers: `everything`, or a regular expression with year and month")
        if mode == "delta" and value is not None:
            raise ValueError("covers belongs to mode full; a delta says nothing about what is missing")
        if value is not None and value != "everything":
            missing = {"year", "month"} - set(expression(value).groupindex)
            if missing:
                raise ValueError(f"{value!r} lacks the named group {' and '.join(sorted(missing))}")
        return value

    @field_validator("sequence")
    @classmethod
    def _sequence(cls, value: str | None) -> str | None:
        return value if value is None else one_named_group(value)

    @field_validator("columns", "lines")
    @classmethod
    def _known_fields(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if "kind" not in info.data:
            return value
        kind = cast(RecordKind, info.data["kind"])
        if info.field_name == "columns":
            _known(value, field_names(kind), kind)
            needed = ("base", "quote", "on") if kind == "exchange_rate" else ("id",)
            missing = [name for name in needed if name not in value]
            if missing:
                raise ValueError(f"{', '.join(missing)} must be mapped: it tells the records apart")
        elif value:
            if kind not in DOCUMENT_KINDS:
                raise ValueError(f"{kind} has no lines; only {' and '.join(DOCUMENT_KINDS)} have")
            _known(value, tuple(field.name for field in LINE_FIELDS), f"lines of {kind}")
        return value

    @field_validator("varying")
    @classmethod
    def _mapped(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for name in value:
            if name == "id" or name not in info.data.get("columns", {name: ""}):
                raise ValueError(f"{name!r} is no mapped field of the record that may vary")
        return value

    @field_validator("kind_rules")
    @classmethod
    def _kinds_fit(cls, value: tuple[KindRule, ...], info: ValidationInfo) -> tuple[KindRule, ...]:
        for rule in value:
            if info.data.get("lines") and rule.kind not in DOCUMENT_KINDS:
                raise ValueError(f"{rule.kind} has no lines, but the pattern maps lines")
            if ("exchange_rate" in (rule.kind, info.data.get("kind"))) and rule.kind != info.data.get("kind"):
                raise ValueError("exchange_rate cannot share a file with another kind")
            _known(info.data.get("columns", {}), field_names(rule.kind), rule.kind)
        return value

    @field_validator("marker")
    @classmethod
    def _marker(cls, value: str | None) -> str | None:
        return value if value is None else template(value, ("name", "stem"))

    @model_validator(mode="after")
    def _one_completeness(self) -> Self:
        if self.marker is not None and self.spans_files is not None:
            raise ValueError("marker is for single files; with spans_files, completed_by names the marker")
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote must differ")
        return self

    @property
    def kinds(self) -> tuple[RecordKind, ...]:
        """Every kind its rows may be of, its own first."""
        return tuple(dict.fromkeys((self.kind, *(rule.kind for rule in self.kind_rules))))

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns a file must have, once each."""
        names = [*self.columns.values(), *self.lines.values()]
        names += [rule.column for rule in (*self.kind_rules, *self.skip_rules)]
        if self.order is not None:
            names.append(self.order)
        if isinstance(self.company, CompanyColumn):
            names.append(self.company.column)
        return tuple(dict.fromkeys(names))


def _known(mapping: Mapping[str, str], allowed: tuple[str, ...], what: str) -> None:
    unknown = [name for name in mapping if name not in allowed]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no field of {what}; allowed: {', '.join(allowed)}")
    empty = [name for name, column in mapping.items() if not column]
    if empty:
        raise ValueError(f"{', '.join(empty)}: the column name is empty")
