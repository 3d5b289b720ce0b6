"""How the work of one operation falls into units that threads share."""

from __future__ import annotations

from dataclasses import dataclass

from convnet.runtime.threads import get_threads


@dataclass(frozen=True)
class Grid:
    """Rows of blocks of images: the units of work of one operation.

    Threads share the rows of a block or, where there are too few rows to share evenly, the blocks
    themselves.

    Parameters
    ----------
    rows : int
        Rows, of pixels or of tiles, in an output picture, or pieces of such rows.
    batch : int
        Images.
    block : int
        The most images handled at once, so that what they need stays in the processor's cache.
    """

    rows: int
    batch: int
    block: int

    @property
    def blocks(self) -> int:
        """Into how many blocks the images fall."""
        blocks = max(1, -(-self.batch // self.block))
        threads = get_threads()
        # With more rows, one that is over costs less than copying blocks out of the batch; with
        # fewer images in a block, BLAS is slower by more than that.
        if self.rows % threads and self.rows < 4 * threads and self.batch >= 32 * threads:
            blocks = threads * -(-blocks // threads)
        return blocks

    @property
    def units(self) -> int:
        """Units of work: one row of one block each."""
        return self.blocks * self.rows

    def parts(self, start: int, stop: int) -> list[tuple[range, slice]]:
        """Return the (rows, images) that units `start` to `stop` stand for, block by block."""
        found = []
        for block in range(start // self.rows, -(-stop // self.rows)):
            first = block * self.rows
            images = slice(
                self.batch * block // self.blocks, self.batch * (block + 1) // self.blocks
            )
            rows = range(max(start - first, 0), min(stop - first, self.rows))
            found.append((rows, images))
        return found
