"""What the server answers when it refuses: the same event has a status over JSON-2 and a fault code over XML-RPC.

| raised | JSON-2 status | XML-RPC fault |
|---|---|---|
| UserError, ValidationError | 422 | 2 |
| MissingError, unknown model | 404 | 2 |
| unknown method | 404 | 1 |
| Unauthorized | 401 | 3 |
| AccessError | 403 | 4 |
| WrongArguments | 422 | 1 |
| any other exception | 500 | 1 |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class OdooFault(Exception):
    """`python` is the name a traceback on the server would show."""

    status, code = 500, 1
    python = "builtins.Exception"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def arguments(self) -> list[Any]:
        return [self.message]


class UserError(OdooFault):
    status, code = 422, 2
    python = "odoo.exceptions.UserError"


class ValidationError(UserError):
    python = "odoo.exceptions.ValidationError"


class DatabaseRefusal(ValidationError):
    """The database itself refuses a row. `load` quotes the database, and names the field where it is one."""

    def __init__(self, quoted: str, *, field: str = "", shown: str = "") -> None:
        super().__init__(f"The operation cannot be completed: {shown or quoted}")
        self.quoted, self.field = quoted, field


class MissingError(UserError):
    status = 404
    python = "odoo.exceptions.MissingError"

    def __init__(self, model: str, identifier: int, user: int) -> None:
        super().__init__(
            f"Record does not exist or has been deleted.\n(Record: {model}({identifier},), User: {user})",
        )


def check_violation(table: str, constraint: str, row: Mapping[str, Any], shown: str) -> DatabaseRefusal:
    return DatabaseRefusal(
        f'new row for relation "{table}" violates check constraint "{constraint}"\n'
        f"DETAIL:  Failing row contains ({', '.join(str(value) for value in row.values())}).\n",
        shown=shown,
    )


class AccessError(UserError):
    status, code = 403, 4
    python = "odoo.exceptions.AccessError"


class Unauthorized(OdooFault):
    status, code = 401, 3
    python = "werkzeug.exceptions.Unauthorized"

    @property
    def arguments(self) -> list[Any]:
        return [self.message, self.status]


class UnknownModel(OdooFault):
    status, code = 404, 2
    python = "werkzeug.exceptions.NotFound"

    def __init__(self, model: str) -> None:
        super().__init__(f"the model {model!r} does not exist")
        self.model = model

    @property
    def arguments(self) -> list[Any]:
        return [self.message, self.status]


class UnknownMethod(OdooFault):
    status, code = 404, 1
    python = "werkzeug.exceptions.NotFound"

    def __init__(self, model: str, method: str) -> None:
        super().__init__(f"The method '{model}.{method}' does not exist")

    @property
    def arguments(self) -> list[Any]:
        return [self.message, self.status]


class WrongArguments(OdooFault):
    """Arguments that do not fit the method: found before the call over JSON-2, in it over XML-RPC."""

    status, code = 422, 1
    python = "werkzeug.exceptions.UnprocessableEntity"

    @property
    def arguments(self) -> list[Any]:
        return [self.message, self.status]


class BadRequest(OdooFault):
    status, code = 400, 1
    python = "werkzeug.exceptions.BadRequest"

    @property
    def arguments(self) -> list[Any]:
        return [self.message, self.status]


class NotFound(BadRequest):
    status = 404
    python = "werkzeug.exceptions.NotFound"


class SerializationFailure(Exception):
    """Another transaction wrote the same row since this one began. `load` tells it, other methods are tried again."""

    MESSAGE = "could not serialize access due to concurrent update\n"

    def __init__(self) -> None:
        super().__init__(self.MESSAGE)


def described(error: Exception) -> tuple[int, str, str, list[Any]]:
    """Status, name, message and arguments of `error` as JSON-2 tells them."""
    if isinstance(error, OdooFault):
        return error.status, error.python, error.message, error.arguments
    message = str(error.args[0]) if error.args else str(error)
    return 500, f"builtins.{type(error).__name__}", message, [message]


def traceback_text(error: Exception, secret: str) -> str:
    """A made-up traceback. It quotes the caller's key, as real ones may: whoever logs it must redact it."""
    name = error.python.rpartition(".")[2] if isinstance(error, OdooFault) else type(error).__name__
    if isinstance(error, UnknownMethod):
        name = "AttributeError"
    message = error.message if isinstance(error, OdooFault) else str(error)
    return (
        "Traceback (most recent call last):\n"
        '  File "/opt/server/http.py", line 2298, in _serve_db\n'
        f"    return retrying(serve, headers={{'Authorization': 'bearer {secret}'}})\n"
        '  File "/opt/server/service/model.py", line 188, in retrying\n'
        "    result = func()\n"
        f"             ^^^^^^\n{name}: {message}\n"
    )
