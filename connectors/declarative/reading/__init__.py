"""Reads what the settings of a connection describe: windows, tokens or whole lists, with sweeps for deletions."""

from connectors.declarative.reading.reader import Reading

__all__ = ["Reading"]
