"""What the tables of the settings have in common: expressions and templates that are checked as they are read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from connectors.crm_rest.expression import expression
from connectors.crm_rest.references import check_template
from connectors.crm_rest.template import path_with, structure


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


class Request(Section):
    """One request. Every text in it may hold `${...}`; what a reference with `?` finds empty is left out."""

    method: str = Field(default="GET", pattern="^(GET|POST|PUT|PATCH|DELETE|HEAD)$", description="HTTP method")
    path: TextTemplate = Field(
        default="",
        max_length=2000,
        description="path below base_url, or a whole URL on the same host; what is put into it is quoted",
    )
    query: dict[str, Template] = Field(default={}, description="query parameters; a list repeats its name")
    headers: dict[str, TextTemplate] = Field(default={}, description="headers beside those of the connection")
    body: Annotated[Template, BeforeValidator(structure)] = Field(
        default=None, description="JSON body: a table, a list, or JSON text in a string"
    )
    form: dict[str, Template] | None = Field(default=None, description="body as a form instead of JSON")
    route: str = Field(default="", max_length=40, description="limit of [throttle.routes] this request also counts for")
    cost: int = Field(default=1, ge=0, le=100_000, description="what the request takes from the budget of a day")
