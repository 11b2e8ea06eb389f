"""Ways to prove who we are, one object for each kind in the settings."""

from __future__ import annotations

from connectors.declarative.auth.base import Authentication, Proof
from connectors.declarative.auth.choice import Surroundings, authentication

__all__ = ["Authentication", "Proof", "Surroundings", "authentication"]
