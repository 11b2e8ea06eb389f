"""The engine and the book: rules over immutable records, no network, no schedule."""

__version__ = "0.1.0"
