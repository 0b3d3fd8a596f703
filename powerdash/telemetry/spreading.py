"""What is told of stretches of time, given to the steps that they lie in. Pure."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def spread(rows: Sequence[Sequence[float]], edges: Sequence[float]) -> Floats:
    """Return for each step and figure what is told of the time in it.

    A stretch tells so much of each figure, evenly over its time. Stretches that begin
    in one step and end in another have one row together; step 1 is the one between the
    first two edges, 0 is before them.

    Args:
        rows: Of `devices_series`, at least one: the step of the beginning and of the
            end, then of each figure the sum, what it is by the second, and that times
            where its stretch begins, seconds on the scale of the edges.
        edges: Where the steps begin and the last ends, in order.

    Returns:
        Shape (steps, figures).
    """
    given = np.array(rows)
    first, last = given[:, :2].astype(int).T
    sums, rates, moments = np.split(given[:, 2:], 3, axis=1)
    # What is before the first edge and after the last is cut off in the end.
    found = np.zeros((len(edges) + 1, sums.shape[1]))
    is_split = first < last
    at = np.array([edges[0], *edges, edges[-1]])
    early = at[first + 1, None] * rates - moments  # in the step of the beginning
    late = sums - at[last, None] * rates + moments  # in that of the end
    np.add.at(found, first, np.where(is_split[:, None], early, sums))
    np.add.at(found, last[is_split], late[is_split])
    # Those between are whole: from where their rate begins to where it ends.
    changes = np.zeros_like(found)
    np.add.at(changes, first[is_split] + 1, rates[is_split])
    np.add.at(changes, last[is_split], -rates[is_split])
    found += np.cumsum(changes, axis=0) * np.diff(at)[:, None]
    return found[1:-1]
