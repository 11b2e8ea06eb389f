"""Credentials that are good for one request."""

from __future__ import annotations

from connectors.declarative.auth import Proof
from connectors.declarative.auth.fixed import Fixed


class Fresh(Fixed):
    """A message that reached the server twice is refused the second time, whatever became of the first: its nonce is
    used up. So what was refused is proved anew, once, also where no secret was replaced."""

    def renew(self, refused: Proof) -> bool:
        super().renew(refused)
        return True
