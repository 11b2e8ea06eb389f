"""Writing: documents under our keys, notes and tiers, as [write] says."""

from connectors.declarative.writing.writing import Writing

__all__ = ["Writing"]
