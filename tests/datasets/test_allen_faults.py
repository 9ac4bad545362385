"""Faults on the way of a session's file: after each a clean rerun succeeds, and a part never stands for the whole."""

from __future__ import annotations

import errno
import os
import warnings

import pytest
from allen_files import write_session
from allen_server import serve, warehouse

from rheobase.datasets import _http
from rheobase.datasets.allen import EcephysProjectCache, _project_tables

DOWNLOAD = "/api/v2/well_known_file_download/1"

FAULTS = {
    "truncated body": ["cut"] * 9,
    "404": [404] * 9,
    "500 twice, then success": [500, 500],
    "connection reset": ["reset"] * 9,
    "slow first byte": ["slow"] * 9,
    "wrong length": ["short"] * 9,
    "stalled body": ["stall"] * 9,
}


@pytest.fixture(scope="module")
def session_file(tmp_path_factory):
    return write_session(tmp_path_factory.mktemp("files") / "s.nwb").read_bytes()


@pytest.mark.parametrize("etags", [True, False], ids=["resumable", "not resumable"])
@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_a_clean_rerun_succeeds(session_file, tmp_path, monkeypatch, fault, etags):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    manifest = tmp_path / "cache" / "manifest.json"
    folder = manifest.parent / "session_1001"
    with serve(warehouse(session_file)) as server:
        server.etags = etags
        server.faults[DOWNLOAD] = list(FAULTS[fault])
        timeout = 0.5 if fault in ("slow first byte", "stalled body") else 20
        cache = EcephysProjectCache.from_warehouse(
            "http", server.host, manifest=manifest, timeout=timeout, fetch_tries=2
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "trying again"
            try:
                cache.get_session_data(1001)
                assert (folder / "session_1001.nwb").read_bytes() == session_file
                assert etags or fault == "500 twice, then success"  # a part can be resumed only if it is known as one
            except (OSError, ValueError, RuntimeError):
                assert not (folder / "session_1001.nwb").exists()
                assert fault != "500 twice, then success"
        server.faults.clear()
        cache = EcephysProjectCache.from_warehouse("http", server.host, manifest=manifest, timeout=20)
        assert cache.get_session_data(1001).ecephys_session_id == 1001
    assert [path.name for path in folder.iterdir()] == ["session_1001.nwb"]
    assert (folder / "session_1001.nwb").read_bytes() == session_file


def test_a_full_disk_leaves_no_table(session_file, tmp_path, monkeypatch):
    manifest = tmp_path / "cache" / "manifest.json"

    def full(path, table):
        path.write_text("id,half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with serve(warehouse(session_file)) as server:
        cache = EcephysProjectCache.from_warehouse("http", server.host, manifest=manifest, fetch_tries=1)
        with monkeypatch.context() as patched:
            patched.setattr(_project_tables, "write_table", full)
            with pytest.raises(OSError, match="No space left"):
                cache.get_session_table()
        assert [path.name for path in manifest.parent.iterdir()] == ["manifest.json"]
        assert len(cache.get_session_table()) == 2
