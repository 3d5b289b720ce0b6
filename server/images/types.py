"""The arrays that pictures are made of, by name."""

import numpy as np
from numpy.typing import NDArray

# Shape (H, W): brightness, 0 black and 255 white.
Grey = NDArray[np.uint8]

# Shape (H, W): strength of the ink, 0 paper and 1 full ink.
Ink = NDArray[np.float32]

# Shape (H, W).
Mask = NDArray[np.bool_]
