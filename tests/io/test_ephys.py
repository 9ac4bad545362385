"""Recordings through neo: which keys, containers, times and values, and how much is read."""

from __future__ import annotations

import sys

import neurosuite_files
import numpy as np
import pytest

from rheobase.containers import IntervalSet, Ts, TsdFrame, TsGroup
from rheobase.io import EphysReader, NeoSignalInterface

neo = pytest.importorskip("neo")
pq = pytest.importorskip("quantities")

FS = 1000.0


class MemoryIO(neo.io.baseio.BaseIO):
    """A reader that gives back what it was handed, as neo's readers of small files do."""

    name, blocks, support_lazy, closed = "memory", [], False, False

    def read(self, lazy=False):
        assert not lazy
        return self.blocks

    def close(self):
        type(self).closed = True


@pytest.fixture
def memory(monkeypatch, tmp_path):
    """Function: blocks → reader."""
    monkeypatch.setattr(neo.io, "iolist", [*neo.io.iolist, MemoryIO])
    path = tmp_path / "cell.mem"
    path.touch()

    def read(*blocks, **options):
        monkeypatch.setattr(MemoryIO, "blocks", list(blocks))
        return EphysReader(path, format="memory", **options)

    return read


def segment(start, *, samples=10, trains=2):
    """Two channels at 1 kHz, spikes 1 ms apart and 2 ms epochs from `start` (s)."""
    seg = neo.Segment()
    values = np.arange(2.0 * samples).reshape(-1, 2) + start
    seg.analogsignals.append(
        neo.AnalogSignal(values, units="mV", sampling_rate=FS * pq.Hz, t_start=start * pq.s, name="Vm")
    )
    for unit in range(trains):
        times = (start * 1000 + np.arange(1, 4) + unit) * pq.ms
        seg.spiketrains.append(
            neo.SpikeTrain(times, t_start=start * pq.s, t_stop=start * pq.s + 10 * pq.ms, name=f"u{unit}", depth=unit)
        )
    seg.epochs.append(
        neo.Epoch([start * 1000 + 1, start * 1000 + 5] * pq.ms, [2, 2] * pq.ms, labels=["a", "b"], name="trials")
    )
    seg.events.append(neo.Event([start + 0.003] * pq.s, labels=["x"]))
    return seg


def block(*segments):
    made = neo.Block()
    made.segments.extend(segments)
    return made


@pytest.fixture
def fake(tmp_path):
    """neo's made-up recording: two blocks of segments with gaps, 16 channels of int16 at 10 kHz."""
    path = tmp_path / "made_up.fake"
    path.touch()
    return path


@pytest.fixture
def raw(tmp_path):
    """Raw int16 samples of 4 channels, with a gain."""
    path = tmp_path / "samples.raw"
    np.arange(4000, dtype=np.int16).reshape(-1, 4).tofile(path)
    return path


def test_segments_are_joined(memory):
    data = memory(block(segment(0.0), segment(1.0)))
    assert data.keys() == ["0:Vm", "TsGroup", "0:trials", "0:event0"]
    support = [[0.0, 0.01], [1.0, 1.01]]
    signal = data["0:Vm"]
    assert isinstance(signal, TsdFrame)
    assert signal.unit == "mV"
    np.testing.assert_allclose(signal.t, np.r_[np.arange(10) / FS, 1 + np.arange(10) / FS], rtol=1e-12)
    np.testing.assert_array_equal(signal.values[:, 0], np.r_[np.arange(0, 20, 2), np.arange(1, 21, 2)])
    np.testing.assert_allclose(signal.time_support.values, support)
    group = data["TsGroup"]
    assert isinstance(group, TsGroup)
    np.testing.assert_allclose(group[1].t, [0.002, 0.003, 0.004, 1.002, 1.003, 1.004])
    np.testing.assert_array_equal(group.get_info("depth"), [0, 1])
    np.testing.assert_array_equal(group.get_info("neo_name"), ["u0", "u1"])
    np.testing.assert_allclose(data["0:event0"].t, [0.003, 1.003])
    np.testing.assert_allclose(data["0:event0"].time_support.values, support)
    epochs = data["0:trials"]
    assert isinstance(epochs, IntervalSet)
    np.testing.assert_allclose(epochs.start, [0.001, 0.005, 1.001, 1.005])
    np.testing.assert_array_equal(epochs.get_info("label"), ["a", "b", "a", "b"])
    assert data["TsGroup"] is group
    assert [type(value).__name__ for value in data.values()] == ["TsdFrame", "TsGroup", "IntervalSet", "Ts"]
    assert data.items()[1] == ("TsGroup", group)


def test_one_train_is_a_ts_and_blocks_have_a_prefix(memory):
    data = memory(block(segment(0.0, trains=1)), block(segment(0.0, trains=0)))
    assert "block0/Ts:u0" in data
    assert "block1/0:Vm" in data
    assert not any("TsGroup" in key for key in data)
    assert isinstance(data["block0/Ts:u0"], Ts)
    np.testing.assert_allclose(data["block0/Ts:u0"].t, [0.001, 0.002, 0.003])


def test_segments_that_lack_something(memory):
    data = memory(block(neo.Segment(), segment(0.0, trains=1), segment(1.0, trains=2)))
    assert len(data["0:Vm"]) == 20
    np.testing.assert_allclose(data["TsGroup"][1].t, [1.002, 1.003, 1.004])
    assert memory(block()).keys() == []
    assert memory(block(neo.Segment())).keys() == []


def test_touching_segments_keep_all_samples(memory):
    data = memory(block(segment(0.0), segment(0.01)))
    assert len(data["0:Vm"]) == 20
    np.testing.assert_allclose(data["0:Vm"].time_support.values, [[0.0, 0.02]])


def test_irregular_signals(memory):
    made = block(segment(0.0))
    times, values = [0.001, 0.004, 0.005] * pq.s, [[1.0], [2.0], [3.0]] * pq.pA
    made.segments[0].irregularlysampledsignals.append(neo.IrregularlySampledSignal(times, values))
    signal = memory(made)["(irregular)0:irregular0"]
    np.testing.assert_array_equal(signal.t, times.magnitude)
    np.testing.assert_array_equal(signal.values, values.magnitude)


def test_epochs_that_overlap_and_units_that_lack_an_annotation(memory):
    seg = segment(0.0)
    seg.epochs[0] = neo.Epoch([3, 1] * pq.ms, [2, 3] * pq.ms, labels=["late", "early"])
    seg.spiketrains[0].annotations |= {"area": "CA1", "rate": 3.0}
    data = memory(block(seg))
    epochs = data["0:epoch0"]
    np.testing.assert_allclose(epochs.values, [[0.001, 0.004], [0.003, 0.005]])
    np.testing.assert_array_equal(epochs.get_info("label"), ["early", "late"])
    assert list(data["TsGroup"].get_info("area")) == ["CA1", None]
    assert list(data["TsGroup"].get_info("neo_rate")) == [3.0, None]


def test_equal_keys_lose_nothing(memory):
    seg = segment(0.0)
    seg.epochs[0].name = "Vm"
    data = memory(block(seg))
    assert isinstance(data["0:Vm"], IntervalSet)
    assert isinstance(data["(TsdFrame)0:Vm"], TsdFrame)


def test_what_is_shown(memory):
    lines = repr(memory(block(segment(0.0)))).splitlines()
    assert lines[0] == "cell"
    assert lines[1].split() == ["Keys", "Type"]
    assert lines[3].split() == ["0:Vm", "TsdFrame"]


def test_closing(memory):
    with memory(block(segment(0.0))):
        pass
    assert MemoryIO.closed


def test_lazy_samples_are_read_where_they_are_indexed(raw):
    reader = neo.io.RawBinarySignalIO(str(raw), sampling_rate=FS, nb_channel=4, signal_gain=0.5)
    made = reader.read(lazy=True)[0]
    lazy = NeoSignalInterface(made.segments[0].analogsignals[0], made)
    stored = np.arange(4000).reshape(-1, 4) * 0.5
    assert (lazy.shape, lazy.ndim, len(lazy), lazy.dtype) == ((1000, 4), 2, 1000, np.float32)
    assert (lazy.dt, lazy.start_time, lazy.end_time) == (1 / FS, 0.0, 1.0)
    assert lazy.nap_type is TsdFrame
    np.testing.assert_array_equal(lazy[10:20], stored[10:20])
    assert lazy.bytes_read == 10 * 4 * 4
    keys = [
        3,
        -1,
        slice(990, 2000),
        slice(None, None, 7),
        slice(20, 5, -3),
        [5, 2, 5],
        (slice(3, 9), 2),
        (slice(0, 9), [3, 0]),
    ]
    for key in [*keys, np.arange(1000) % 100 == 0, slice(5, 5), (slice(2, 9), slice(0, 0))]:
        np.testing.assert_array_equal(lazy[key], stored[key])
    np.testing.assert_array_equal(np.asarray(lazy), stored)
    np.testing.assert_array_equal(next(iter(lazy)), stored[0])
    assert repr(lazy) == "<NeoSignalInterface: TsdFrame, shape=(1000, 4), dtype=float32>"


def test_slices_across_segments(fake):
    lazy = EphysReader(fake, format="example")["0:stream 0"].values
    assert isinstance(lazy, NeoSignalInterface)
    stored = np.asarray(lazy)
    edge = 100_000
    assert stored.shape == lazy.shape
    for key in [slice(edge - 5, edge + 5), slice(edge - 8, edge + 9, 3), slice(edge, edge + 2), [edge - 1, edge]]:
        np.testing.assert_array_equal(lazy[key], stored[key])


@pytest.mark.parametrize("name", ["ExampleIO", "example", "EXAMPLEio", None, neo.io.ExampleIO])
def test_formats(fake, name):
    lazy, loaded = (EphysReader(fake, lazy=how, format=name) for how in (True, False))
    assert lazy.keys() == loaded.keys()
    for key in lazy:
        assert type(lazy[key]) is type(loaded[key])
    key = next(iter(lazy))
    assert isinstance(loaded[key].values, np.ndarray)
    np.testing.assert_array_equal(np.asarray(lazy[key].values), loaded[key].values)
    np.testing.assert_array_equal(lazy[key].t, loaded[key].t)


# ---- a real file of NIX


@pytest.fixture
def nix(tmp_path):
    """Two segments, at 0 and 5 s; times in seconds, for which neo's lazy reader takes them in any case."""
    pytest.importorskip("nixio")
    block = neo.Block(name="cell")
    for start in (0.0, 5.0):
        seg = segment(start)
        seg.spiketrains = [train.rescale("s") for train in seg.spiketrains]
        times, lengths = (part.rescale("s") for part in (seg.epochs[0].times, seg.epochs[0].durations))
        seg.epochs = [neo.Epoch(times, lengths, labels=["a", "b"], name="trials")]
        seg.events = [neo.Event([start + 0.003] * pq.s, labels=["x"], name="licks")]
        block.segments.append(seg)
    path = tmp_path / "cell.nix"
    writer = neo.io.NixIO(str(path), "ow")
    writer.write_block(block)
    writer.close()
    return path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nix(nix):
    """The reader that neo finds by the suffix reads the file as a whole, whether or not it is asked to."""
    for lazy in (True, False):
        with EphysReader(nix, lazy=lazy) as data:
            assert data.keys() == ["0:Vm", "TsGroup", "0:trials", "0:licks"]
            signal = data["0:Vm"]
            assert isinstance(signal.values, np.ndarray)
            expected = np.concatenate((np.arange(20.0).reshape(10, 2), np.arange(20.0).reshape(10, 2) + 5))
            np.testing.assert_array_equal(signal.values, expected)
            assert signal.unit == "mV"
            np.testing.assert_allclose(signal.t, np.concatenate((np.arange(10), 5000 + np.arange(10))) / FS)
            np.testing.assert_allclose(data["TsGroup"][1].t, [0.002, 0.003, 0.004, 5.002, 5.003, 5.004])
            np.testing.assert_allclose(data["0:trials"].start, [0.001, 0.005, 5.001, 5.005])
            np.testing.assert_allclose(data["0:licks"].t, [0.003, 5.003])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nix_read_lazily(nix, monkeypatch):
    """neo has a second reader of NIX, which leaves samples in the file; it is had by its class."""
    lazy_reader = pytest.importorskip("neo.io.nixio_fr").NixIO
    proxy = pytest.importorskip("neo.io.proxyobjects").AnalogSignalProxy
    read, load = [], proxy.load

    def counted(self, *args, **kwargs):
        part = load(self, *args, **kwargs)
        read.append(len(part))
        return part

    monkeypatch.setattr(proxy, "load", counted)
    with EphysReader(nix) as whole:  # first: two readers cannot have one file open
        whole.values()
    with EphysReader(nix, format=lazy_reader) as data:
        signal = data[data.keys()[0]]
        assert isinstance(signal.values, NeoSignalInterface)
        assert signal.dtype == np.float64
        assert read == []
        np.testing.assert_array_equal(signal[3:6].values, whole["0:Vm"].values[3:6])
        assert sum(read) == 3
        np.testing.assert_array_equal(np.asarray(signal.values), whole["0:Vm"].values)
        np.testing.assert_allclose(signal.t, whole["0:Vm"].t)
        for unit in (0, 1):
            np.testing.assert_allclose(data["TsGroup"][unit].t, whole["TsGroup"][unit].t)
        np.testing.assert_allclose(data["0:trials"].values, whole["0:trials"].values)


@pytest.mark.filterwarnings("ignore:Metadata name .ripple peak.")
@pytest.mark.parametrize("lacking", [True, False])
def test_neurosuite_sessions_do_without_neo(tmp_path, monkeypatch, lacking):
    folder = neurosuite_files.write(tmp_path / "session")
    if lacking:
        monkeypatch.setitem(sys.modules, "neo", None)
    for given in (folder, folder / "session.eeg"):
        data = EphysReader(given)
        assert data.keys() == ["session.eeg", "session.clu.1", "session.clu.2", "ripple"]
        np.testing.assert_array_equal(data["session.eeg"].values, neurosuite_files.LFP)
        assert isinstance(data["session.clu.2"], TsGroup)
        assert isinstance(data["ripple"], IntervalSet)
        data.close()


def test_neo_is_named_where_it_lacks(fake, monkeypatch):
    monkeypatch.setitem(sys.modules, "neo", None)
    with pytest.raises(ImportError, match="pip install neo"):
        EphysReader(fake)


def test_wrong_calls(fake, tmp_path):
    with pytest.raises(FileNotFoundError, match="Files not found"):
        EphysReader(tmp_path / "nothing.plx")
    with pytest.raises(ValueError, match=r"'Plexxon' not found.*Did you mean 'Plexon"):
        EphysReader(fake, format="Plexxon")
    with pytest.raises(ValueError, match="'dict' not found"):
        EphysReader(fake, format=dict)
    with pytest.raises(TypeError, match="format must be None, a string"):
        EphysReader(fake, format=3)
    with pytest.raises(KeyError, match="not found in made_up"):
        EphysReader(fake)["nothing"]
    with pytest.raises(TypeError, match="not recognized"):
        NeoSignalInterface(np.zeros(3), neo.Block())


def test_pickles_are_refused_unless_named(fake, tmp_path):
    (tmp_path / "evil.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(ValueError, match="can run any code"):
        EphysReader(tmp_path / "evil.pkl")
    block = neo.Block()
    block.segments.append(segment(0.0))
    neo.io.PickleIO(str(tmp_path / "good.pkl")).write_block(block)
    assert EphysReader(tmp_path / "good.pkl", format="PickleIO")["0:Vm"].shape == (10, 2)
