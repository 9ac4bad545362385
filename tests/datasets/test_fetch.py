"""Fetched files: checked, kept, resumed, and never another one than expected; files of DANDI from a stand-in."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import urllib.parse
from pathlib import Path

import pytest
from allen_server import Server, serve

import rheobase as rb
from rheobase.datasets import (
    ChecksumError,
    DownloadError,
    ExampleRecording,
    _http,
    cache_folder,
    example_recordings,
    fetch,
    fetch_dandi,
    fetching,
    simulate_session,
)

BODY = bytes(range(256)) * 512
SHA = hashlib.sha256(BODY).hexdigest()
OTHER = BODY[::-1]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    monkeypatch.setenv("RHEOBASE_CACHE", str(folder))
    monkeypatch.delenv("RHEOBASE_OFFLINE", raising=False)
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    return folder


@pytest.fixture
def server(cache):
    running = Server()
    running.files["/data/recording.nwb"] = BODY
    with serve(running):
        yield running


@pytest.fixture
def url(server):
    return f"{server.address}data/recording.nwb"


@pytest.fixture
def example(url, monkeypatch):
    made = ExampleRecording("thalamus.nwb", url, SHA, "a stand-in", "nobody")
    monkeypatch.setattr(fetching, "_EXAMPLES", (made,))
    return made.name


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# ---- by name and by address ----------------------------------------------------------------------------------------


def test_an_example_is_fetched_once(server, cache, example):
    path = fetch(example)
    assert path == cache / "examples" / "thalamus.nwb"
    assert path.read_bytes() == BODY
    assert fetch(example) == fetch(example, offline=True) == path
    assert len(server.downloads) == 1
    assert json.loads(path.with_name("thalamus.nwb.json").read_text())["sha256"] == SHA


def test_an_address_is_fetched_once_and_pinned(server, cache, url):
    path = fetch(url)
    assert path.name == "recording.nwb"
    assert path.read_bytes() == BODY
    assert fetch(url, sha256=f"SHA256:{SHA.upper()}") == path
    assert len(server.downloads) == 1
    path.unlink()  # what was noted of it stays: the address must give the same file again
    server.files["/data/recording.nwb"] = OTHER
    with pytest.raises(ChecksumError, match=r"it has changed. To accept the new file, remove recording.nwb and"):
        fetch(url)
    assert files(cache) == [str(path.relative_to(cache)) + ".json"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("a/b.nwb?x=/../../etc/c", "b.nwb"),
        ("%2e%2e%2f%2e%2e%2fpasswd", "passwd"),
        ("..%5C..%5Cwin.ini", "_.._win.ini"),
        ("", "file"),
        (".hidden", "hidden"),
        ("x" * 300 + ".nwb", "x" * 116 + ".nwb"),
    ],
)
def test_no_address_leaves_the_cache(server, cache, address, name):
    path = urllib.parse.unquote("/" + address)
    server.files[path] = b"some"
    kept = fetch(server.address + address)
    assert kept.name == name
    assert kept.resolve().is_relative_to(cache.resolve())


def test_a_file_is_called_as_one_likes(server, cache, url):
    assert fetch(url, filename="mouse.nwb").name == "mouse.nwb"
    for name in ("../x", "a/b", "", ".x", "a\\b"):
        with pytest.raises(ValueError, match="filename must be a plain name"):
            fetch(url, filename=name)


def test_what_is_not_known_is_said(example, tmp_path):
    with pytest.raises(ValueError, match=r"got 'talamus.nwb'. Did you mean 'thalamus.nwb'\?"):
        fetch("talamus.nwb")
    here = tmp_path / "mine.nwb"
    here.write_bytes(b"")
    with pytest.raises(ValueError, match="Files on this machine need no fetching"):
        fetch(str(here))
    with pytest.raises(ValueError, match="got 'ftp://x/y'"):
        fetch("ftp://x/y")
    with pytest.raises(ValueError, match="filename is for addresses"):
        fetch(example, filename="other.nwb")
    with pytest.raises(ValueError, match="sha256 must be 64 hexadecimal digits, got 'abc'"):
        fetch(example, sha256="abc")
    with pytest.raises(TypeError, match="name must be the name of an example or an address, got int"):
        fetch(3)


def test_examples_have_an_address_and_a_checksum():
    known = example_recordings()
    assert len(known) == 7
    assert all(item.url.startswith("https://") and len(item.sha256) == 64 for item in known.values())
    assert len({item.url for item in known.values()}) == len({item.sha256 for item in known.values()}) == 7


# ---- checksums -----------------------------------------------------------------------------------------------------


def test_another_file_is_refused_and_nothing_is_kept(server, cache, example):
    server.files["/data/recording.nwb"] = OTHER
    with pytest.raises(ChecksumError, match=rf"has the checksum [0-9a-f]+, expected {SHA}"):
        fetch(example)
    assert files(cache) == []
    server.files["/data/recording.nwb"] = BODY
    assert fetch(example).read_bytes() == BODY


def test_a_wrong_checksum_does_not_cost_the_good_file(url, cache):
    path = fetch(url)
    with pytest.raises(ChecksumError, match="Check `sha256`"):
        fetch(url, sha256="0" * 64)
    assert path.read_bytes() == BODY
    assert fetch(url, offline=True) == path


@pytest.mark.parametrize("same_length", [True, False])
def test_a_file_that_was_damaged_is_fetched_again(server, example, same_length):
    path = fetch(example)
    path.write_bytes(OTHER if same_length else b"half")
    os.utime(path, ns=(1, 1))
    with pytest.raises(ChecksumError, match=r"is not thalamus.nwb as its checksum has it.*offline=True"):
        fetch(example, offline=True)
    assert fetch(example).read_bytes() == BODY
    assert len(server.downloads) == 2


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"sha256": "short"}', '{"sha256": 3}'])
def test_a_note_that_makes_no_sense_is_written_again(server, url, note):
    path = fetch(url)
    path.with_name("recording.nwb.json").write_text(note)
    assert fetch(url) == path
    assert json.loads(path.with_name("recording.nwb.json").read_text())["sha256"] == SHA
    assert len(server.downloads) == 1


# ---- servers that fail ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "match"), [([404], "answered 404"), (["cut", 404], "answered 404"), (["reset"] * 3, "cannot be reached")]
)
def test_after_a_fault_a_clean_rerun_succeeds(server, cache, example, faults, match):
    server.faults["/data"] = list(faults)
    with pytest.raises(DownloadError, match=match):
        fetch(example)
    assert not (cache / "examples" / example).exists()
    assert fetch(example).read_bytes() == BODY
    assert files(cache) == ["examples/thalamus.nwb", "examples/thalamus.nwb.json"]
    assert ("cut" in faults) == any(asked == "bytes=200-" for _, asked in server.downloads)  # it went on where it was


def test_a_part_of_another_file_is_not_completed_into_a_wrong_one(server, cache, example):
    """Bytes left by an earlier run that were damaged: the whole has the wrong checksum, and is forgotten."""
    server.faults["/data"] = ["cut", 404]
    with pytest.raises(DownloadError, match="404"):
        fetch(example)
    (cache / "examples" / "thalamus.nwb.part").write_bytes(b"x" * 200)
    with pytest.raises(ChecksumError, match="has the checksum"):
        fetch(example)
    assert files(cache) == []
    assert fetch(example).read_bytes() == BODY


def test_many_at_once_fetch_one_file(server, example):
    server.faults["/data"] = ["trickle"]
    found = []
    threads = [threading.Thread(target=lambda: found.append(fetch(example).read_bytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [BODY] * 4
    assert len(server.downloads) == 1


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_offline(server, example, monkeypatch, by):
    if by == "environment":
        monkeypatch.setenv("RHEOBASE_OFFLINE", "1")
    said = {"argument": "offline=True", "environment": "RHEOBASE_OFFLINE=1"}[by]
    with pytest.raises(DownloadError, match=rf"thalamus.nwb is not in the cache .*switched off \({said}\)"):
        fetch(example, offline=by == "argument")
    assert server.downloads == []


def test_a_cache_that_cannot_be_written_is_read(example, cache, monkeypatch):
    path = fetch(example)
    path.with_name("thalamus.nwb.json").unlink()
    monkeypatch.setattr("rheobase.datasets._cache.tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(PermissionError))
    assert fetch(example) == path


def test_the_folder(monkeypatch, tmp_path):
    pytest.importorskip("platformdirs", reason="names the folder where the environment does not")
    monkeypatch.setenv("RHEOBASE_CACHE", "~/somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert str(cache_folder()) == os.path.expanduser("~/somewhere")
    monkeypatch.setenv("RHEOBASE_CACHE", " ")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert "rheobase" in str(cache_folder())


def test_a_bar_is_shown_if_one_wants(example, capfd):
    fetch(example, progress=True)
    assert "thalamus.nwb" in capfd.readouterr().err


# ---- DANDI ---------------------------------------------------------------------------------------------------------

PATH = "sub-1/sub-1_ses-2.nwb"


class Archive:
    """A stand-in for the archive: one dandiset in two versions; the store is another folder of the same server."""

    def __init__(self, server):
        self.server, self.api = server, f"{server.address}api"
        self.say(BODY)

    def say(self, body, digest="dandi:sha2-256", urls=None, paths=(PATH, "sub-1/sub-1_ses-3.nwb", "sub-2/x.nwb")):
        store = f"{self.server.address}blobs/abc"
        self.server.files["/blobs/abc"] = body
        for version in ("draft", "0.220216.0323"):
            where = f"/api/dandisets/000207/versions/{version}/assets/"
            beginnings = {PATH, "sub-1", "", "sub-1/sub-1_ses-9.nwb", "sub-7/x.nwb", "sub-7"}
            for beginning in beginnings:
                rows = [
                    {"path": path, "asset_id": f"id-{i}"} for i, path in enumerate(paths) if path.startswith(beginning)
                ]
                query = urllib.parse.urlencode({"path": beginning, "order": "path", "page_size": 1000})
                asked = urllib.parse.unquote(f"{where}?{query}")
                self.server.files[asked] = json.dumps({"count": len(rows), "results": rows}).encode()
            asset = {
                "path": PATH,
                "contentUrl": urls or [f"{self.api}/assets/id-0/download/", store],
                "digest": {digest: hashlib.sha256(body).hexdigest()},
            }
            self.server.files[f"{where}id-0/"] = json.dumps(asset).encode()

    def fetch(self, path=PATH, **options):
        return fetch_dandi("000207", path, api=self.api, **options)

    def downloads(self):
        return [path for path, _ in self.server.downloads if path.startswith("/blobs")]


@pytest.fixture
def archive(server):
    return Archive(server)


def test_a_file_of_a_dandiset_is_fetched_once(archive, cache):
    path = archive.fetch()
    assert path.parts[-5:-2] == (path.parts[-5], "000207", "draft")
    assert path.read_bytes() == BODY
    assert fetch_dandi(207, PATH, api=archive.api) == fetch_dandi("DANDI:000207", f"/{PATH}", api=archive.api) == path
    assert archive.fetch(offline=True) == path
    assert archive.downloads() == ["/blobs/abc"]


def test_a_draft_that_changed_is_fetched_again_and_a_version_never(archive):
    draft, published = archive.fetch(), archive.fetch(version="0.220216.0323")
    archive.say(OTHER)
    archive.server.downloads.clear()
    assert archive.fetch().read_bytes() == OTHER
    assert archive.fetch(version="0.220216.0323").read_bytes() == BODY
    assert not any("0.220216" in path for path, _ in archive.server.downloads)
    assert draft != published


def test_what_the_archive_calls_something_else_is_refused(archive, cache):
    archive.server.files["/blobs/abc"] = OTHER
    with pytest.raises(ChecksumError, match="has the checksum"):
        archive.fetch()
    assert files(cache) == []
    archive.say(BODY, digest="dandi:dandi-etag")  # not hashed yet: pinned as it comes
    assert archive.fetch().read_bytes() == BODY


def test_a_published_file_that_was_damaged_is_fetched_again(archive):
    path = archive.fetch(version="0.220216.0323")
    path.write_bytes(b"half")
    assert archive.fetch(version="0.220216.0323").read_bytes() == BODY


def test_without_the_archive_the_copy_is_used(archive):
    path = archive.fetch()
    archive.server.faults["/api"] = [500] * 3
    with pytest.warns(
        UserWarning, match="The copy of sub-1/sub-1_ses-2.nwb of DANDI:000207/draft in the cache is used"
    ):
        assert archive.fetch() == path
    path.unlink()
    archive.server.faults["/api"] = [500] * 3
    with pytest.raises(DownloadError, match="answered 500"):
        archive.fetch()
    with pytest.raises(DownloadError, match="of DANDI:000207/draft is not in the cache"):
        archive.fetch(offline=True)
    with pytest.raises(DownloadError, match=r"read where it is \(stream=True\)"):
        archive.fetch(offline=True, stream=True)


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("sub-1/sub-1_ses-9.nwb", "no file 'sub-1/sub-1_ses-9.nwb'. Did you mean 'sub-1/sub-1_ses-[23].nwb'"),
        ("sub-7/x.nwb", r"no file 'sub-7/x.nwb'. Did you mean 'sub-2/x.nwb'\?"),
        ("sub-1", "'sub-1' is a folder that holds sub-1/sub-1_ses-2.nwb, sub-1/sub-1_ses-3.nwb"),
        ("../../x.nwb", "path must be that of a file in the dandiset"),
        ("a//b", "path must be that of a file"),
        ("", "path must be that of a file"),
    ],
)
def test_paths_that_are_not_there(archive, path, match):
    with pytest.raises(ValueError, match=match):
        archive.fetch(path)


def test_dandisets_that_are_not_there(archive):
    with pytest.raises(ValueError, match="000999/versions/draft is not there: no such dandiset"):
        fetch_dandi("000999", PATH, api=archive.api)
    with pytest.raises(ValueError, match="dandiset must be a number of up to six digits, got 'mouse'"):
        fetch_dandi("mouse", PATH, api=archive.api)
    with pytest.raises(ValueError, match="version must be 'draft' or like"):
        archive.fetch(version="../draft")


def test_answers_of_an_archive_that_make_no_sense(archive):
    archive.say(BODY, digest="dandi:dandi-zarr-checksum")
    with pytest.raises(ValueError, match="a folder in the Zarr layout"):
        archive.fetch()
    archive.say(BODY, urls=["file:///etc/passwd"])
    with pytest.raises(DownloadError, match="has no address"):
        archive.fetch()
    asset = "/api/dandisets/000207/versions/draft/assets/id-0/"
    for body, match in ((b"<html>", "did not answer in JSON"), (b"[]", "unknown form"), (b"{}", "neither where it is")):
        archive.server.files[asset] = body
        with pytest.raises(DownloadError, match=match):
            archive.fetch()


def test_a_stream_is_an_address_that_load_file_reads(archive, tmp_path, monkeypatch):
    """It is read where it is; nothing is kept."""
    pytest.importorskip("fsspec", reason="reads parts of a file behind an address")
    pytest.importorskip("aiohttp", reason="fsspec needs it for http")
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "io")
    from range_server import serve as serve_ranges

    file = simulate_session(tmp_path / "blobs" / "s.nwb", n_units=3, n_repeats=1)
    archive.say(file.read_bytes())
    assert archive.fetch(stream=True) == f"{archive.server.address}blobs/abc"
    with serve_ranges(file.parent) as (address, log):
        archive.say(file.read_bytes(), urls=[f"{archive.api}/assets/id-0/download/", f"{address}s.nwb"])
        with rb.load_file(archive.fetch(stream=True)) as data:
            assert len(data["units"]) == 4
        assert log.requests > 0
    assert archive.downloads() == []
