"""A stand-in for the Allen Institute's warehouse, and for the public copy, on this machine; it can misbehave."""

from __future__ import annotations

import io
import json
import re
import socket
import struct
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

PIECE = 1 << 14


class Server:
    """What is served, what was asked for, and what goes wrong.

    `files` holds bytes by path. `faults` holds, by the beginning of a path, what to do with the next requests for it,
    one after the other: ``"reset"``, ``"cut"`` (announces all, sends 200 bytes), ``"short"`` (announces and sends 200
    bytes), ``"slow"`` (silent for 3 s), ``"trickle"`` (a piece every 50 ms), ``"ok"``, or a status.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Any]] = {}
        self.queries: list[str] = []
        self.downloads: list[tuple[str, str]] = []
        self.rows: Callable[[str], Any] = lambda query: []
        self.page = 0
        self.etags = True
        self.address = ""

    @property
    def host(self) -> str:
        """Name and port."""
        return self.address.removeprefix("http://").rstrip("/")

    def fault(self, path: str) -> Any:
        """What goes wrong with this request."""
        for start, left in self.faults.items():
            if path.startswith(start) and left:
                return left.pop(0)
        return "ok"

    def answer(self, query: str) -> bytes:
        """A page of the answer to a query."""
        page = re.search(r"\[start_row\$eq(\d+)\]\[num_rows\$eq(\d+)\]", query)
        start, size = int(page[1]), min(int(page[2]), self.page or int(page[2]))
        rows = self.rows(query)
        if isinstance(rows, str):
            return json.dumps({"success": False, "msg": rows}).encode()
        chosen = rows[start : start + size]
        whole = {"success": True, "id": 0, "start_row": start, "num_rows": len(chosen), "total_rows": len(rows)}
        return json.dumps(whole | {"msg": chosen}).encode()


@contextmanager
def serve(server: Server) -> Iterator[Server]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args) -> None:
            pass

        def do_GET(self) -> None:
            path = "/" + urllib.parse.unquote(self.path).lstrip("/")
            try:
                if path.startswith("/api/v2/data/query.json"):
                    query = path.partition("?")[2]
                    server.queries.append(query)
                    self.send(path, server.answer(query))
                else:
                    server.downloads.append((path, self.headers.get("Range", "")))
                    self.send(path, server.files.get(path))
            except (ConnectionError, TimeoutError):
                self.close_connection = True

        def send(self, path: str, body: bytes | None) -> None:
            fault = server.fault(path)
            if fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            if fault == "slow":
                time.sleep(3)
            if isinstance(fault, int) or body is None:
                self.send_error(fault if isinstance(fault, int) else 404)
                return
            if fault == "short":
                body = body[:200]
            start = self.range_start(body)
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if server.etags:
                self.send_header("ETag", f'"{hash(body)}"')
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            self.pour(body[start:], fault)

        def range_start(self, body: bytes) -> int:
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range") == f'"{hash(body)}"'
            return int(asked[1]) if asked and same and server.etags else 0

        def pour(self, body: bytes, fault: Any) -> None:
            if fault == "cut":
                self.wfile.write(body[:200])
                self.close_connection = True
                return
            if fault == "stall":
                self.wfile.write(body[:200])
                time.sleep(3)
                self.close_connection = True
                return
            for start in range(0, len(body), PIECE):
                self.wfile.write(body[start : start + PIECE])
                if fault == "trickle":
                    time.sleep(0.05)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: httpd.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    server.address = f"http://127.0.0.1:{httpd.server_address[1]}/"
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


# ---- two sessions, three probes, seven units -------------------------------------------------------------------------

SESSIONS = [
    {
        "id": number,
        "specimen_id": 7000 + number,
        "stimulus_name": kind,
        "isi_experiment_id": 1,
        "date_of_acquisition": "2019-01-08T21:26:07Z",
        "published_at": "2019-10-03T00:00:00Z",
        "fail_eye_tracking": False,
        "specimen": {"donor": {"sex": "M", "full_genotype": genotype, "age": {"days": 116}}},
        "well_known_files": [{"well_known_file_type": {"name": "EcephysNwb"}}],
    }
    for number, kind, genotype in ((1001, "brain_observatory_1.1", None), (1002, "functional_connectivity", "Sst/wt"))
]

PROBES = [
    {
        "id": number,
        "ecephys_session_id": session,
        "name": f"probe{letter}",
        "phase": "3a",
        "sampling_rate": 30000.0,
        "lfp_sampling_rate": 2500.0,
        "lfp_temporal_subsampling_factor": 2,
        "air_channel_index": 300,
        "surface_channel_index": 280,
        "use_lfp_data": True,
    }
    for number, session, letter in ((11, 1001, "A"), (12, 1001, "B"), (13, 1002, "A"))
]

_PLACES = [(100, 11, "VISp"), (101, 11, "VISp"), (102, 11, None), (103, 12, "CA1"), (104, 12, "DG"), (105, 12, None)]

CHANNELS = [
    {
        "id": str(number),
        "ecephys_probe_id": str(probe),
        "local_index": str(number - 100),
        "probe_horizontal_position": "43",
        "probe_vertical_position": "20",
        "anterior_posterior_ccf_coordinate": "8000.5",
        "dorsal_ventral_ccf_coordinate": "-1000",
        "left_right_ccf_coordinate": "-1000",
        "ecephys_structure_id": None if area is None else "385",
        "ecephys_structure_acronym": area,
    }
    for number, probe, area in [*_PLACES, (106, 13, "LP")]
]

_UNITS = [
    (901, 100, "good", 0.05, 0.99, 0.1),
    (902, 101, "good", 0.05, 0.99, 0.6),
    (903, 102, "good", 0.05, 0.99, 0.1),
    (904, 103, "noise", 0.05, 0.99, 0.1),
    (905, 103, "good", 0.2, 0.99, 0.1),
    (906, 104, "good", 0.05, 0.9, 0.1),
    (907, 106, "good", 0.05, 0.99, 0.1),
]

UNITS = [
    {
        "id": number,
        "ecephys_channel_id": channel,
        "quality": quality,
        "amplitude_cutoff": cutoff,
        "presence_ratio": presence,
        "isi_violations": isi,
        "PT_ratio": 0.5,
        "duration": 0.3,
        "l_ratio": 0.01,
        "snr": 1 / 3,
        "epoch_name_quality_metrics": "complete_session",
    }
    for number, channel, quality, cutoff, presence, isi in _UNITS
]

METRICS = [
    {"id": i, "ecephys_unit_id": unit, "data": json.dumps({"id": i, "g_osi_dg": 0.1 * i, "pref_image_ns": i})}
    for i, unit in enumerate((901, 903, 904, 907))
]
SESSION_OF = {901: 1001, 902: 1001, 903: 1001, 904: 1001, 905: 1001, 906: 1001, 907: 1002}


def tiff(image: np.ndarray) -> bytes:
    """An image file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="TIFF")
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    """A file of NumPy's."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


SCENE = (np.arange(12, dtype=np.uint8) * 20).reshape(3, 4)
MOVIE = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def warehouse(
    session_file: bytes,
    lfp_file: bytes = b"",
    scenes: dict[int, np.ndarray] | None = None,
    tables: dict[str, list[dict[str, Any]]] | None = None,
) -> Server:
    """The stand-in warehouse with its data; of natural scenes, number 7 by default; the file is the first session's."""
    known = {"EcephysSession": SESSIONS, "EcephysProbe": PROBES, "EcephysChannel": CHANNELS, "EcephysUnit": UNITS}
    known |= tables or {}
    server = Server()
    link = "/api/v2/well_known_file_download/"
    server.files = {f"{link}1": session_file, f"{link}2": lfp_file, f"{link}3": npy(MOVIE)}
    scenes = {7: SCENE} if scenes is None else scenes
    server.files |= {f"{link}{100 + n}": tiff(image) for n, image in scenes.items()}
    files = [
        ("EcephysNwb", "EcephysSession", known["EcephysSession"][0]["id"], "/data/session.nwb", 1),
        ("EcephysLfpNwb", "EcephysProbe", 11, "/data/probe_11.nwb", 2),
        ("Stimulus", "Product", 714914585, "/data/natural_movie_1.npy", 3),
        *(("Stimulus", "Product", 714914585, f"/data/{n}.tiff", 100 + n) for n in scenes),
    ]

    def links(query: str) -> list[dict[str, Any]]:
        found = re.search(r"name\$eq'(\w+)'\]\[attachable_type\$eq'(\w+)'\]\[attachable_id\$eq(\d+)\]", query)
        wanted = (found[1], found[2], int(found[3]))
        return [
            {"id": n, "download_link": f"{link}{n}", "path": path, "attachable_id": owner, "attachable_type": attached}
            for kind, attached, owner, path, n in files
            if (kind, attached, owner) == wanted
        ]

    def metrics(query: str) -> list[dict[str, Any]]:
        wanted = re.search(r"ecephys_session\[id\$in(\d+)\]", query)
        kind = re.search(r"\[stimulus_name\$in'([\w.]+)'\]", query)
        names = {row["id"]: row["stimulus_name"] for row in SESSIONS}
        return [
            row
            for row in METRICS
            if (not wanted or SESSION_OF[row["ecephys_unit_id"]] == int(wanted[1]))
            and (not kind or names[SESSION_OF[row["ecephys_unit_id"]]] == kind[1])
        ]

    def rows(query: str) -> Any:
        model = re.search(r"model::(\w+)", query)[1]
        if model == "WellKnownFile":
            return links(query)
        return metrics(query) if model == "EcephysUnitMetricBundle" else known[model]

    server.rows = rows
    return server


def tables_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    """What the warehouse knows of one session: what its file says."""
    from rheobase.datasets.allen import EcephysSession

    every = {"filter_by_validity": False, "filter_out_of_brain_units": False}
    session = EcephysSession.from_nwb_path(path, api_kwargs=every)
    number = session.ecephys_session_id
    sessions = [SESSIONS[0] | {"id": number}, SESSIONS[1]]
    probes = [PROBES[0] | {"id": probe, "ecephys_session_id": number} for probe in session.probes.index.tolist()]
    channels = [
        CHANNELS[0]
        | {
            "id": str(channel),
            "ecephys_probe_id": str(row.probe_id),
            "local_index": str(row.probe_channel_number),
            "ecephys_structure_acronym": None if row.structure_acronym == "None" else row.structure_acronym,
        }
        for channel, row in zip(session.channels.index, session.channels.itertuples())
    ]
    quality = ["quality", "amplitude_cutoff", "presence_ratio", "isi_violations"]
    units = [
        UNITS[0] | {"id": unit, "ecephys_channel_id": channel} | dict(zip(quality, values))
        for unit, channel, values in zip(
            session.units.index.tolist(),
            session.units["peak_channel_id"].tolist(),
            session.units[quality].values.tolist(),
        )
    ]
    return {"EcephysSession": sessions, "EcephysProbe": probes, "EcephysChannel": channels, "EcephysUnit": units}
