"""Program definitions: readable TOML in, validated frozen models out.

A definition is data. It is registered in the book by the hash of its content; its `version` names the content, and
a later slice (`[[change]]`) states what holds from a day on. Amounts and quantities in a definition are in major
units and exact (`Decimal`); `core.scales` compiles them to integers.
"""

from core.programs.audience import AccountSelection, Audience, Pilot, TierAudience
from core.programs.baseline import Baseline, Index
from core.programs.basis import (
    COUNTED,
    DEFAULT_VIEW,
    Basis,
    Condition,
    Measure,
    ProductSelection,
    Qualifier,
    Scope,
    View,
)
from core.programs.definition import Definition, Identifier
from core.programs.example import Example, Expected, ExpectedDocument
from core.programs.head import Head, PeriodRange
from core.programs.limits import Limits
from core.programs.order import groups, strata
from core.programs.payout import Accrual, Combination, Currency, Settlement
from core.programs.program import Change, Program, Slice
from core.programs.reading import parse_program, problems, program_from, read_program
from core.programs.scale import Band, Method, Scale
from core.programs.tier import Level, Tier, TierUse

__all__ = [
    "COUNTED",
    "DEFAULT_VIEW",
    "AccountSelection",
    "Accrual",
    "Audience",
    "Band",
    "Baseline",
    "Basis",
    "Change",
    "Combination",
    "Condition",
    "Currency",
    "Definition",
    "Example",
    "Expected",
    "ExpectedDocument",
    "Head",
    "Identifier",
    "Index",
    "Level",
    "Limits",
    "Measure",
    "Method",
    "PeriodRange",
    "Pilot",
    "ProductSelection",
    "Program",
    "Qualifier",
    "Scale",
    "Scope",
    "Settlement",
    "Slice",
    "Tier",
    "TierAudience",
    "TierUse",
    "View",
    "groups",
    "parse_program",
    "problems",
    "program_from",
    "read_program",
    "strata",
]
