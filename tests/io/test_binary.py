"""Binary recordings: memory maps, parameters from the session's file, and arguments that do not fit."""

from __future__ import annotations

import neurosuite_files as files
import numpy as np
import pytest

from rheobase.containers import Tsd, TsdFrame
from rheobase.io import load_binary_file, load_eeg


@pytest.fixture
def eeg(tmp_path):
    return files.write(tmp_path / "session") / "session.eeg"


def test_all_channels_are_a_memory_map(eeg):
    lfp = load_binary_file(eeg)
    assert isinstance(lfp, TsdFrame)
    assert isinstance(lfp.values, np.memmap)
    np.testing.assert_array_equal(lfp.values, files.LFP)
    np.testing.assert_array_equal(lfp.t, np.arange(files.N) / 1250)
    assert list(lfp.columns) == [0, 1, 2, 3]


@pytest.mark.parametrize("channel", [2, np.int64(2), -2])
def test_one_channel(eeg, channel):
    lfp = load_binary_file(eeg, channel=channel, n_channels=4, frequency=1250.0)
    assert isinstance(lfp, Tsd)
    assert isinstance(lfp.values, np.memmap)
    np.testing.assert_array_equal(lfp.values, files.LFP[:, 2])
    np.testing.assert_array_equal(lfp.time_support.values, [[0.0, files.N / 1250]])


@pytest.mark.parametrize("channel", [[3, 1], [1, 2], (0,), np.array([2, 3]), []])
def test_some_channels(eeg, channel):
    lfp = load_binary_file(eeg, channel=channel)
    np.testing.assert_array_equal(lfp.values, files.LFP[:, list(map(int, channel))])
    np.testing.assert_array_equal(lfp.columns, channel)


def test_neighbouring_channels_are_not_copied(eeg):
    assert np.shares_memory(*[load_binary_file(eeg, channel=[1, 2]).values.base for _ in range(2)][:1] * 2)
    assert isinstance(load_binary_file(eeg, channel=[1, 2]).values, np.memmap)


def test_the_rate_follows_from_the_suffix(eeg):
    eeg.rename(eeg.with_suffix(".dat"))
    np.testing.assert_array_equal(load_binary_file(eeg.with_suffix(".dat")).t[:3], np.arange(3) / 20000)
    eeg.with_suffix(".dat").rename(eeg.with_suffix(".LFP"))
    np.testing.assert_array_equal(load_binary_file(eeg.with_suffix(".LFP"), n_channels=2).t[:3], np.arange(3) / 1250)


def test_other_types(tmp_path):
    data = np.random.default_rng(0).normal(size=(10, 3)).astype("f4")
    data.tofile(tmp_path / "x.bin")
    lfp = load_binary_file(str(tmp_path / "x.bin"), n_channels=3, frequency=10, precision="float32", bytes_size=4)
    np.testing.assert_array_equal(lfp.values, data)
    with pytest.raises(ValueError, match="a sample of type int16 has 2 bytes"):
        load_binary_file(tmp_path / "x.bin", n_channels=3, frequency=10, bytes_size=4)
    with pytest.warns(UserWarning, match="the last 8 bytes are left out"):
        assert load_binary_file(tmp_path / "x.bin", n_channels=7, frequency=10, precision="f8").shape == (2, 7)
    (tmp_path / "x.bin").write_bytes(b"")
    assert load_binary_file(tmp_path / "x.bin", n_channels=3, frequency=10).shape == (0, 3)


def test_the_old_name(eeg):
    with pytest.warns(DeprecationWarning, match="use load_binary_file"):
        np.testing.assert_array_equal(load_eeg(eeg, 1).values, files.LFP[:, 1])


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"channel": 4}, ValueError, "channel 4 does not exist"),
        ({"channel": [0, -5]}, ValueError, "channel -5 does not exist"),
        ({"channel": "a"}, TypeError, "got str"),
        ({"channel": [1.5]}, TypeError, r"got 1\.5"),
        ({"channel": True}, TypeError, "got bool"),
        ({"n_channels": 0}, ValueError, "n_channels must be"),
        ({"frequency": -1}, ValueError, "frequency must be > 0 Hz"),
        ({"precision": "int"[:2]}, ValueError, "precision must be a type of numbers"),
        ({"precision": "O"}, ValueError, "precision must be a type of numbers"),
    ],
)
def test_arguments_that_do_not_fit(eeg, arguments, error, match):
    with pytest.raises(error, match=match):
        load_binary_file(eeg, **arguments)


def test_missing_files(eeg):
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'session\.eeg'"):
        load_binary_file(eeg.with_name("sesion.eeg"))
    xml = eeg.with_suffix(".xml")
    xml.write_text(files.XML.replace("<lfpSamplingRate>1250</lfpSamplingRate>", ""))
    with pytest.raises(RuntimeError, match=r"does not state the sampling rate of \.eeg files"):
        load_binary_file(eeg)
    xml.write_text(files.XML.replace("nChannels", "channels"))
    with pytest.raises(RuntimeError, match="does not say how many channels"):
        load_binary_file(eeg)
    xml.write_text("no xml")
    with pytest.raises(RuntimeError, match="is no Neurosuite parameter file"):
        load_binary_file(eeg)
    xml.unlink()
    with pytest.raises(RuntimeError, match="Can't find xml file; please specify"):
        load_binary_file(eeg)
