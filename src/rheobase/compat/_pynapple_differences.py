"""Where rheobase differs from pynapple on purpose: one row each, shown in the documentation and checked by tests.

A script that only changes its import line gives the same numbers, except where a row below says otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CORNERS", "DIFFERENCES", "FINDINGS", "Difference"]


class Difference(NamedTuple):
    """A case, what pynapple 0.11.4 does with it, and what rheobase does (Markdown text); and the test that shows it."""

    case: str
    there: str
    here: str
    test: str


DIFFERENCES = (
    Difference(
        "unsorted times with data",
        "times are sorted alone, values stay in the old order",
        "values travel with their times; the same warning",
        "rivals/test_rivals_differences.py::test_unsorted_times_with_data",
    ),
    Difference(
        "`tsd[[5, 3]]`, `tsd[::-1]`",
        "an object with unsorted times",
        "sorted again, with a warning",
        "rivals/test_rivals_differences.py::test_rows_out_of_order",
    ),
    Difference(
        '`frame[["a"]]`, `frame.loc[["a"]]`',
        "collapses to a `Tsd`",
        "stays a `TsdFrame` with one column",
        "rivals/test_rivals_differences.py::test_one_column_in_a_list",
    ),
    Difference(
        "`tsd + tsd`, `tsd > tsd` with the same times and support",
        "`TypeError`",
        "works; with different times, a `ValueError` that names the fix",
        "rivals/test_rivals_differences.py::test_sums_of_series",
    ),
    Difference(
        "`tsd += 1`", "`RecursionError`", "works in place", "rivals/test_rivals_differences.py::test_sums_in_place"
    ),
    Difference(
        "`np.array_split` into unequal parts",
        "`ValueError`",
        "works",
        "rivals/test_rivals_differences.py::test_splits_into_unequal_parts",
    ),
    Difference(
        "`np.corrcoef(frame)` and results whose first axis only happens to have n_samples entries",
        "wrapped as a series",
        "a plain array",
        "rivals/test_rivals_differences.py::test_a_first_axis_of_the_right_length_by_chance",
    ),
    Difference(
        "`derivative` of an epoch with one sample",
        "`IndexError`",
        "NaN",
        "rivals/test_rivals_differences.py::test_derivative_of_one_sample",
    ),
    Difference(
        "`threshold` after an empty epoch, or with the last sample alone in its epoch",
        "loses a sample, or bridges the gap",
        "neither; a passing sample alone in its epoch is left out, with a warning",
        "rivals/test_rivals_differences.py::test_threshold_after_an_empty_epoch",
    ),
    Difference(
        "NumPy scalars such as `np.int64(1)` where a number is asked for",
        "`TypeError` or `OSError` in some places (`count`, `smooth`, `decimate`, `shift_timestamps`)",
        "accepted",
        "rivals/test_rivals_differences.py::test_numbers_of_numpy",
    ),
    Difference(
        '`obj.save("a.b")`',
        "writes `a.npz`",
        "writes `a.b.npz`",
        "rivals/test_rivals_differences.py::test_names_of_archives",
    ),
    Difference(
        "metadata in npz archives",
        "pickled; ours are not read",
        "plain arrays; theirs are read by an unpickler that admits only NumPy arrays and built-in containers",
        "rivals/test_rivals_sessions.py::test_metadata_in_archives",
    ),
    Difference(
        "NWB `conversion`, `offset` and `unit`",
        "ignored",
        "applied; the unit is kept and shown; `raw=True` gives the stored numbers",
        "rivals/test_rivals_differences.py::test_conversion_of_nwb_files",
    ),
    Difference(
        "`np.array(tsd)` under NumPy 2",
        "`DeprecationWarning`",
        "honours `copy`",
        "rivals/test_rivals_differences.py::test_arrays_of_series",
    ),
    Difference(
        "an `IntervalSet` with a column `tags` or `label`",
        "boolean masks only",
        'also `epochs.keys()` and `epochs["Noise 1"]`, as scripts of 2024 write',
        "rivals/test_rivals_differences.py::test_epochs_by_tag",
    ),
    Difference(
        "NWB trials that overlap",
        "merged, all metadata lost",
        "every trial, with its metadata",
        "rivals/test_rivals_nwb.py::test_recordings",
    ),
    Difference(
        "an integer signal through a Butterworth filter",
        "truncated to integers",
        "float64",
        "rivals/test_rivals_filtering.py::test_integers_are_truncated_there",
    ),
    Difference(
        "lag axis of event-triggered averages",
        "may gain a lag by rounding",
        "integer arithmetic on lags, exact",
        "rivals/test_rivals_perievent.py::test_lag_axis_of_triggered_averages_is_exact",
    ),
    Difference(
        "lag axes of auto- and cross-correlograms",
        "differ by rounding",
        "identical",
        "rivals/test_rivals_correlograms.py::test_lag_axes_are_identical_here_and_not_there",
    ),
)
"""What a script may meet."""

CORNERS = (
    Difference(
        "an epoch of no length right after one whose end precedes its start",
        "kept",
        "dropped",
        "rivals/test_rivals_differences.py::test_an_epoch_of_no_length_after_one_that_ends_too_early",
    ),
    Difference(
        "an epoch shorter than 1 µs that touches the next",
        "inverted",
        "dropped, with a warning",
        "rivals/test_rivals_differences.py::test_an_epoch_too_short_to_be_cut",
    ),
    Difference(
        "`union` of touching epochs",
        "joined, or 1 µs apart, by what else overlaps",
        "always two, 1 µs apart, with a warning",
        "rivals/test_rivals_differences.py::test_union_of_touching_epochs",
    ),
    Difference(
        "`split` into pieces whose rounded edges lie 1 ns too close",
        "drops the piece",
        "kept",
        "rivals/test_rivals_intervals.py::test_split",
    ),
    Difference(
        "`IntervalSet` from three columns, or from 2-D `start` and `end`",
        "flattened",
        "`ValueError`",
        "rivals/test_rivals_differences.py::test_three_columns",
    ),
    Difference(
        "`IntervalSet` from a DataFrame whose index is not 0, 1, 2, ...",
        "`ValueError`",
        "accepted",
        "rivals/test_rivals_differences.py::test_tables_with_another_index",
    ),
    Difference(
        "`epochs[[]]`",
        "an empty DataFrame",
        "an empty `IntervalSet`",
        "rivals/test_rivals_differences.py::test_no_epochs_of_a_set",
    ),
    Difference(
        "`epochs[None]`", "all epochs", "`IndexError`", "rivals/test_rivals_differences.py::test_no_epochs_of_a_set"
    ),
    Difference(
        "something else than an `IntervalSet` to `union`, `intersect`, `set_diff`, `in_interval`",
        "`AttributeError`",
        "`TypeError`",
        "rivals/test_rivals_differences.py::test_set_algebra_with_something_else",
    ),
    Difference(
        "ragged lists, or numbers mixed with text, as metadata",
        "`ValueError`, or turned into text or NaN",
        "kept as they are",
        "rivals/test_rivals_differences.py::test_ragged_metadata",
    ),
    Difference(
        "`epochs.start[0] = x`",
        "corrupts the set",
        "an error: arrays of an `IntervalSet` are read-only",
        "rivals/test_rivals_differences.py::test_bounds_and_times_are_read_only",
    ),
    Difference(
        "two NWB objects with the same path",
        "one is lost",
        "the second is found as `parent/name`",
        "io/test_nwb.py::test_two_objects_of_one_name",
    ),
    Difference(
        "columns of NWB units that are ragged or have several dimensions",
        "dropped",
        "kept as metadata; very large ones are named in a warning",
        "io/test_nwb.py::test_no_column_of_the_units_is_lost",
    ),
    Difference(
        "NWB text stored as bytes; `channel_conversion`",
        "bytes; ignored",
        "text; applied",
        "io/test_nwb.py::test_conversion_per_channel_and_offset",
    ),
    Difference('NWB unit "unknown"', "-", "shown as no unit", "io/test_nwb.py::test_an_unknown_unit_is_none"),
    Difference(
        "a damaged npz file",
        "errors of many kinds",
        "`RuntimeError` that names the file",
        "io/test_npz.py::test_a_broken_archive",
    ),
    Difference(
        "`load_binary_file` without `n_channels` and `frequency`",
        "always fails",
        "read from the xml file beside it",
        "rivals/test_rivals_sessions.py::test_binary_files_with_an_xml_beside_them",
    ),
    Difference(
        "`load_binary_file` with a channel out of range or a wrong `bytes_size`",
        "`IndexError`, or accepted",
        "`ValueError`",
        "rivals/test_rivals_sessions.py::test_channels_out_of_range_and_wrong_sizes",
    ),
    Difference(
        "`load_session` of an unknown type",
        "silently a loader of epochs",
        "`ValueError`",
        "rivals/test_rivals_sessions.py::test_sessions_that_only_we_read",
    ),
    Difference(
        "`load_session` of a folder without an NWB file",
        "`RuntimeError`",
        "read from the raw folder",
        "rivals/test_rivals_sessions.py::test_sessions_that_only_we_read",
    ),
    Difference(
        "a Neurosuite `.evt` file with several pairs of start and stop",
        "later pairs become metadata of the first",
        "each is an `IntervalSet`",
        "rivals/test_rivals_differences.py::test_several_pairs_of_events",
    ),
    Difference(
        "`append_NWB_LFP` to a file that has `ecephys`",
        "an error",
        "added to it",
        "io/test_append_nwb_lfp.py::test_to_a_file_that_has_the_module_already",
    ),
    Difference(
        "`Folder` with a broken npz file",
        "raises",
        "warns and leaves it out",
        "rivals/test_rivals_sessions.py::test_folders_with_a_broken_archive",
    ),
    Difference(
        "`EphysReader`: time support of signals",
        "first to last sample, gaps covered",
        "bounds of the segments",
        "rivals/test_rivals_ephys.py::test_signals_have_the_bounds_of_segments_here_and_cover_the_gaps_there",
    ),
    Difference(
        "`EphysReader`: integers that neo maps from a raw file",
        "stored integers",
        "gain applied, unit set",
        "rivals/test_rivals_ephys.py::test_gains_are_applied_here_and_left_out_there_where_files_are_mapped",
    ),
    Difference(
        "`EphysReader` of a pickle",
        "loaded, which can run any code",
        'refused unless `format="PickleIO"`',
        "io/test_ephys.py::test_pickles_are_refused_unless_named",
    ),
    Difference(
        "tuning curve of a feature without samples in the epochs, no `fs`",
        "`IndexError`",
        "`ValueError` that names the feature",
        "rivals/test_rivals_differences.py::test_no_samples_of_a_feature_in_the_epochs",
    ),
    Difference(
        "`save_nwb_intervals` and `save_nwb_timeseries` with a `description`",
        "of epochs kept, of series ignored",
        "kept; `NWBFile.description` reads it",
        "io/test_session.py::test_what_is_saved_comes_back_with_its_description",
    ),
    Difference(
        "time support of a session whose epochs touch",
        "holes of 1 µs, by rounding",
        "joined",
        "rivals/test_rivals_sessions.py::test_epochs_of_a_session_that_touch",
    ),
    Difference(
        "`load_lfp` and `load_mean_waveforms` of a session",
        "`AttributeError`",
        "work; waveforms are the mean of the spikes used",
        "rivals/test_rivals_sessions.py::test_calls_of_sessions_that_always_fail_there",
    ),
)
"""Sets of epochs and files, where a script will rarely look."""

FINDINGS = (
    Difference(
        "`TsdFrame(..., columns=)` with too many or too few names",
        "numbered 0, 1, … without a word",
        "`ValueError` that names both numbers",
        "rivals/test_rivals_differences.py::test_as_many_names_as_columns",
    ),
    Difference(
        "`TsGroup({1: 3})`, a number as a member",
        "`AttributeError`",
        "`TypeError` that says what to write",
        "rivals/test_rivals_differences.py::test_a_number_is_no_unit",
    ),
    Difference(
        "`Tsd` combined with `TsdFrame`",
        "`ValueError`, or added along the columns where there are as many as samples",
        "aligned on time, applied to each column",
        "rivals/test_rivals_differences.py::test_a_signal_and_a_frame",
    ),
    Difference(
        "counts that do not fit the `dtype` asked for",
        "wrap silently",
        "`OverflowError`",
        "rivals/test_rivals_differences.py::test_counts_that_do_not_fit",
    ),
    Difference(
        "bin sizes or sampling rates that are not positive",
        "`ZeroDivisionError`, an empty result, or negative rates",
        "`ValueError`",
        "rivals/test_rivals_differences.py::test_sizes_that_are_not_positive",
    ),
    Difference(
        "a wrong `ep` in `bin_average`", "ignored", "`TypeError`", "rivals/test_rivals_differences.py::test_a_wrong_ep"
    ),
    Difference(
        "unknown keywords of `Tsd` and `TsdTensor`",
        "ignored",
        "named in a warning",
        "rivals/test_rivals_differences.py::test_unknown_keywords",
    ),
    Difference(
        "`dropna()` over several epochs",
        "joins epochs without a NaN between them",
        "the support never crosses a gap",
        "rivals/test_rivals_differences.py::test_dropna_and_gaps",
    ),
    Difference(
        "tuning curve of a signal that has NaN",
        "the whole bin is 0",
        "NaN is left out of the mean",
        "rivals/test_rivals_differences.py::test_tuning_of_a_signal_with_nan",
    ),
    Difference(
        "ranges that end on a repeated time",
        "keep one of the samples",
        "keep all: ranges are closed",
        "rivals/test_rivals_differences.py::test_ranges_that_end_on_a_repeated_time",
    ),
    Difference(
        "bins of times beyond about 52 days (calendar seconds)",
        "drift with rounding",
        "plain multiples of the bin size",
        "rivals/test_rivals_differences.py::test_bins_of_calendar_seconds",
    ),
    Difference(
        "a `TsGroup` of exactly two units whose supports touch",
        "1 µs apart",
        "joined, as with any other number of units",
        "rivals/test_rivals_differences.py::test_two_units_whose_supports_touch",
    ),
    Difference(
        "ties in `to_tsd`",
        "in any order",
        "in the order of keys",
        "containers/test_ts_group.py::test_simultaneous_events_stay_in_the_order_of_units",
    ),
    Difference(
        "`np.split`, `np.hsplit` along columns; `np.stack(frames, 1)`",
        "plain arrays, or new column names",
        "stay series with their columns",
        "rivals/test_rivals_differences.py::test_splits_in_columns",
    ),
    Difference(
        "`TsGroup.merge`",
        "prints a line for a single group, always warns",
        "says nothing",
        "rivals/test_rivals_differences.py::test_merging_one_group",
    ),
    Difference(
        "`obj.t`",
        "can be written to",
        "read-only: units are views of one store",
        "rivals/test_rivals_differences.py::test_bounds_and_times_are_read_only",
    ),
    Difference(
        "perievent of a signal, with a window of a whole number of samples",
        "may lose the outermost lags by rounding",
        "all lags",
        "rivals/test_rivals_perievent.py::test_outermost_lags_of_signals_are_kept",
    ),
    Difference(
        "event-triggered average near the start or end of an epoch",
        "takes the last value of the epoch before; events without enough bins after them count but add nothing",
        "looks at the own epoch only; all events contribute",
        "rivals/test_rivals_perievent.py::test_nothing_of_an_earlier_epoch_leaks",
    ),
    Difference(
        "perievent of a signal no epoch of which holds two samples",
        "`IndexError`",
        "`ValueError` that names the fix",
        "rivals/test_rivals_differences.py::test_perievent_of_a_signal_whose_step_is_unknown",
    ),
    Difference(
        "an `IntervalSet` as events",
        "`TypeError`",
        "its starts are the events",
        "rivals/test_rivals_differences.py::test_epochs_as_events",
    ),
    Difference(
        "interval distributions with a silent unit; a log scale with an interval of zero",
        "`IndexError`; NaN edges",
        "zeros; `ValueError`",
        "rivals/test_rivals_correlograms.py::test_silent_units_have_no_intervals",
    ),
    Difference(
        '`build_tensor(align="end")` with a trial shorter than half a bin',
        "`ValueError`",
        "padding",
        "rivals/test_rivals_differences.py::test_trials_too_short_for_a_bin",
    ),
    Difference(
        "`apply_hilbert_transform`, envelope and phase over several epochs",
        "transforms across the gaps",
        "each epoch by itself",
        "rivals/test_rivals_filtering.py::test_the_analytic_signal_leaks_across_gaps_there",
    ),
    Difference(
        "filter of an epoch that is too short",
        "an error of SciPy's",
        "`ValueError` that names the epoch",
        "rivals/test_rivals_differences.py::test_filters_of_epochs_too_short",
    ),
    Difference(
        "`resample_timestamps` with several epochs",
        "into the first epoch, or lost in the gaps",
        "uniform over all epochs, number kept",
        "rivals/test_rivals_randomize.py::test_resampling_covers_all_epochs",
    ),
    Difference(
        "`resample_timestamps` of a `Ts`",
        "between its first and its last event",
        "over its time support",
        "rivals/test_rivals_differences.py::test_resampling_of_events",
    ),
    Difference(
        "surrogates of a group",
        "metadata lost",
        "metadata kept",
        "rivals/test_rivals_randomize.py::test_metadata_stays",
    ),
    Difference(
        "`numpy.random.seed`",
        "decides about surrogates",
        "is ignored: use `rng=` or `seed=`",
        "rivals/test_rivals_randomize.py::test_the_global_random_state_is_not_read",
    ),
    Difference(
        "`shuffle_ts_intervals` of nothing",
        "`IndexError`",
        "empty",
        "rivals/test_rivals_randomize.py::test_nothing_to_shuffle",
    ),
    Difference(
        "`shift_timestamps` with bounds in the wrong order, or not finite",
        "accepted",
        "`ValueError`",
        "rivals/test_rivals_differences.py::test_shifts_between_bounds_in_the_wrong_order",
    ),
    Difference(
        "decoding with a sliding window and an epoch too short for a bin",
        "`ValueError`",
        "empty",
        "rivals/test_rivals_decoding.py::test_a_window_over_an_epoch_without_bins",
    ),
    Difference(
        "`np.concatenate` of series that are not in order",
        "`RuntimeError`",
        "sorted, with the usual warning",
        "rivals/test_rivals_differences.py::test_joining_out_of_order",
    ),
    Difference(
        "sums and comparisons of series whose units differ",
        "there are no units",
        "`ValueError`",
        "containers/test_value_units.py::test_two_units_are_not_mixed",
    ),
    Difference(
        "phase of float32 or long signals",
        "unwrapped and wrapped again, which loses digits",
        "wrapped directly, always in [0, 2π)",
        "rivals/test_rivals_differences.py::test_phase_is_wrapped_directly",
    ),
    Difference(
        "a sinc filter with a cutoff outside 0 to half the sampling rate",
        "accepted",
        "`ValueError`",
        "rivals/test_rivals_filtering.py::test_an_impossible_sinc_cutoff_is_accepted_there",
    ),
    Difference(
        "an epoch without samples in a Butterworth filter",
        "an error of SciPy's",
        "skipped",
        "rivals/test_rivals_filtering.py::test_an_epoch_without_samples_is_an_error_there",
    ),
    Difference(
        "spectra and filters where the rate is unknown",
        "an error of SciPy's, or NaN",
        "`ValueError`: set `fs`",
        "rivals/test_rivals_differences.py::test_a_rate_that_is_unknown",
    ),
    Difference(
        "one NaN in a wavelet transform",
        "NaN over the epoch",
        "only within reach of the wavelet",
        "rivals/test_rivals_wavelets.py::test_one_nan_spreads_over_its_epoch_there_when_it_goes_through_an_fft",
    ),
    Difference(
        "a complex signal in a wavelet transform",
        "its imaginary part is dropped",
        "transformed",
        "rivals/test_rivals_wavelets.py::test_imaginary_parts_are_dropped_there",
    ),
    Difference(
        "`compute_mean_power_spectral_density` with `interval_size` <= 0",
        "never ends, or crashes",
        "`ValueError`",
        "analysis/test_spectrum.py::test_refused",
    ),
    Difference(
        "perievent of a signal whose times were rounded",
        "refused beyond one part in a million of a step",
        "up to 1 % of a step beside even times is accepted; the error names the worst gap",
        "rivals/test_rivals_differences.py::test_times_rounded_to_microseconds_around_events",
    ),
)
"""Series, groups, tuning curves and analysis."""
