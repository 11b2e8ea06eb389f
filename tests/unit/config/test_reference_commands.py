from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from scheduler.reference_commands import commands_page


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"


def test_commands_are_told_with_their_arguments_and_options() -> None:
    app = typer.Typer(help="Compute rebates.", add_completion=False)
    programs = typer.Typer(help="Program definitions.")
    app.add_typer(programs, name="program")

    @app.command()
    def check(
        config: Path = typer.Option(Path("rebated.toml"), "--config", "-c", help="the file"),
        form: Form = typer.Option(Form.TEXT, help="how | it is shown"),
        probe: bool = typer.Option(True, "--probe/--no-probe", help="ask the connections"),
        secret: str = typer.Option("", hidden=True),
    ) -> None:
        """Check everything."""

    @programs.command("import")
    def import_(files: list[Path] = typer.Argument(..., help="program files")) -> None:
        """Register programs."""

    page = "\n".join(commands_page(app))
    for words in (
        "Compute rebates.",
        "## `rebated check`\nCheck everything.",
        "| `--config`, `-c` *CONFIG* | the file (default: `rebated.toml`) |",
        "*text\\|json* | how \\| it is shown (default: `text`) |",
        "| `--probe`, `--no-probe` | ask the connections |",
        "## `rebated program import`",
        "rebated program import FILES...",
        "| `FILES` | program files |",
    ):
        assert words in page, page
    assert "--secret" not in page
    assert page.index("rebated check") < page.index("rebated program import")
