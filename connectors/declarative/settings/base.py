"""What the tables of the settings have in common: expressions and templates that are checked as they are read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from connectors.declarative.expression import expression
from connectors.declarative.references import check_template
from connectors.declarative.template import path_with


class Section(BaseModel):
    """Base of every table. Unknown keys are errors; no message quotes what was given."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _expression(text: str) -> str:
    expression(text)
    return text


def _path_template(text: str) -> str:
    check_template(text)
    expression(path_with(text, lambda _: "name"))
    return text


def _template(value: Any) -> Any:
    check_template(value)
    return value


Path = Annotated[str, AfterValidator(_expression)]
"""A JMESPath expression over a reply or a record."""

PathTemplate = Annotated[str, AfterValidator(_path_template)]
"""A JMESPath expression in which each `${...}` stands for a name, as in `properties.${values.customer_number}`."""

Template = Annotated[Any, AfterValidator(_template)]
"""Data with `${...}` in it: text, or tables and lists of such."""

TextTemplate = Annotated[str, AfterValidator(_template)]
"""Text with `${...}` in it."""
