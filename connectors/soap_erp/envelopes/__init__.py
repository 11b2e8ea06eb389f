"""Envelopes: from plain data to the request of an operation, exact and valid by the schema."""
