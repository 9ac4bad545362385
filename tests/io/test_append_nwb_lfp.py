"""Field potentials added to an NWB file."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pynwb")

import nwb_files

from rheobase.containers import Ts, Tsd, TsdFrame
from rheobase.io import append_NWB_LFP, load_file

T = np.arange(100) / 1250
LFP = TsdFrame(T, np.arange(200, dtype=np.int16).reshape(100, 2), columns=[3, 1])


@pytest.fixture
def session(tmp_path):
    (tmp_path / "pynapplenwb").mkdir()
    nwb_files.write(tmp_path / "pynapplenwb" / "a.nwb", nwb_files.add_electrodes)
    return tmp_path


@pytest.mark.parametrize("place", ["", "pynapplenwb", "pynapplenwb/a.nwb"])
def test_a_frame_comes_back_with_its_channels(session, place):
    append_NWB_LFP(session / place, LFP)
    with load_file(session / "pynapplenwb" / "a.nwb") as data:
        found = data["ElectricalSeries"]
        np.testing.assert_array_equal(found.values[:], LFP.values)
        np.testing.assert_array_equal(found.t, T)
        assert list(found.columns) == [3, 1]
        assert "LFP" in data.nwb.processing["ecephys"].data_interfaces
    with pytest.raises(RuntimeError, match="holds field potentials already"):
        append_NWB_LFP(session, LFP)


def test_to_a_file_that_has_the_module_already(tmp_path):
    def add_module(nwb):
        nwb.create_processing_module("ecephys", "of another hand")

    path = nwb_files.write(tmp_path / "a.nwb", nwb_files.add_electrodes, add_module)
    append_NWB_LFP(path, LFP)
    with load_file(path) as data:
        np.testing.assert_array_equal(data["ElectricalSeries"].values[:], LFP.values)
        assert data.nwb.processing["ecephys"].description == "of another hand"


def test_one_channel(session):
    with pytest.raises(RuntimeError, match="Please specify which channel"):
        append_NWB_LFP(session, Tsd(T, d=T))
    append_NWB_LFP(session, Tsd(T, d=T), channel=2)
    with load_file(session / "pynapplenwb" / "a.nwb") as data:
        np.testing.assert_array_equal(np.ravel(data["ElectricalSeries"].values[:]), T)


def test_what_does_not_fit(session, tmp_path):
    with pytest.raises(TypeError, match="got Ts"):
        append_NWB_LFP(session, Ts(T))
    with pytest.raises(ValueError, match="columns of the frame must be rows"):
        append_NWB_LFP(session, TsdFrame(T, np.ones((100, 1)), columns=["a"]))
    with pytest.raises(ValueError, match=r"channels \[7\] are not all rows of the table of 4 electrodes"):
        append_NWB_LFP(session, Tsd(T, d=T), channel=7)
    (session / "empty").mkdir()
    with pytest.raises(RuntimeError, match="Can't find nwb file"):
        append_NWB_LFP(session / "empty", LFP)
    nwb_files.write(session / "empty" / "b.nwb", nwb_files.add_units)
    with pytest.raises(RuntimeError, match="has no table of electrodes"):
        append_NWB_LFP(session / "empty", LFP)
    nwb_files.write(session / "empty" / "c.nwb", nwb_files.add_units)
    with pytest.raises(RuntimeError, match="holds 2 NWB files"):
        append_NWB_LFP(session / "empty", LFP)
