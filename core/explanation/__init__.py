"""Explanations: how an amount came about, as data, as parts a translator can order, and as English sentences."""

from core.explanation.calculation import explain_parts
from core.explanation.english import TEMPLATES, sentences, told
from core.explanation.narrative import Part, narrative, part

__all__ = ["TEMPLATES", "Part", "explain_parts", "narrative", "part", "sentences", "told"]
