"""Recordings that neo reads, through pynapple's reader and ours: same keys, kinds, times and values."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import ROUNDING
from rheobase.io import EphysReader, NeoSignalInterface

nap = pytest.importorskip("pynapple")
neo = pytest.importorskip("neo")
pq = pytest.importorskip("quantities")
pytestmark = [pytest.mark.rivals, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def fake(tmp_path):
    """neo's made-up recording: two segments with a gap, 16 channels, 3 units, epochs and events."""
    path = tmp_path / "made_up.fake"
    path.touch()
    return path


def random_block(seed):
    """Segments apart from each other, with signals, units (some silent), epochs and events."""
    rng = np.random.default_rng(seed)
    block, start = neo.Block(), rng.uniform(-5, 5)
    n_units, labelled = int(rng.integers(0, 4)), rng.random() < 0.5
    for _ in range(int(rng.integers(1, 4))):
        segment, n = neo.Segment(), int(rng.integers(2, 200))
        stop = start + n / 100
        signal = rng.normal(size=(n, int(rng.integers(3, 4)))).astype(rng.choice(["f4", "f8"]))
        segment.analogsignals.append(
            neo.AnalogSignal(signal, units="mV", sampling_rate=100 * pq.Hz, t_start=start * pq.s, name="Vm")
        )
        times = np.sort(rng.uniform(start, stop, size=int(rng.integers(2, 9))))
        segment.irregularlysampledsignals.append(neo.IrregularlySampledSignal(times * pq.s, times[:, None] * pq.pA))
        for unit in range(n_units):
            spikes = np.sort(rng.uniform(start, stop, size=int(rng.integers(0, 20))))
            bounds = {"t_start": start * pq.s, "t_stop": stop * pq.s}
            segment.spiketrains.append(neo.SpikeTrain(spikes * pq.s, **bounds, name=f"u{unit}", depth=unit * 0.5))
        edges = np.linspace(start, stop, 7)
        labels = list("abc") if labelled else None
        segment.epochs.append(neo.Epoch(edges[:6:2] * pq.s, np.full(3, (stop - start) / 7) * pq.s, labels=labels))
        segment.events.append(neo.Event(np.sort(rng.uniform(start, stop, size=4)) * pq.s, labels=list("abcd")))
        block.segments.append(segment)
        start = stop + rng.uniform(0.1, 2)
    return block


class DrawnIO(neo.io.baseio.BaseIO):
    """The same block to whoever reads it."""

    name, blocks, support_lazy = "drawn", [], False

    def read(self, lazy=False):
        return self.blocks


@pytest.mark.parametrize("n_blocks", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_drawn_blocks(tmp_path, monkeypatch, seed, n_blocks):
    monkeypatch.setattr(neo.io, "iolist", [*neo.io.iolist, DrawnIO])
    monkeypatch.setattr(DrawnIO, "blocks", [random_block(seed + 100 * k) for k in range(n_blocks)])
    path = tmp_path / "cell.drawn"
    path.touch()
    compare(EphysReader(path, format="drawn"), nap.EphysReader(path, format="drawn"))


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("name", [None, "ExampleIO", "example"])
def test_example_recording(fake, lazy, name):
    compare(EphysReader(fake, lazy, name), nap.EphysReader(fake, lazy, name))


def compare(mine, his):
    assert mine.keys() == his.keys()
    for key in his.keys():  # noqa: SIM118
        ours, theirs = mine[key], his[key]
        assert type(ours).__name__ == type(theirs).__name__
        if isinstance(theirs, nap.IntervalSet):
            np.testing.assert_array_equal(ours.values, theirs.values)
            assert list(ours.metadata_columns) == list(theirs.metadata_columns)
            for name in theirs.metadata_columns:
                np.testing.assert_array_equal(ours.get_info(name), theirs.get_info(name))
        elif isinstance(theirs, nap.TsGroup):
            np.testing.assert_array_equal(ours.time_support.values, theirs.time_support.values)
            assert list(ours.keys()) == list(theirs.keys())
            for unit in theirs.keys():  # noqa: SIM118
                np.testing.assert_array_equal(ours[unit].t, theirs[unit].t)
            for name in set(theirs.metadata_columns) - {"rate"}:
                np.testing.assert_array_equal(ours.get_info(name), theirs.get_info(name))
        else:
            np.testing.assert_allclose(ours.t, theirs.t, rtol=ROUNDING, atol=1e-12)
            if not isinstance(theirs, nap.Ts):
                np.testing.assert_array_equal(np.asarray(ours.values), np.asarray(theirs.values[:]))


def test_signals_have_the_bounds_of_segments_here_and_cover_the_gaps_there(fake):
    ours, theirs = (reader(fake)["0:stream 0"] for reader in (EphysReader, nap.EphysReader))
    np.testing.assert_allclose(ours.time_support.values, [[0, 10], [15, 25]])
    np.testing.assert_allclose(theirs.time_support.values, [[0, 24.9999]])


def test_types_of_samples_are_those_of_what_is_read_here_and_of_the_file_there(fake):
    ours, theirs = (reader(fake)["0:stream 0"].values for reader in (EphysReader, nap.EphysReader))
    assert ours.dtype == ours[:3].dtype == theirs[:3].dtype == np.float32
    assert theirs.dtype == "int16"


def test_negative_rows_and_open_steps_follow_numpy_here_and_fail_there(fake):
    ours, theirs = (reader(fake)["0:stream 0"].values for reader in (EphysReader, nap.EphysReader))
    np.testing.assert_array_equal(ours[-1], np.asarray(ours)[-1])
    np.testing.assert_array_equal(ours[10:5:-1], np.asarray(ours[:20])[10:5:-1])
    assert len(theirs[10:5:-1]) == 0
    with pytest.raises(IndexError):
        theirs[-1]


def test_gains_are_applied_here_and_left_out_there_where_files_are_mapped(tmp_path):
    """A raw file whose reader lets its buffer be mapped: stored numbers there, volts here."""
    path = tmp_path / "samples.raw"
    stored = np.arange(400, dtype=np.int16).reshape(-1, 2)
    stored.tofile(path)
    ours, theirs = (reader(path, format="RawBinarySignal") for reader in (EphysReader, nap.EphysReader))
    key = ours.keys()[0]
    assert ours.keys() == theirs.keys()
    assert isinstance(ours[key].values, NeoSignalInterface)
    assert ours[key].unit
    reader = neo.io.RawBinarySignalIO(str(path))
    volts = reader.read(lazy=False)[0].segments[0].analogsignals[0].magnitude
    np.testing.assert_array_equal(np.asarray(ours[key].values), volts)
    np.testing.assert_array_equal(np.asarray(theirs[key].values), stored)


@pytest.fixture
def nix(tmp_path):
    pytest.importorskip("nixio")
    writer = neo.io.NixIO(str(tmp_path / "cell.nix"), "ow")
    writer.write_block(random_block(1))
    writer.close()
    return tmp_path / "cell.nix"


def test_formats_that_are_not_lazy_are_loaded_here_and_refused_there(nix):
    """The reader of NIX that neo finds by name and suffix is one of them; asked not to be lazy, both read the same."""
    for name in ("NixIO", None):
        assert len(EphysReader(nix, format=name)["0:Vm"]) > 0
    with pytest.raises(Exception, match="does not support lazy loading") as caught:
        nap.EphysReader(nix)
    assert type(caught.value).__name__ == "NeoReadWriteError"
    compare(*(reader(nix, lazy=False) for reader in (EphysReader, nap.EphysReader)))
