"""Which posts were scored already: 128 bits for each, so that tens of millions fit into memory."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_RECENT = 250_000  # digests kept in a set before they become a sorted array
_LARGEST = 16_000_000  # digests in an array; merging takes as much memory again for a moment
DIGEST_BYTES = 16


def digest_key(post_key: str, content_hash: str) -> bytes:
    """What tells one version of a post from every other; two differ except with a chance of 2**-128."""
    return hashlib.blake2b(f"{post_key}\0{content_hash}".encode(), digest_size=DIGEST_BYTES).digest()


class ScoredKeys:
    """A growing set of digests: sorted arrays of 16 bytes a row and a small set of recent ones.

    Arrays of like size are merged, so that there are few to look into. About 200 MB for ten million posts.
    """

    def __init__(self) -> None:
        self._sorted: list[NDArray[np.bytes_]] = []
        self._recent: set[bytes] = set()

    def __len__(self) -> int:
        return sum(map(len, self._sorted)) + len(self._recent)

    def add(self, digests: Iterable[bytes]) -> None:
        """Add digests that are not in yet."""
        self._recent.update(digests)
        if len(self._recent) >= _RECENT:
            settled = np.fromiter(self._recent, np.dtype(f"S{DIGEST_BYTES}"), len(self._recent))
            settled.sort()
            self._sorted.append(settled)
            self._recent = set()
            self._merge()

    def contains(self, digests: list[bytes]) -> NDArray[np.bool_]:
        """Which of the digests are in, shape (n,)."""
        found = np.fromiter((digest in self._recent for digest in digests), bool, len(digests))
        wanted = np.array(digests, np.dtype(f"S{DIGEST_BYTES}"))
        for settled in self._sorted:
            places = np.minimum(np.searchsorted(settled, wanted), len(settled) - 1)
            found |= settled[places] == wanted
        return found

    def _merge(self) -> None:
        """Join the last two arrays while they are of like size and not too large."""
        while len(self._sorted) > 1:
            before, last = (len(array) for array in self._sorted[-2:])
            if before >= 2 * last or before + last > _LARGEST:
                return
            merged = np.concatenate((self._sorted.pop(-2), self._sorted.pop()))
            merged.sort(kind="stable")  # two sorted runs: one pass
            self._sorted.append(merged)
