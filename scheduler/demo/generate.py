"""Write the demo's folder: configuration, programs and inbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RefusedError
from scheduler.demo.catalogue import make_products
from scheduler.demo.chance import Chance
from scheduler.demo.customers import make_accounts
from scheduler.demo.trade import AFTER, YEAR, BadDocument, Document, Trade, make_trade
from scheduler.demo.writing import write_accounts, write_documents, write_products

SEED = 2025
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was written, and what must be found in the book once all of it has landed.

    `documents`, `lines` and `net` (cents) are those of current versions that are neither bad nor cancelled;
    `versions` counts every document version that lands, corrections and cancellations among them; `rows` every row
    of the CSV files.
    """

    folder: Path
    config: Path
    seed: int
    files: tuple[Path, ...]
    accounts: int
    products: int
    documents: int
    versions: int
    lines: int
    rows: int
    net: int
    invoices: int
    returns: int
    cancellations: int
    corrections: int
    late: int
    bad: tuple[BadDocument, ...]


def generate(folder: Path, seed: int = SEED) -> DemoSummary:
    """A complete working folder in `folder`. The same seed gives the same bytes.

    Raises RefusedError where a rebated.toml is there already.
    """
    config = folder / "rebated.toml"
    if config.exists():
        raise RefusedError(f"{config} is there already", hint="choose another folder, or remove it first")
    inbox = folder / "inbox"
    for place in (inbox, folder / "outbox", folder / "programs", folder / "var"):
        place.mkdir(parents=True, exist_ok=True)
    files = [*_copy_templates(folder)]
    products = make_products(Chance(seed, "products"))
    accounts = make_accounts(Chance(seed, "accounts"))
    trade = make_trade(Chance(seed, "trade"), accounts, products)
    catalogue = [product for category in products.values() for product in category]
    write_accounts(inbox / "accounts.xlsx", accounts)
    write_products(inbox / "products.parquet", catalogue)
    files += [inbox / "accounts.xlsx", inbox / "products.parquet"]
    rows = 0
    for month, documents in trade.deliveries.items():
        path = inbox / _file_name(month)
        rows += write_documents(path, documents)
        files.append(path)
    return _summary(folder, seed, tuple(files), len(accounts), len(catalogue), rows, trade)


def _copy_templates(folder: Path) -> list[Path]:
    written = []
    for source in sorted(_TEMPLATES.rglob("*.toml")):
        target = folder / source.relative_to(_TEMPLATES)
        target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        written.append(target)
    return written


def _file_name(month: int) -> str:
    return f"invoices-{YEAR}-{month:02d}.csv" if month < AFTER else f"corrections-{YEAR + 1}-01.csv"


def _summary(
    folder: Path, seed: int, files: tuple[Path, ...], accounts: int, products: int, rows: int, trade: Trade
) -> DemoSummary:
    bad = {document.number for _, document, _ in trade.bad}
    current: dict[str, Document] = {}
    versions = 0
    for documents in trade.deliveries.values():
        for document in documents:
            if document.number in bad:
                continue
            versions += 1
            known = current.get(document.number)
            if known is None or document.revision > known.revision:
                current[document.number] = document
    counted = [document for document in current.values() if not document.cancelled]
    return DemoSummary(
        folder=folder,
        config=folder / "rebated.toml",
        seed=seed,
        files=files,
        accounts=accounts,
        products=products,
        documents=len(counted),
        versions=versions,
        lines=sum(len(document.lines) for document in counted),
        rows=rows,
        net=sum(document.net for document in counted),
        invoices=sum(document.kind == "invoice" for document in counted),
        returns=trade.returns,
        cancellations=trade.cancelled,
        corrections=trade.corrected,
        late=trade.late,
        bad=tuple(BadDocument(document.number, reason, _file_name(month)) for month, document, reason in trade.bad),
    )
