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
    Difference('NWB unit "unknown"', "-", "shown as no unit"),
    Difference("a damaged npz file", "errors of many kinds", "`RuntimeError` that names the file"),
    Difference(
        "`load_binary_file` without `n_channels` and `frequency`", "always fails", "read from the xml file beside it"
    ),
    Difference(
        "`load_binary_file` with a channel out of range or a wrong `bytes_size`",
        "`IndexError`, or accepted",
        "`ValueError`",
    ),
    Difference("`load_session` of an unknown type", "silently a loader of epochs", "`ValueError`"),
    Difference("`load_session` of a folder without an NWB file", "`RuntimeError`", "read from the raw folder"),
    Difference(
        "a Neurosuite `.evt` file with several pairs of start and stop",
        "later pairs become metadata of the first",
        "each is an `IntervalSet`",
    ),
    Difference("`append_NWB_LFP` to a file that has `ecephys`", "an error", "added to it"),
    Difference("`Folder` with a broken npz file", "raises", "warns and leaves it out"),
    Difference(
        "`EphysReader`: time support of signals", "first to last sample, gaps covered", "bounds of the segments"
    ),
    Difference("`EphysReader`: integers that neo maps from a raw file", "stored integers", "gain applied, unit set"),
    Difference("`EphysReader` of a pickle", "loaded, which can run any code", 'refused unless `format="PickleIO"`'),
    Difference(
        "tuning curve of a feature without samples in the epochs, no `fs`",
        "`IndexError`",
        "`ValueError` that names the feature",
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
    Difference(
        "perievent of a signal, with a window of a whole number of samples",
        "may lose the outermost lags by rounding",
        "all lags",
    ),
    Difference(
        "event-triggered average near the start or end of an epoch",
        "takes the last value of the epoch before; events without enough bins after them count but add nothing",
        "looks at the own epoch only; all events contribute",
    ),
    Difference(
        "perievent of a signal no epoch of which holds two samples", "`IndexError`", "`ValueError` that names the fix"
    ),
    Difference("an `IntervalSet` as events", "`TypeError`", "its starts are the events"),
    Difference(
        "interval distributions with a silent unit; a log scale with an interval of zero",
        "`IndexError`; NaN edges",
        "zeros; `ValueError`",
    ),
    Difference('`build_tensor(align="end")` with a trial shorter than half a bin', "`ValueError`", "padding"),
    Difference(
        "`apply_hilbert_transform`, envelope and phase over several epochs",
        "transforms across the gaps",
        "each epoch by itself",
    ),
    Difference("filter of an epoch that is too short", "an error of SciPy's", "`ValueError` that names the epoch"),
    Difference(
        "`resample_timestamps` with several epochs",
        "into the first epoch, or lost in the gaps",
        "uniform over all epochs, number kept",
    ),
    Difference("`resample_timestamps` of a `Ts`", "between its first and its last event", "over its time support"),
    Difference("surrogates of a group", "metadata lost", "metadata kept"),
    Difference("`numpy.random.seed`", "decides about surrogates", "is ignored: use `rng=` or `seed=`"),
    Difference("`shuffle_ts_intervals` of nothing", "`IndexError`", "empty"),
    Difference("`shift_timestamps` with bounds in the wrong order, or not finite", "accepted", "`ValueError`"),
    Difference("decoding with a sliding window and an epoch too short for a bin", "`ValueError`", "empty"),
    Difference("`np.concatenate` of series that are not in order", "`RuntimeError`", "sorted, with the usual warning"),
    Difference("sums and comparisons of series whose units differ", "there are no units", "`ValueError`"),
    Difference(
        "phase of float32 or long signals",
        "unwrapped and wrapped again, which loses digits",
        "wrapped directly, always in [0, 2π)",
    ),
    Difference("a sinc filter with a cutoff outside 0 to half the sampling rate", "accepted", "`ValueError`"),
    Difference("an epoch without samples in a Butterworth filter", "an error of SciPy's", "skipped"),
    Difference(
        "spectra and filters where the rate is unknown", "an error of SciPy's, or NaN", "`ValueError`: set `fs`"
    ),
    Difference("one NaN in a wavelet transform", "NaN over the epoch", "only within reach of the wavelet"),
    Difference("a complex signal in a wavelet transform", "its imaginary part is dropped", "transformed"),
    Difference(
        "`compute_mean_power_spectral_density` with `interval_size` <= 0", "never ends, or crashes", "`ValueError`"
    ),
)
"""Series, groups, tuning curves and analysis."""
