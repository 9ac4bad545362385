"""Downloads: whole or not at all, whatever the server, the disk or the other process does."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from allen_server import Server, serve

from rheobase.datasets import _cache, _download, _http
from rheobase.datasets._download import download
from rheobase.datasets._http import DownloadError, HTTPStatusError, MissingFileError, RemoteFile, TruncatedError

BODY = bytes(range(256)) * 4096


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    running = Server()
    running.files["/file"] = BODY
    with serve(running):
        yield running


@pytest.fixture
def url(server):
    return f"{server.address}file"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.bin"


def names(path):
    return sorted(item.name for item in path.parent.iterdir())


def check_clean_rerun(url, path):
    """The file is whole after another run, and nothing else is left."""
    download(url, path, timeout=5)
    assert path.read_bytes() == BODY
    assert names(path) == [path.name]


def test_a_download_is_whole_and_leaves_nothing_else(url, path):
    check_clean_rerun(url, path)


@pytest.mark.parametrize("faults", [["reset"], [500, 503], ["cut"], ["reset", 500, "cut"], ["slow"]])
def test_faults_that_pass_are_tried_again(server, url, path, faults):
    server.faults["/file"] = list(faults)
    download(url, path, timeout=1, tries=3)
    assert path.read_bytes() == BODY
    assert names(path) == [path.name]


@pytest.mark.parametrize(
    ("faults", "error", "match"),
    [
        (["reset"] * 9, DownloadError, "cannot be reached"),
        ([500] * 9, HTTPStatusError, "answered 500"),
        ([404] * 9, MissingFileError, "answered 404"),
        ([403] * 9, HTTPStatusError, "answered 403"),
        (["slow"] * 9, DownloadError, "timed out"),
    ],
)
def test_faults_that_stay_leave_no_file(server, url, path, faults, error, match):
    server.faults["/file"] = list(faults)
    with pytest.raises(error, match=match):
        download(url, path, timeout=0.5 if "slow" in faults else 10, tries=2)
    assert names(path) == []
    assert len(server.downloads) == (1 if faults[0] in (403, 404) else 2)
    server.faults.clear()
    check_clean_rerun(url, path)


@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_a_body_that_breaks_off_is_never_accepted(server, url, path, fault):
    """Without a word of the server that the file is the same one, it cannot be resumed: it is fetched anew."""
    server.etags = False
    server.faults["/file"] = [fault] * 9
    with pytest.raises(TruncatedError, match=r"broke off.*200"):
        download(url, path, timeout=0.5, tries=3)
    assert names(path) == []
    server.faults.clear()
    check_clean_rerun(url, path)
    assert [asked for _, asked in server.downloads if asked] == []


def test_a_download_is_resumed_where_it_broke_off(server, url, path):
    server.faults["/file"] = ["cut"]
    check_clean_rerun(url, path)
    assert [asked for _, asked in server.downloads] == ["", "bytes=200-"]


def test_a_download_is_resumed_by_the_next_run(server, url, path):
    server.faults["/file"] = ["cut", 404]
    with pytest.raises(MissingFileError, match="404"):
        download(url, path, timeout=5)
    assert names(path) == ["file.bin.part", "file.bin.part.json"]
    check_clean_rerun(url, path)
    assert [asked for _, asked in server.downloads] == ["", "bytes=200-", "bytes=200-"]


def test_a_file_that_has_changed_is_fetched_anew(server, url, path):
    server.faults["/file"] = ["cut", 404]
    with pytest.raises(MissingFileError, match="404"):
        download(url, path, timeout=5)
    server.files["/file"] = BODY[::-1]
    download(url, path, timeout=5)
    assert path.read_bytes() == BODY[::-1]


@pytest.mark.parametrize("note", ["", "{}", "[]", '{"url": 1}', '{"url": "%s", "version": "x", "length": 3}'])
def test_what_stands_beside_a_part_is_not_trusted(server, url, path, note):
    path.with_name("file.bin.part").write_bytes(b"rubbish")
    path.with_name("file.bin.part.json").write_text(note.replace("%s", url))
    check_clean_rerun(url, path)


def test_a_full_disk_is_reported_and_frees_what_was_taken(server, url, path, monkeypatch):
    def full(part, *args):
        part.file.write(b"x" * 100)
        part.file.flush()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_download, "_pour", full)
    with pytest.raises(OSError, match="No space left"):
        download(url, path, timeout=5)
    assert names(path) == []
    monkeypatch.undo()
    check_clean_rerun(url, path)


def test_a_full_disk_while_another_writer_writes(path):
    def pieces():
        yield b"x"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"):
        _cache.write_stream(path, pieces())
    assert names(path) == []
    _cache.write_stream(path, [b"a", b"b"])
    assert path.read_bytes() == b"ab"
    _cache.write_stream(path, b"all at once")
    assert path.read_bytes() == b"all at once"


CHILD = """
import sys, time
from pathlib import Path
from rheobase.datasets._download import download
url, path, go = sys.argv[1:]
Path(f"{go}-{time.monotonic_ns()}").touch()
while not Path(go).exists():
    time.sleep(0.01)
download(url, Path(path), timeout=20)
"""


def start(url, path, go):
    return subprocess.Popen([sys.executable, "-c", CHILD, url, str(path), str(go)])


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_killed_process_leaves_no_file_and_is_resumed(server, url, path, tmp_path_factory):
    server.faults["/file"] = ["trickle"]
    part = path.with_name("file.bin.part")
    (tmp_path_factory.getbasetemp() / "go").touch()
    child = start(url, path, tmp_path_factory.getbasetemp() / "go")
    wait_for(lambda: part.exists() and part.stat().st_size > 100_000)
    child.send_signal(signal.SIGKILL)
    assert child.wait(20) == -signal.SIGKILL
    assert not path.exists()
    had = part.stat().st_size
    check_clean_rerun(url, path)
    assert server.downloads[-1][1] == f"bytes={had}-"


LIMITED = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
{CHILD}
"""


def test_a_write_that_the_system_refuses_leaves_no_file(url, path, tmp_path_factory):
    """No mock: a process that may not write files of more than 300 kB."""
    go = tmp_path_factory.mktemp("limited") / "go"
    go.touch()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, url, str(path), str(go)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert not path.exists()
    check_clean_rerun(url, path)


def test_two_processes_fetch_a_file_once(server, url, path, tmp_path_factory):
    server.faults["/file"] = ["trickle"]
    folder = tmp_path_factory.mktemp("two")
    children = [start(url, path, folder / "go") for _ in range(2)]
    wait_for(lambda: len(list(folder.glob("go-*"))) == 2)
    (folder / "go").touch()
    assert [child.wait(60) for child in children] == [0, 0]
    assert path.read_bytes() == BODY
    assert names(path) == [path.name]
    assert len(server.downloads) == 1


def test_many_threads_fetch_a_file_once(server, url, path):
    server.faults["/file"] = ["trickle"]
    threads = [threading.Thread(target=download, args=(url, path), kwargs={"timeout": 20}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == BODY
    assert names(path) == [path.name]


def test_a_process_that_hangs_is_not_waited_for(server, url, path):
    part = path.with_name("file.bin.part")
    import fcntl

    with part.open("wb") as hung:
        fcntl.flock(hung, fcntl.LOCK_EX)
        download(url, path, timeout=1)
    assert path.read_bytes() == BODY
    assert names(path) == ["file.bin", "file.bin.part"]


def test_without_locks_a_download_has_a_name_of_its_own(server, url, path, monkeypatch):
    monkeypatch.setattr(_download, "fcntl", None)
    check_clean_rerun(url, path)


def test_a_file_system_without_locks(url, path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(_download.fcntl, "flock", refuse)
    check_clean_rerun(url, path)
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_a_bar_is_shown_for_big_files(url, path, capfd):
    download(url, path, progress=True, timeout=5)
    assert "file.bin: 100%" in capfd.readouterr().err
    download(url, path, timeout=5)
    assert capfd.readouterr().err == ""


def test_requests_can_be_switched_off(server, url, path, monkeypatch):
    monkeypatch.setenv("RHEOBASE_OFFLINE", "1")
    with pytest.raises(DownloadError, match="not in the cache, and requests are switched off"):
        download(url, path)
    assert server.downloads == []
    assert names(path) == []


@contextmanager
def answering(*, status=200, headers=(), body=b""):
    """A server that always gives the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: httpd.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}/"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:text/plain,hello"])
def test_an_answer_cannot_lead_to_a_local_file(path, target, monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    with (
        answering(status=302, headers=[("Location", target)]) as url,
        pytest.raises(DownloadError, match=r"302|unknown"),
    ):
        download(url, path, timeout=5)
    assert names(path) == []


@pytest.mark.parametrize("url", ["file:///etc/hostname", "nonsense", "http://", "ftp://127.0.0.1/x"])
def test_other_addresses_are_refused(path, url, monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    with pytest.raises(DownloadError, match="cannot be reached"):
        download(url, path, timeout=5)
    assert names(path) == []


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ({"headers": [("Content-Encoding", "gzip")], "body": b"x"}, "gzip"),
        ({"status": 206, "headers": [("Content-Range", "bytes 5-9/10")], "body": b"56789"}, "another part"),
        ({"status": 204}, "204"),
        ({"status": 206, "body": b"x"}, "another part"),
    ],
)
def test_answers_that_were_not_asked_for(path, answer, match, monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    with answering(**answer) as url, pytest.raises(DownloadError, match=match):
        download(url, path, timeout=5)
    assert names(path) == []


def test_an_answer_of_unknown_length_is_taken_to_its_end(path):
    with answering(body=b"abc") as url:
        download(url, path, timeout=5)
        assert b"".join(RemoteFile(url)) == b"abc"
    assert path.read_bytes() == b"abc"


def test_a_whole_answer_is_asked_for_again(server, url):
    server.faults["/file"] = ["cut", 500]
    assert _http.fetch_bytes(url, timeout=5, tries=3) == BODY
    with pytest.raises(ValueError, match="tries must be at least 1"):
        _http.fetch_bytes(url, tries=0)


def test_a_server_that_asks_for_patience_gets_it(monkeypatch):
    slept = []
    monkeypatch.setattr(_http.time, "sleep", slept.append)
    _http.pause(0)
    _http.pause(2)
    _http.pause(0, HTTPStatusError("u", 503, "", "7"))
    _http.pause(0, HTTPStatusError("u", 503, "", "100000"))
    assert slept == [0.5, 2.0, 7.0, 30.0]
