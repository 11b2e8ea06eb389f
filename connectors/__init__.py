"""Adapters to other systems, and what they promise."""
