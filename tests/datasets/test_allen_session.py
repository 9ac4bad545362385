"""A session of the Allen Institute's project: every answer worked out by hand on a small file."""

from __future__ import annotations

import datetime
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from allen_files import SPIKES_901, tables, write_lfp, write_session

from rheobase.containers import IntervalSet, TsGroup
from rheobase.datasets.allen import EcephysNwbSessionApi, EcephysSession, _stimuli
from rheobase.io._allen_lfp import AllenLFPFile
from rheobase.io._allen_write import write_allen_session

EDGES = [0, 0.05, 0.1, 0.25]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    write_lfp(folder / "probe_11_lfp.nwb")
    return write_session(folder / "session_1001.nwb")


@pytest.fixture(scope="module")
def session(path):
    return EcephysSession.from_nwb_path(path)


def opened(path, **options):
    return EcephysSession.from_nwb_path(path, api_kwargs=options)


# ---- the acceptance points of a session ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [901]),
        ({"isi_violations_maximum": None}, [901, 902]),
        ({"filter_out_of_brain_units": False}, [901, 903]),
        ({"filter_by_validity": False}, [901, 904]),
        (
            {"filter_by_validity": False, "filter_out_of_brain_units": False, "isi_violations_maximum": None},
            [901, 902, 903, 904],
        ),
    ],
)
def test_point_01_filters_of_units(path, options, kept):
    units = opened(path, **options).units
    assert units.index.tolist() == kept
    assert ("quality" in units) == (options.get("filter_by_validity") is False)
    assert units.index.name == "unit_id"


def test_point_02_invalid_presentations_keep_their_times(session):
    assert session.stimulus_names == ["spontaneous", "flashes", "invalid_presentation", "natural_scenes"]
    row = session.stimulus_presentations.loc[4]
    assert (row["start_time"], row["stop_time"]) == (16.0, 16.25)
    assert row.drop(["start_time", "stop_time", "stimulus_name"]).isna().all()


def test_point_03_table_of_one_stimulus(session):
    flashes = session.get_stimulus_table("flashes")
    assert flashes.index.tolist() == [1, 2, 3]
    assert "frame" not in flashes
    assert flashes["stimulus_condition_id"].tolist() == [1, 2, 1]
    assert flashes["color"].tolist() == [1.0, -1.0, 1.0]
    pd.testing.assert_frame_equal(flashes, session.get_presentations_for_stimulus(["flashes"]))


def test_point_04_a_spike_on_an_edge_is_counted_once(session):
    """Bins are half open: [left, right). AllenSDK, whose bins are closed, would count the middle spikes twice."""
    counts = session.presentationwise_spike_counts(EDGES, [1, 2, 3], 901)
    assert counts.values[:, :, 0].tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 1]]


def test_point_05_dims_and_coords_of_counts(session):
    edges = np.arange(-0.1, 0.5 + 0.01, 0.01)
    counts = session.presentationwise_spike_counts(edges, [3, 1], [901])
    assert counts.name == "spike_counts"
    assert counts.dims == ("stimulus_presentation_id", "time_relative_to_stimulus_onset", "unit_id")
    assert counts["stimulus_presentation_id"].values.tolist() == [3, 1]
    centres = counts["time_relative_to_stimulus_onset"].values
    assert edges.size == 61
    assert centres.shape == (60,)
    np.testing.assert_allclose(centres[[0, -1]], [-0.095, 0.495], atol=1e-12)
    assert counts.dtype == np.uint16
    assert session.presentationwise_spike_counts(EDGES, [], [901]).shape == (0, 3, 1)


def test_point_06_binarized_counts_and_overlapping_windows(session):
    with pytest.warns(UserWarning, match=r"0 or 1, but bins are up to 0.15 s wide") as caught:
        counts = session.presentationwise_spike_counts(EDGES, [1, 2, 3], [901], binarize=True)
    assert len(caught) == 1
    assert counts.dtype == np.uint8
    assert set(np.unique(counts)) == {0, 1}
    with pytest.warns(UserWarning, match=r"overlap, by up to 1 s"):
        both = session.presentationwise_spike_counts([-1, 2], [1, 2, 3], [901])
    assert both.values[:, 0, 0].tolist() == [3, 1, 1]


def test_point_07_spikes_during_presentations(session):
    """With AllenSDK's rule, (start, stop], its own answer; with ours, [start, stop), no spike at an onset is lost."""
    theirs = session.presentationwise_spike_times(np.arange(1, 9), [901], closed="right")
    pairs = list(zip(theirs.index, theirs["stimulus_presentation_id"]))
    assert pairs == [(10.05, 1), (10.1, 1), (12.02, 2), (14.2, 3), (20.1, 5), (20.25, 5), (20.6, 7)]
    ours = session.presentationwise_spike_times(np.arange(1, 9), [901])
    pairs = list(zip(ours.index, ours["stimulus_presentation_id"]))
    assert pairs == [(10.0, 1), (10.05, 1), (10.1, 1), (12.02, 2), (14.2, 3), (20.1, 5), (20.25, 6), (20.6, 7)]
    assert ours.index.name == "spike_time"
    assert list(ours) == ["stimulus_presentation_id", "unit_id", "time_since_stimulus_presentation_onset"]
    pd.testing.assert_frame_equal(session.presentationwise_spike_times([8, 3, 1, 2, 7, 6, 5, 4], [901]), ours)
    nothing = session.presentationwise_spike_times([8], [901])
    assert list(nothing) == list(ours)
    assert len(nothing) == 0


def test_point_08_statistics_by_condition(session):
    ids = [1, 2, 3, 5, 6, 7, 8]
    theirs = session.conditionwise_spike_statistics(ids, [901], closed="right").loc[901]
    assert theirs.loc[1].tolist() == pytest.approx([3, 2, 1.5, 0.5**0.5, 0.5])
    assert theirs.loc[3].tolist() == pytest.approx([2, 2, 1.0, 2**0.5, 1.0])
    assert theirs.loc[5, ["spike_count", "spike_mean"]].tolist() == [0, 0]
    assert np.isnan(theirs.loc[5, ["spike_std", "spike_sem"]].to_numpy(dtype=float)).all()
    rates = session.conditionwise_spike_statistics(ids, [901], use_rates=True, closed="right").loc[901, 1]
    assert rates.to_dict() == pytest.approx(
        {"stimulus_presentation_count": 2, "spike_mean": 6.0, "spike_std": 8**0.5, "spike_sem": 2.0}
    )
    ours = session.conditionwise_spike_statistics(ids, [901]).loc[901]
    assert ours["spike_count"].to_dict() == {1: 4, 2: 1, 3: 2, 4: 1, 5: 0}
    assert ours.loc[1, "spike_mean"] == 2.0


def test_point_09_intervals_between_presentations(session):
    intervals = session.inter_presentation_intervals
    np.testing.assert_allclose(intervals["interval"], [0, 1.75, 1.75, 1.75, 3.75, 0, 0, 0], atol=1e-12)
    assert intervals.index.names == ["from_presentation_id", "to_presentation_id"]
    flashes = session.get_inter_presentation_intervals_for_stimulus("flashes")
    assert flashes.index.tolist() == [(1, 2), (2, 3)]


def test_point_10_epochs(session):
    epochs = session.get_stimulus_epochs()
    assert epochs["stimulus_name"].tolist() == session.stimulus_names
    bounds = epochs[["start_time", "stop_time"]].to_numpy().tolist()
    assert bounds == [[0, 10], [10, 14.25], [16, 16.25], [20, 21]]
    long = session.get_stimulus_epochs({"flashes": 5.0})
    assert "flashes" not in long["stimulus_name"].tolist()


def test_point_11_local_fields_are_masked(path):
    files = {11: path.parent / "probe_11_lfp.nwb"}
    session = opened(path, probe_lfp_paths=files)
    lfp = session.get_lfp(11)
    assert lfp.dims == ("time", "channel")
    assert lfp["channel"].values.tolist() == [100, 101, 102]
    assert np.isnan(lfp.values).all(axis=1).tolist() == [False, True, True, False]
    assert session.get_lfp(11, mask_invalid_intervals=False).values.tolist()[1] == [3, 4, 5]
    with pytest.raises(KeyError, match="no local field potentials of probe 12"):
        session.get_lfp(12)
    csd = session.get_current_source_density(11)
    assert csd.dims == ("virtual_channel_index", "time")
    assert csd.values[1].tolist() == [1.0, 4.0]
    assert csd["vertical_position"].values.tolist() == [20, 40, 60]
    by_function = opened(path, probe_lfp_paths={11: lambda: str(files[11])})
    assert by_function.get_lfp(11).equals(lfp)


@pytest.mark.parametrize("masked", [True, False])
def test_local_fields_stay_in_the_file_until_they_are_used(path, monkeypatch, masked):
    """Whatever is selected is what would be selected of all, and nothing else is read."""
    session = opened(path, probe_lfp_paths={11: path.parent / "probe_11_lfp.nwb"})
    whole = session.get_lfp(11, masked).load()
    read = []
    kept = AllenLFPFile.lfp_samples
    monkeypatch.setattr(AllenLFPFile, "lfp_samples", lambda file, key: read.append(key) or kept(file, key))
    for select in (
        lambda lfp: lfp.sel(time=slice(0.6, 2.0)),
        lambda lfp: lfp.sel(channel=[102, 100]),
        lambda lfp: lfp.isel(time=[3, 1, 1], channel=slice(None, None, -1)),
        lambda lfp: lfp.isel(time=1),
        lambda lfp: lfp.isel(time=-1, channel=2),
        lambda lfp: lfp[::-2, 0],
        lambda lfp: lfp.isel(time=slice(0, 0)),
        lambda lfp: lfp.sel(time=[0.4, 2.6], method="nearest"),
        lambda lfp: lfp.where(lfp.time > 1, drop=True),
    ):
        lazy = session.get_lfp(11, masked)
        assert not read
        chosen = select(lazy)
        np.testing.assert_array_equal(chosen.values, select(whole).values)
        assert chosen.dtype == whole.dtype
        read.clear()
    lazy = session.get_lfp(11, masked)
    lazy.isel(time=slice(2, 3)).load()
    assert [key[0] for key in read] == [slice(2, 3, 1)]
    again = pickle.loads(pickle.dumps(session.get_lfp(11, masked)))
    np.testing.assert_array_equal(again, whole)
    changed = session.get_lfp(11, masked)
    changed[0] = 7.0
    assert (changed[0] == 7).all()
    np.testing.assert_array_equal(session.get_lfp(11, masked), whole)


def test_point_12_pupil_and_gaze(session):
    pupil = session.get_pupil_data()
    assert pupil["pupil_height"].tolist() == [14.0, 16.0]
    assert pupil["corneal_reflection_center_x"].tolist() == [1.0, 2.0]
    assert pupil.index.name == "Time (s)"
    gaze = session.get_screen_gaze_data()
    assert gaze["raw_screen_coordinates_x_cm"].tolist() == [20.0, 21.0]
    assert gaze["raw_screen_coordinates_y_cm"].tolist() == [10.0, 11.0]
    assert not any(name.startswith("filtered") for name in gaze)
    filtered = session.get_screen_gaze_data(include_filtered_data=True)
    assert filtered["filtered_screen_coordinates_spherical_x_deg"].tolist() == [20.5, 21.5]


# ---- the rest of a session -------------------------------------------------------------------------------------------


def test_what_a_session_says_of_itself(session):
    assert session.ecephys_session_id == 1001
    assert session.session_type == "brain_observatory_1.1"
    assert session.session_start_time.tzinfo is not None
    assert isinstance(session.session_start_time, datetime.datetime)
    assert (session.specimen_name, session.sex, session.full_genotype) == ("Mouse-1", "M", "wt/wt")
    assert session.age_in_days == 116.0
    numbers = (session.num_units, session.num_probes, session.num_channels, session.num_stimulus_presentations)
    assert numbers == (1, 2, 6, 9)
    assert session.rig_geometry_data is None
    assert session.metadata["stimulus_names"] == session.stimulus_names
    assert session.structurewise_unit_counts.to_dict() == {"VISp": 1}
    assert ["" if pd.isna(name) else name for name in session.structure_acronyms] == ["VISp", "", "CA1", "DG-mo"]


def test_tables_of_probes_and_channels(session):
    assert session.probes["description"].to_dict() == {11: "probeA", 12: "probeB"}
    assert session.probes["sampling_rate"].tolist() == [30000.0, 30000.0]
    channels = session.channels
    assert channels["probe_channel_number"].tolist() == [0, 1, 2, 0, 1, 2]
    assert channels["structure_acronym"].fillna("none").tolist() == ["VISp", "VISp", "none", "CA1", "DG", "none"]
    assert channels.loc[101, "anterior_posterior_ccf_coordinate"] == 2.0
    row = session.units.loc[901]
    assert (row["waveform_PT_ratio"], row["L_ratio"], row["probe_description"]) == (0.5, 0.01, "probeA")
    assert row["ecephys_structure_acronym"] == row["manual_structure_acronym"] == "VISp"


def test_channels_that_are_not_valid_go_with_their_units(tmp_path):
    given = tables()
    given.electrodes["valid_data"] = [False, True, True, True, True, True]
    write_allen_session(tmp_path / "s.nwb", given)
    assert 100 not in EcephysSession.from_nwb_path(tmp_path / "s.nwb").channels.index
    assert EcephysSession.from_nwb_path(tmp_path / "s.nwb").units.index.tolist() == []
    assert opened(tmp_path / "s.nwb", filter_by_validity=False).units.index.tolist() == [901, 904]


def test_spike_times_and_a_warning_of_invalid_times(path):
    session = opened(path)
    with pytest.warns(UserWarning, match="marked invalid for a probe"):
        times = session.spike_times
    assert list(times) == [901]
    assert times[901].tolist() == SPIKES_901
    assert list(session.spike_amplitudes) == [901, 902, 903, 904]
    waveform = session.mean_waveforms[901]
    assert waveform.dims == ("channel_id", "time")
    assert waveform["channel_id"].values.tolist() == [100, 101, 102]
    assert waveform["time"].values[1] == 1 / 30000
    assert (waveform == 1.0).all()


def test_presentations_and_conditions(session):
    shown = session.stimulus_presentations
    assert "colorSpace" not in shown
    assert shown.loc[0, "frame"] == "null"
    assert shown.loc[5, "frame"] == 3.0
    assert shown["duration"].dropna().tolist() == pytest.approx([10] + [0.25] * 7)
    detailed = session.get_stimulus_table("flashes", include_detailed_parameters=True)
    assert detailed["colorSpace"].tolist() == ["rgb"] * 3
    assert "frame" in session.get_stimulus_table("flashes", include_unused_parameters=True)
    assert (
        session.stimulus_conditions["stimulus_name"].tolist()
        == ["spontaneous"] + ["flashes"] * 2 + ["natural_scenes"] * 3
    )
    values = session.get_stimulus_parameter_values()
    assert sorted(values) == ["color", "contrast", "frame"]
    assert sorted(values["frame"].tolist()) == [-1, 3, 5]
    assert "null" in session.get_stimulus_parameter_values(drop_nulls=False)["frame"].tolist()
    assert session.get_parameter_values_for_stimulus("flashes")["color"].tolist() == [1.0, -1.0]
    with pytest.raises(KeyError, match=r"no stimulus 'flash' .* Did you mean 'flashes'"):
        session.get_stimulus_table("flash")


def test_a_column_of_zeros_and_ones_stays_a_number(session):
    blocks = session.get_stimulus_table(["flashes", "natural_scenes"])["stimulus_block"]
    assert blocks.tolist() == [0.0] * 3 + [1.0] * 4
    assert not any(isinstance(value, bool | np.bool_) for value in blocks)


def test_running_and_optogenetics(session):
    assert session.running_speed.to_dict("list") == {
        "start_time": [0.0, 0.1],
        "end_time": [0.1, 0.2],
        "velocity": [5.0, -1.0],
    }
    opto = session.optogenetic_stimulation_epochs
    assert opto.index.name == "id"
    assert opto["level"].tolist() == [1.0, 2.5]
    assert session.invalid_times["tags"].tolist()[0] == ["EcephysSession", "1001", "stimulus"]
    labels, bounds = session.channel_structure_intervals([100, 101, 102])
    assert (labels, bounds.tolist()) == (["VISp", ""], [0, 2, 3])
    with pytest.warns(UserWarning, match="several probes"):
        session.channel_structure_intervals([100, 103])
    with pytest.raises(KeyError, match=r"no channels \[7\]"):
        session.channel_structure_intervals([7])


def test_a_file_with_nothing_in_it_answers_with_empty_tables(tmp_path):
    given = tables()
    empty = type(given)(session_id=5)
    write_allen_session(tmp_path / "s.nwb", empty)
    session = EcephysSession.from_nwb_path(tmp_path / "s.nwb")
    assert session.num_units == session.num_channels == session.num_stimulus_presentations == 0
    assert session.spike_times == {}
    assert session.stimulus_names == []
    assert len(session.running_speed) == len(session.optogenetic_stimulation_epochs) == 0
    assert session.get_pupil_data() is None
    assert session.get_screen_gaze_data() is None
    assert len(session.presentationwise_spike_times()) == 0
    assert len(session.conditionwise_spike_statistics()) == 0
    assert len(session.get_stimulus_epochs()) == len(session.inter_presentation_intervals) == 0
    assert len(session.to_tsgroup()) == 0
    assert len(session.trials()) == 0


def test_units_as_a_group_and_presentations_as_trials(path):
    session = opened(path, filter_by_validity=False, filter_out_of_brain_units=False)
    group = session.to_tsgroup()
    assert isinstance(group, TsGroup)
    assert list(group.keys()) == [901, 903, 904]
    assert group[901].t.tolist() == SPIKES_901
    assert group["quality"].tolist() == ["good", "good", "noise"]
    assert group.time_support.values.tolist() == [[0.0, 21.0]]
    assert list(session.to_tsgroup([904, 901]).keys()) == [901, 904]
    trials = session.trials("natural_scenes")
    assert isinstance(trials, IntervalSet)
    assert trials.values.tolist() == [[20, 20.25], [20.25, 20.5], [20.5, 20.75], [20.75, 21]]
    assert trials["frame"].tolist() == [3, 3, 5, -1]
    assert trials["stimulus_presentation_id"].tolist() == [5, 6, 7, 8]
    assert session.trials("natural_scenes", frame=[3, 5]).start.tolist() == [20, 20.25, 20.5]
    assert session.trials("flashes", color=-1).start.tolist() == [12]
    with pytest.raises(KeyError, match="no parameter 'colour'"):
        session.trials("flashes", colour=1)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (([0.1, 0.0], [1], [901]), ValueError, "must ascend"),
        (([0.0], [1], [901]), ValueError, "at least two"),
        (([0.0, np.nan], [1], [901]), ValueError, "finite"),
        (([0, 1], [99], [901]), KeyError, r"no stimulus presentations \[99\]"),
        (([0, 1], [1], [902]), KeyError, r"no units \[902\]"),
        (([0, 1], [1], [901], False, None, 0.001, lambda edges: edges[:, :1]), ValueError, "keep the shape"),
        (([0, 1], [1], [901], False, None, 0.001, lambda edges: -edges), ValueError, "must ascend"),
    ],
)
def test_what_counting_refuses(session, arguments, error, match):
    with pytest.raises(error, match=match):
        session.presentationwise_spike_counts(*arguments)


def test_edges_may_be_moved_and_types_chosen(session):
    counts = session.presentationwise_spike_counts(
        [0, 0.1], [1], [901], dtype=np.float32, time_domain_callback=lambda edges: edges + 0.05
    )
    assert counts.values.ravel().tolist() == [2.0]
    assert counts.dtype == np.float32


def test_what_a_session_refuses(path, tmp_path, session):
    with pytest.raises(ValueError, match="only files of NWB 2"):
        EcephysSession.from_nwb_path(path, nwb_version=1)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        EcephysSession.from_nwb_path(tmp_path / "none.nwb")
    with pytest.raises(TypeError, match=r"no filter of units.*Did you mean 'isi_violations_maximum'"):
        opened(path, isi_violation_maximum=1)
    with pytest.raises(TypeError, match="knows no files of local field potentials"):
        session.get_lfp(11)
    cut = tmp_path / "cut.nwb"
    cut.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(OSError, match="cut short"):
        EcephysSession.from_nwb_path(cut)
    with pytest.raises(ValueError, match="closed must be 'left'"):
        session.presentationwise_spike_times(closed="both")


def test_a_limit_of_zero_is_a_limit(path):
    assert opened(path, isi_violations_maximum=0).units.index.tolist() == []


def test_a_session_pickles_and_leaves_warnings_alone(session):
    filters = list(warnings.filters)
    again = pickle.loads(pickle.dumps(session))
    assert again.stimulus_names == session.stimulus_names
    pd.testing.assert_frame_equal(again.units, session.units)
    assert warnings.filters == filters
    assert EcephysNwbSessionApi(session.api.file.path).session_id() == 1001


# ---- files as they come ----------------------------------------------------------------------------------------------


def changed(path, tmp_path, change):
    """A session on a copy of the file, changed by hand."""
    import h5py

    copy = tmp_path / "copy.nwb"
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "a") as file:
        change(file)
    return copy


def test_a_file_without_the_extension_is_read(path, tmp_path):
    """Stock NWB has no place for the numbers of probes, their rates, or the age in days: the rest stands elsewhere."""

    def strip(file):
        for name in ("probeA", "probeB"):
            for place in ("general/extracellular_ephys", "general/devices"):
                attributes = file[f"{place}/{name}"].attrs
                for key in ("probe_id", "sampling_rate", "lfp_sampling_rate", "has_lfp_data"):
                    if key in attributes:
                        del attributes[key]
        for key in ("age_in_days", "specimen_name"):
            del file["general/subject"].attrs[key]

    session = EcephysSession.from_nwb_path(changed(path, tmp_path, strip))
    assert session.probes.index.tolist() == [11, 12]
    assert session.probes["sampling_rate"].isna().all()
    assert session.units.index.tolist() == [901]
    assert session.age_in_days == 116.0
    assert session.specimen_name is None


def test_spikes_that_are_not_sorted_are_sorted(path, tmp_path):
    def shuffle(file):
        file["units/spike_times"][:9] = SPIKES_901[::-1]

    session = EcephysSession.from_nwb_path(changed(path, tmp_path, shuffle))
    assert session.to_tsgroup()[901].t.tolist() == SPIKES_901


def test_a_file_of_an_old_version_is_read_with_a_warning(path, tmp_path):
    def age(file):
        file.attrs["nwb_version"] = "2.1.0"

    copy = changed(path, tmp_path, age)
    with pytest.warns(UserWarning, match=r"was written in NWB 2\.1\.0"):
        assert EcephysSession.from_nwb_path(copy).num_units == 1


def test_an_identifier_that_is_no_number_is_refused(path, tmp_path):
    def rename(file):
        del file["identifier"]
        file["identifier"] = "hello"

    with pytest.raises(ValueError, match="hello"):
        EcephysSession.from_nwb_path(changed(path, tmp_path, rename))

    def remove(file):
        del file["identifier"]

    with pytest.raises(KeyError, match="has no identifier"):
        EcephysSession.from_nwb_path(changed(path, tmp_path, remove))


def test_the_rig_is_described_where_the_file_does(path, tmp_path):
    def describe(file):
        group = file.create_group("processing/eye_tracking_rig_metadata/eye_tracking_rig_metadata")
        group.attrs["equipment"] = "NP.1"
        for name, unit in (("monitor_position", "mm"), ("camera_rotation", "deg")):
            group[name] = [1.0, 2.0, 3.0]
            group[name].attrs["unit_of_measurement"] = unit

    session = EcephysSession.from_nwb_path(changed(path, tmp_path, describe))
    assert session.rig_equipment_name == "NP.1"
    assert list(session.rig_geometry_data) == ["monitor_position_mm", "camera_rotation_deg"]
    assert session.rig_geometry_data.loc["z"].tolist() == [3.0, 3.0]


def test_presentations_under_the_names_of_old_files():
    """Spellings, capitals, colours as triplets, texts for what is missing, several values in a row."""
    first = {
        "id": np.arange(2),
        "start_time": np.array([5.0, 1.0]),
        "stop_time": np.array([6.0, 2.0]),
        "stimulus_name": np.array(["gabor_20_deg_250ms", ""], dtype=object),
        "Pos_x": np.array([1.0, np.nan]),
        "Color": np.array(["[1.0, 1.0, 1.0]", "-1.0"], dtype=object),
        "Mask": np.array(["circle", "N/A"], dtype=object),
        "mask": np.array(["", "gauss"], dtype=object),
        "size": np.array([[20.0, 20.0], [30.0, 30.0]]),
        "stimulus_index": np.arange(2),
    }
    table = _stimuli.build_presentations([first])
    assert table["stimulus_name"].tolist() == ["spontaneous", "gabors"]
    assert table["x_position"].tolist() == ["null", 1.0]
    assert table["color"].tolist() == [-1.0, "null"]
    assert table["color_triplet"].tolist() == ["null", "[1.0, 1.0, 1.0]"]
    assert table["mask"].tolist() == ["gauss", "circle"]
    assert table["size"].tolist() == ["[30.0, 30.0]", "[20.0, 20.0]"]
    assert "stimulus_index" not in table
    assert table["stimulus_condition_id"].tolist() == [0, 1]
