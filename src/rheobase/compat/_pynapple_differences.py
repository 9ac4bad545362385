"""Where rheobase differs from pynapple on purpose: one row each, shown in the documentation and checked by tests.

A script that only changes its import line gives the same numbers, except where a row below says otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CORNERS", "DIFFERENCES", "FINDINGS", "Difference"]


class Difference(NamedTuple):
    """A case, what pynapple 0.11.4 does with it, and what rheobase does; Markdown text."""

    case: str
    there: str
    here: str


DIFFERENCES = (
    Difference(
        "unsorted times with data",
        "times are sorted alone, values stay in the old order",
        "values travel with their times; the same warning",
    ),
    Difference("`tsd[[5, 3]]`, `tsd[::-1]`", "an object with unsorted times", "sorted again, with a warning"),
    Difference('`frame[["a"]]`, `frame.loc[["a"]]`', "collapses to a `Tsd`", "stays a `TsdFrame` with one column"),
    Difference(
        "`tsd + tsd`, `tsd > tsd` with the same times and support",
        "`TypeError`",
        "works; with different times, a `ValueError` that names the fix",
    ),
    Difference("`tsd += 1`", "`RecursionError`", "works in place"),
    Difference("`np.array_split` into unequal parts", "`ValueError`", "works"),
    Difference(
        "`np.corrcoef(frame)` and results whose first axis only happens to have n_samples entries",
        "wrapped as a series",
        "a plain array",
    ),
    Difference("`derivative` of an epoch with one sample", "`IndexError`", "NaN"),
    Difference(
        "`threshold` after an empty epoch, or with the last sample alone in its epoch",
        "loses a sample, or bridges the gap",
        "correct",
    ),
    Difference("NumPy scalars such as `np.int64(1)` as bin sizes, windows and rates", "`TypeError`", "accepted"),
    Difference('`obj.save("a.b")`', "writes `a.npz`", "writes `a.b.npz`"),
    Difference(
        "metadata in npz archives",
        "pickled",
        "plain arrays; theirs are read by an unpickler that admits only NumPy arrays and built-in containers",
    ),
    Difference(
        "NWB `conversion`, `offset` and `unit`",
        "ignored",
        "applied; the unit is kept and shown; `raw=True` gives the stored numbers",
    ),
    Difference("`np.array(tsd)` under NumPy 2", "`DeprecationWarning`", "honours `copy`"),
    Difference(
        "an `IntervalSet` with a column `tags` or `label`",
        "boolean masks only",
        'also `epochs.keys()` and `epochs["Noise 1"]`, as scripts of 2024 write',
    ),
    Difference("NWB trials that overlap", "merged, all metadata lost", "every trial, with its metadata"),
    Difference("an integer signal through a Butterworth filter", "truncated to integers", "float64"),
    Difference(
        "lag axis of event-triggered averages", "may gain a lag by rounding", "integer arithmetic on lags, exact"
    ),
    Difference("lag axes of auto- and cross-correlograms", "differ by rounding", "identical"),
)
"""What a script may meet."""

CORNERS = (
    Difference("an epoch of no length right after one whose end precedes its start", "kept", "dropped"),
    Difference("an epoch shorter than 1 µs that touches the next", "inverted", "dropped, with a warning"),
    Difference(
        "`union` of touching epochs",
        "joined, or 1 µs apart, by the order of the arguments",
        "always two, 1 µs apart, with a warning",
    ),
    Difference("`split` into pieces whose rounded edges lie 1 ns too close", "drops the piece", "kept"),
    Difference("`IntervalSet` from three columns, or from 2-D `start` and `end`", "flattened", "`ValueError`"),
    Difference("`IntervalSet` from a DataFrame whose index is not 0, 1, 2, ...", "`ValueError`", "accepted"),
    Difference("`epochs[[]]`", "an empty DataFrame", "an empty `IntervalSet`"),
    Difference("`epochs[None]`", "`ValueError`", "`IndexError`"),
    Difference(
        "something else than an `IntervalSet` to `union`, `intersect`, `set_diff`, `in_interval`",
        "`AttributeError`",
        "`TypeError`",
    ),
    Difference(
        "ragged lists, or numbers mixed with text, as metadata",
        "`ValueError`, or turned into text or NaN",
        "kept as they are",
    ),
    Difference("`epochs.start[0] = x`", "corrupts the set", "an error: arrays of an `IntervalSet` are read-only"),
    Difference("two NWB objects with the same path", "one is lost", "the second is found as `parent/name`"),
    Difference(
        "columns of NWB units that are ragged or have several dimensions",
        "dropped",
        "kept as metadata; very large ones are named in a warning",
    ),
    Difference("NWB text stored as bytes; `channel_conversion`", "bytes; ignored", "text; applied"),
    Difference(
        "an npz file with metadata, written here", "-", "pynapple cannot read the metadata back: it is not pickled"
    ),
)
"""Sets of epochs and files, where a script will rarely look."""

FINDINGS = (
    Difference("`Tsd` combined with `TsdFrame`", "broadcast to (n, n)", "aligned on time, applied to each column"),
    Difference("counts that do not fit the `dtype` asked for", "wrap silently", "`OverflowError`"),
    Difference(
        "bin sizes or sampling rates that are not positive",
        "`ZeroDivisionError`, an empty result, or negative rates",
        "`ValueError`",
    ),
    Difference("a wrong `ep` in `bin_average`", "ignored", "`TypeError`"),
    Difference("unknown keywords of `Tsd` and `TsdTensor`", "ignored", "named in a warning"),
    Difference(
        "`dropna()` over several epochs", "joins epochs without a NaN between them", "the support never crosses a gap"
    ),
    Difference("tuning curve of a signal that has NaN", "the whole bin is 0", "NaN is left out of the mean"),
    Difference("ranges that end on a repeated time", "keep one of the samples", "keep all: ranges are closed"),
    Difference(
        "bins of times beyond about 52 days (calendar seconds)",
        "drift with rounding",
        "plain multiples of the bin size",
    ),
    Difference(
        "a `TsGroup` of exactly two units whose supports touch",
        "1 µs apart",
        "joined, as with any other number of units",
    ),
    Difference("ties in `to_tsd`", "in any order", "in the order of keys"),
    Difference(
        "`np.split`, `np.hsplit` along columns; `np.stack(frames, 1)`",
        "plain arrays, or new column names",
        "stay series with their columns",
    ),
    Difference("`TsGroup.merge`", "prints a line for a single group, always warns", "says nothing"),
    Difference("`obj.t`", "can be written to", "read-only: units are views of one store"),
)
"""Series, groups, tuning curves and analysis."""
