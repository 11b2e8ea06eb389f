"""Digests of what was read, a bucket of ids each: what tells a sweep where something changed unseen."""

from __future__ import annotations

import hashlib

SIZE = 1000
"""Ids to a bucket."""


class Buckets:
    """Digests of buckets, fed in the order of ids. One of which only a part was fed matches no whole one."""

    def __init__(self) -> None:
        self.digests: dict[int, str] = {}
        self._bucket = -1
        self._hash = hashlib.blake2b(digest_size=6)

    def add(self, id_: int, mark: str) -> None:
        """A row was read."""
        bucket = id_ // SIZE
        if bucket != self._bucket:
            self.close()
            self._bucket, self._hash = bucket, hashlib.blake2b(digest_size=6)
        self._hash.update(f"{id_} {mark}\n".encode("utf-8", "replace"))

    def close(self) -> None:
        """The bucket last added to is complete."""
        if self._bucket >= 0:
            self.digests[self._bucket] = self._hash.hexdigest()
        self._bucket = -1
