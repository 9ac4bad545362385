"""An HTTP server on this machine that serves parts of files, and counts what it serves."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECE = 1 << 14
"""Bytes that are sent, and counted, at once."""


class Log:
    """Bytes and requests served so far."""

    def __init__(self) -> None:
        self.served = self.requests = 0


@contextmanager
def serve(folder: Path, ranges: bool = True) -> Iterator[tuple[str, Log]]:
    """Serve the files of `folder`: address (with a slash at the end) and log."""
    log = Log()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            path = folder / self.path.lstrip("/").partition("?")[0]
            if not path.is_file():
                self.send_error(404)
                return
            data = path.read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if ranges else None
            if asked:
                start, stop = int(asked[1]), min(int(asked[2] or len(data) - 1) + 1, len(data))
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
                data = data[start:stop]
            else:
                self.send_response(200)
            if ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                log.requests += 1
                self.pour(data)

        def pour(self, data: bytes) -> None:
            """Send, until who asked has heard enough."""
            try:
                for start in range(0, len(data), PIECE):
                    self.wfile.write(data[start : start + PIECE])
                    log.served += len(data[start : start + PIECE])
            except ConnectionError:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", log
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
