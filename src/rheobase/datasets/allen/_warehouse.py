"""The Allen Institute's data warehouse: queries, pages, links to files."""

from __future__ import annotations

import ast
import json
import re
import urllib.parse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._http import RemoteFile, fetch_bytes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EcephysProjectWarehouseApi", "RmaRequestError"]

PAGE = 5000
"""Rows that are asked for at a time."""

TEMPLATES = 714914585
"""Product to which the templates of stimuli belong."""

_CHANNEL_COLUMNS = (
    "ecephys_channels.id,ecephys_probe_id,local_index,probe_horizontal_position,probe_vertical_position,"
    "anterior_posterior_ccf_coordinate,dorsal_ventral_ccf_coordinate,left_right_ccf_coordinate,"
    "structures.id as ecephys_structure_id,structures.acronym as ecephys_structure_acronym"
)


class RmaRequestError(RuntimeError):
    """The warehouse refused a query; the message is its own."""


class EcephysProjectWarehouseApi:
    """Fetches tables and files from the warehouse.

    Parameters
    ----------
    scheme, host : str
        Of the server; `host` may hold a port.
    timeout : float
        Seconds that the server may be silent.
    """

    def __init__(self, scheme: str = "http", host: str = "api.brain-map.org", timeout: float = 60.0) -> None:
        if scheme not in ("http", "https") or not re.fullmatch(r"[\w.\-\[\]:]+", host):
            msg = f"scheme must be 'http' or 'https' and host a name with an optional port, got {scheme!r}, {host!r}."
            raise ValueError(msg)
        self.base, self.timeout = f"{scheme}://{host}", timeout

    def __repr__(self) -> str:
        return f"EcephysProjectWarehouseApi({self.base!r})"

    @classmethod
    def default(cls, **kwargs: Any) -> EcephysProjectWarehouseApi:
        """The released data. Keywords as the class; ``asynchronous`` is accepted for AllenSDK's sake."""
        return cls(**{name: value for name, value in kwargs.items() if name != "asynchronous"})

    # ---- tables ----------------------------------------------------------------------------------------------------

    def get_sessions(
        self, session_ids: Any = None, has_eye_tracking: bool | None = None, stimulus_names: Any = None
    ) -> pd.DataFrame:
        """Sessions; by default all."""
        model = "criteria=model::EcephysSession" + _in("id", session_ids)
        if has_eye_tracking is not None:
            model += f"[fail_eye_tracking$eq{'false' if has_eye_tracking else 'true'}]"
        model += _in("stimulus_name", stimulus_names)
        rows = self.query(f"{model},rma::include,specimen(donor(age)),well_known_files(well_known_file_type)")
        return _table([_session_row(row) for row in rows])

    def get_probes(self, probe_ids: Any = None, session_ids: Any = None) -> pd.DataFrame:
        """Probes; by default all."""
        query = "criteria=model::EcephysProbe" + _in("id", probe_ids) + _in("ecephys_session_id", session_ids)
        return _table(self.query(query)).rename(columns={"use_lfp_data": "has_lfp_data"})

    def get_channels(self, channel_ids: Any = None, probe_ids: Any = None) -> pd.DataFrame:
        """Channels; by default all."""
        model = "criteria=model::EcephysChannel" + _in("id", channel_ids) + _in("ecephys_probe_id", probe_ids)
        query = f"{model},rma::include,structure,rma::options[tabular$eq'{_CHANNEL_COLUMNS}']"
        return _table(self.query(query), evaluate=True)

    def get_units(
        self, unit_ids: Any = None, channel_ids: Any = None, probe_ids: Any = None, session_ids: Any = None
    ) -> pd.DataFrame:
        """Units, not filtered; by default all."""
        query = "criteria=model::EcephysUnit"
        query += f",rma::criteria{_in('id', unit_ids)}" if unit_ids is not None else ""
        query += f",rma::criteria{_in('ecephys_channel_id', channel_ids)}" if channel_ids is not None else ""
        if probe_ids is not None:
            query += f",rma::criteria,ecephys_channel(ecephys_probe{_in('id', probe_ids)})"
        if session_ids is not None:
            query += f",rma::criteria,ecephys_channel(ecephys_probe(ecephys_session{_in('id', session_ids)}))"
        return _table(self.query(query))

    def get_unit_analysis_metrics(
        self, unit_ids: Any = None, ecephys_session_ids: Any = None, session_types: Any = None
    ) -> pd.DataFrame:
        """Analysis metrics of units, indexed by ``ecephys_unit_id``; by default of all."""
        query = "criteria=model::EcephysUnitMetricBundle"
        query += f",rma::criteria{_in('ecephys_unit_id', unit_ids)}" if unit_ids is not None else ""
        for name, values in (("id", ecephys_session_ids), ("stimulus_name", session_types)):
            if values is not None:
                session = f"ecephys_session{_in(name, values)}"
                query += f",rma::criteria,ecephys_unit(ecephys_channel(ecephys_probe({session})))"
        rows = [{"ecephys_unit_id": row["ecephys_unit_id"], **json.loads(row["data"])} for row in self.query(query)]
        metrics = _table([{k: v for k, v in row.items() if k != "id"} for row in rows], "ecephys_unit_id", True)
        swapped = ("p_value_rf", "on_screen_rf")
        if all(name in metrics for name in swapped):  # two columns that are mixed up in the database
            p_value, on_screen = (metrics[name] for name in swapped)
            if p_value.dtype.kind == "b" and on_screen.dtype.kind == "f":
                metrics["p_value_rf"], metrics["on_screen_rf"] = on_screen, p_value
        return metrics

    # ---- files -----------------------------------------------------------------------------------------------------

    def get_session_data(self, session_id: int) -> RemoteFile:
        """The NWB file of a session. ValueError if there is not exactly one."""
        return self._file("EcephysNwb", "EcephysSession", session_id)

    def get_probe_lfp_data(self, probe_id: int) -> RemoteFile:
        """The NWB file of a probe's local fields. ValueError if there is not exactly one."""
        return self._file("EcephysLfpNwb", "EcephysProbe", probe_id)

    def get_natural_movie_template(self, number: int) -> RemoteFile:
        """A natural movie, in NumPy's format. ValueError if there is none of this number."""
        return self._template("natural_movie", number)

    def get_natural_scene_template(self, number: int) -> RemoteFile:
        """A natural scene, as TIFF. ValueError if there is none of this number."""
        return self._template("natural_scene", number)

    def _template(self, kind: str, number: int) -> RemoteFile:
        found: dict[tuple[str, int], str] = {}
        for row in self._links("Stimulus", "Product", TEMPLATES):
            movie = re.search(r"natural_movie_(\d+)\.npy$", row["path"])
            scene = re.search(r"(?:^|/)(\d+)\.tiff$", row["path"])
            if movie:
                found["natural_movie", int(movie[1])] = row["download_link"]
            elif scene:
                found["natural_scene", int(scene[1])] = row["download_link"]
            else:
                msg = f"the warehouse lists a template of unknown kind: {row['path']!r}."
                raise ValueError(msg)
        if (kind, number) not in found:
            there = sorted(n for other, n in found if other == kind)
            msg = f"no template of {kind} {number}; the warehouse has {there}."
            raise ValueError(msg)
        return self._remote(found[kind, number])

    def _file(self, file_type: str, attached_to: str, number: int) -> RemoteFile:
        rows = self._links(file_type, attached_to, number)
        if len(rows) != 1:
            msg = (
                f"expected exactly one NWB file ({file_type}) of {attached_to} {number}, the warehouse has {len(rows)}."
            )
            raise ValueError(msg)
        return self._remote(rows[0]["download_link"])

    def _links(self, file_type: str, attached_to: str, number: int) -> list[dict[str, Any]]:
        return self.query(
            f"criteria=model::WellKnownFile,rma::criteria,well_known_file_type[name$eq'{file_type}']"
            f"[attachable_type$eq'{attached_to}'][attachable_id$eq{int(number)}]"
        )

    def _remote(self, link: str) -> RemoteFile:
        """A file of this server: whatever the link says, it is a path there."""
        return RemoteFile(f"{self.base}/{urllib.parse.quote(str(link), safe='/%?=&:,')}", self.timeout)

    # ---- queries ---------------------------------------------------------------------------------------------------

    def query(self, query: str) -> list[dict[str, Any]]:
        """All rows that answer a query, page by page.

        Raises
        ------
        RmaRequestError
            If the warehouse refuses, or its answer makes no sense.
        DownloadError
            If it cannot be reached.
        """
        rows: list[dict[str, Any]] = []
        start = 0
        while True:
            page = f",rma::options[start_row$eq{start}][num_rows$eq{PAGE}][order$eq'id']"
            text = urllib.parse.quote(f"{query}{page}", safe="$',:()=")
            answer = _parsed(fetch_bytes(f"{self.base}/api/v2/data/query.json?{text}", timeout=self.timeout))
            rows += answer["msg"]
            start += int(answer["num_rows"])
            if start >= int(answer["total_rows"]):
                return rows
            if int(answer["num_rows"]) <= 0:
                msg = f"the warehouse stopped at {start} of {answer['total_rows']} rows of the answer to {query!r}."
                raise RmaRequestError(msg)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
        if answer["success"]:
            int(answer["num_rows"]), int(answer["total_rows"]), list(answer["msg"])
            return answer
        said = answer.get("msg")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"the warehouse gave an answer that makes no sense: {body[:200]!r}."
        raise RmaRequestError(msg) from error
    raise RmaRequestError(str(said))


def _in(name: str, values: Any) -> str:
    """Condition that a field has one of these values; empty if there are none to compare with."""
    if values is None:
        return ""
    values = [values] if isinstance(values, str) or not isinstance(values, Iterable) else list(values)
    return f"[{name}$in{','.join(_literal(value) for value in values)}]"


def _literal(value: Any) -> str:
    if not isinstance(value, str):
        return str(int(value))
    if "'" in value:
        msg = f"{value!r} cannot stand in a query: it holds a quotation mark."
        raise ValueError(msg)
    return f"'{value}'"


def _session_row(row: dict[str, Any]) -> dict[str, Any]:
    """A session with the fields of its animal and its files made columns."""
    donor = row["specimen"]["donor"]
    files = [item["well_known_file_type"]["name"] for item in row.get("well_known_files") or ()]
    left_out = ("specimen", "fail_eye_tracking", "well_known_files", "stimulus_name")
    return {k: v for k, v in row.items() if k not in left_out} | {
        "session_type": row["stimulus_name"],
        "age_in_days": donor["age"]["days"],
        "sex": donor["sex"],
        "genotype": donor["full_genotype"] or "wt",
        "has_nwb": "EcephysNwb" in files,
    }


def _table(rows: list[dict[str, Any]], index: str = "id", evaluate: bool = False) -> pd.DataFrame:
    """Rows as a table; with `evaluate`, texts that are numbers become numbers, where all of a column are."""
    import pandas as pd

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names} or {index: []}
    if evaluate:
        columns = {name: _evaluated(values) for name, values in columns.items()}
    return pd.DataFrame(columns).set_index(index)


def _evaluated(values: list[Any]) -> list[Any]:
    try:
        return [ast.literal_eval(value) if isinstance(value, str) else value for value in values]
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return values
