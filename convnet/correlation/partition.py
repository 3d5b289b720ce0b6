"""How the work of one operation is split into units that threads share."""

from __future__ import annotations

from dataclasses import dataclass

from convnet.runtime.threads import get_threads


@dataclass(frozen=True)
class Grid:
    """Rows of blocks of images: the units of work of one operation.

    Threads share the rows of a block. Where there are too few rows to share them evenly, they share
    blocks.

    Parameters
    ----------
    rows : int
        Rows, of pixels or of tiles, in an output picture, or pieces of such rows.
    batch : int
        Images.
    block : int
        The most images handled at once, so that their data stays in the processor's cache.
    """

    rows: int
    batch: int
    block: int

    @property
    def blocks(self) -> int:
        """Number of blocks that the images are split into."""
        blocks = max(1, -(-self.batch // self.block))
        threads = get_threads()
        # With more blocks, all threads can have equally much to do. But blocks are copied out of a
        # batch, and BLAS is slow with few images: so only where few rows do not share out evenly.
        if self.rows % threads and self.rows < 4 * threads and self.batch >= 32 * threads:
            blocks = threads * -(-blocks // threads)
        return blocks

    @property
    def units(self) -> int:
        """Number of units; each is one row of one block."""
        return self.blocks * self.rows

    def parts(self, start: int, stop: int) -> list[tuple[range, slice]]:
        """Return the (rows, images) of units `start` to `stop`, block by block."""
        found = []
        for block in range(start // self.rows, -(-stop // self.rows)):
            first = block * self.rows
            images = slice(
                self.batch * block // self.blocks, self.batch * (block + 1) // self.blocks
            )
            rows = range(max(start - first, 0), min(stop - first, self.rows))
            found.append((rows, images))
        return found
