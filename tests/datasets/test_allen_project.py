"""The project's cache against a stand-in warehouse over HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from allen_files import write_lfp, write_session
from allen_server import MOVIE, SCENE, Server, npy, serve, tiff, warehouse
from hypothesis import given, settings
from hypothesis import strategies as st

from rheobase.datasets import _http
from rheobase.datasets._cache import cached
from rheobase.datasets.allen import (
    EcephysProjectCache,
    EcephysProjectFixedApi,
    EcephysProjectStaticApi,
    EcephysProjectWarehouseApi,
    ManifestVersionError,
    MissingDataError,
    RmaRequestError,
)

OPEN = {"amplitude_cutoff_maximum": None, "presence_ratio_minimum": None, "isi_violations_maximum": None}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return write_session(folder / "s.nwb").read_bytes(), write_lfp(folder / "l.nwb").read_bytes()


@pytest.fixture
def server(files, monkeypatch):
    monkeypatch.setattr(_http, "PAUSE", 0.0)
    with serve(warehouse(*files)) as running:
        yield running


@pytest.fixture
def manifest(tmp_path):
    return tmp_path / "cache" / "manifest.json"


@pytest.fixture
def cache(server, manifest):
    return EcephysProjectCache.from_warehouse("http", server.host, manifest=manifest, timeout=5)


# ---- the acceptance points of the cache ------------------------------------------------------------------------------


def test_point_14_filters_and_counts(cache):
    assert cache.get_units().index.tolist() == [901, 903, 907]
    assert cache.get_units(**OPEN).index.tolist() == [901, 902, 903, 905, 906, 907]
    everything = cache.get_units(filter_by_validity=False, filter_out_of_brain_units=False, **OPEN)
    assert everything.index.tolist() == [901, 902, 903, 904, 905, 906, 907]
    assert "quality" in everything
    sessions = cache.get_session_table()
    assert sessions["unit_count"].tolist() == [2, 1]
    assert sessions["probe_count"].tolist() == [2, 1]
    assert sessions["channel_count"].tolist() == [6, 1]


def test_point_15_genotypes_rates_and_hidden_columns(cache):
    sessions = cache.get_session_table()
    assert sessions["full_genotype"].tolist() == ["wt", "Sst/wt"]
    assert cache.get_probes()["lfp_sampling_rate"].tolist() == [1250.0] * 3
    shown = cache.get_session_table(suppress=[])
    assert set(shown) - set(sessions) == {"has_nwb", "isi_experiment_id", "date_of_acquisition"}


def test_point_16_requests_offline_and_repair(cache, server, manifest):
    first = cache.get_session_table()
    models = [re.search(r"model::Ecephys(\w+)", query)[1] for query in server.queries]
    assert models == ["Session", "Unit", "Channel", "Probe"]
    pd.testing.assert_frame_equal(cache.get_session_table(), first)
    assert len(server.queries) == 4
    server.faults["/api/v2/well_known_file_download/1"] = ["short"]
    with pytest.warns(UserWarning, match="trying again, 1 left"):
        assert cache.get_session_data(1001).ecephys_session_id == 1001
    assert len([q for q in server.queries if "WellKnownFile" in q]) == 2
    assert len(server.downloads) == 2
    again = EcephysProjectCache.from_warehouse("http", "127.0.0.1:9", manifest=manifest)
    pd.testing.assert_frame_equal(again.get_session_table(), first)
    assert again.get_session_data(1001).units.index.tolist() == [901]


def test_point_16_a_broken_first_download_is_repaired_without_help(cache, server):
    """Where the server announced more than it sent, and cannot resume: two links, two downloads."""
    server.etags = False
    server.faults["/api/v2/well_known_file_download/1"] = ["cut"]
    with pytest.warns(UserWarning, match="200 of"):
        assert cache.get_session_data(1001).ecephys_session_id == 1001
    assert len([q for q in server.queries if "WellKnownFile" in q]) == len(server.downloads) == 2


def test_point_17_manifest(cache, manifest):
    rows = json.loads(manifest.read_text())["manifest"]
    assert rows[0] == {"type": "manifest_version", "value": "0.3.0"}
    assert [row["key"] for row in rows[1:]] == [
        "BASEDIR",
        "sessions",
        "probes",
        "channels",
        "units",
        "session_data",
        "session_nwb",
        "session_analysis_metrics",
        "probe_lfp_nwb",
        "movie_dir",
        "typewise_analysis_metrics",
        "natural_movie",
        "natural_scene_dir",
        "natural_scene",
    ]
    assert rows[1] == {"key": "BASEDIR", "type": "dir", "spec": "."}
    assert rows[7] == {
        "key": "session_nwb",
        "type": "file",
        "spec": "session_%d.nwb",
        "parent_key": "session_data",
    }
    assert len(rows) == 15
    with pytest.raises(ManifestVersionError, match=r"0\.3\.0.*0\.2\.1") as caught:
        EcephysProjectCache.fixed(manifest=manifest, version="0.2.1")
    error = caught.value
    assert (error.version, error.found_version, error.outdated) == ("0.2.1", "0.3.0", False)


def test_point_17_fixed_serves_what_is_there(cache, manifest):
    sessions = cache.get_session_table()
    fixed = EcephysProjectCache.fixed(manifest=manifest)
    pd.testing.assert_frame_equal(fixed.get_session_table(), sessions)
    with pytest.raises(MissingDataError, match="missing data: the data of session 1001"):
        fixed.get_session_data(1001)
    with pytest.raises(MissingDataError, match=r"analysis metrics of sessions \[1001\]"):
        fixed.get_unit_analysis_metrics_for_session(1001)
    assert issubclass(MissingDataError, ValueError)


def test_point_18_what_does_not_exist(cache, server):
    with pytest.raises(ValueError, match=r"'no'.*brain_observatory_1\.1.*functional_connectivity"):
        cache.get_unit_analysis_metrics_by_session_type("no")
    before = len(server.queries)
    with (
        pytest.warns(UserWarning, match="trying again"),
        pytest.raises(ValueError, match="expected exactly one NWB file"),
    ):
        cache.get_session_data(5)
    assert len(server.queries) - before == 2
    with pytest.warns(UserWarning, match="trying again"), pytest.raises(ValueError, match="natural_scene 8"):
        cache.get_natural_scene_template(8)
    with pytest.warns(UserWarning, match="trying again"), pytest.raises(ValueError, match="natural_movie 2"):
        cache.get_natural_movie_template(2)


def test_point_19_pages_refusals_and_statuses(server, manifest):
    server.page = 3
    cache = EcephysProjectCache.from_warehouse("http", server.host, manifest=manifest, fetch_tries=1)
    assert len(cache.get_units(filter_by_validity=False, **OPEN)) == 7
    assert len([q for q in server.queries if "model::EcephysUnit," in q]) == 3
    rows, server.rows = server.rows, lambda query: "the query makes no sense"
    with pytest.raises(RmaRequestError, match="the query makes no sense"):
        cache.get_session_data(1001)
    server.rows = rows
    for status in (404, 500):
        fresh = manifest.parent / str(status) / "manifest.json"
        server.faults["/api/v2/data/query.json"] = [status] * 9
        other = EcephysProjectCache.from_warehouse("http", server.host, manifest=fresh, fetch_tries=1)
        with pytest.raises(OSError, match=f"answered {status}"):
            other.get_session_table()
        assert [path.name for path in fresh.parent.iterdir()] == ["manifest.json"]


# ---- the rest of the cache -------------------------------------------------------------------------------------------


def test_queries_are_those_of_the_warehouse(server):
    api = EcephysProjectWarehouseApi("http", server.host)
    api.get_sessions([1, 2], True, ["foo", "bar"])
    api.get_probes([1, 2], 3)
    api.get_units([1], [2], [3], [4, 5])
    api.get_unit_analysis_metrics([1, 2], [1001])
    page = ",rma::options[start_row$eq0][num_rows$eq5000][order$eq'id']"
    assert server.queries == [
        "criteria=model::EcephysSession[id$in1,2][fail_eye_tracking$eqfalse][stimulus_name$in'foo','bar'],"
        f"rma::include,specimen(donor(age)),well_known_files(well_known_file_type){page}",
        f"criteria=model::EcephysProbe[id$in1,2][ecephys_session_id$in3]{page}",
        "criteria=model::EcephysUnit,rma::criteria[id$in1],rma::criteria[ecephys_channel_id$in2],rma::criteria,"
        "ecephys_channel(ecephys_probe[id$in3]),rma::criteria,ecephys_channel(ecephys_probe(ecephys_session[id$in4,5]))"
        f"{page}",
        "criteria=model::EcephysUnitMetricBundle,rma::criteria[ecephys_unit_id$in1,2],rma::criteria,"
        f"ecephys_unit(ecephys_channel(ecephys_probe(ecephys_session[id$in1001]))){page}",
    ]


def test_a_quotation_mark_cannot_change_a_query():
    with pytest.raises(ValueError, match="quotation mark"):
        EcephysProjectWarehouseApi().get_unit_analysis_metrics(session_types=["x'][id$eq1"])
    with pytest.raises(ValueError, match="scheme must be"):
        EcephysProjectWarehouseApi("file", "etc")


def test_a_server_that_never_ends_is_refused(server):
    class Endless(Server):
        pass

    server.answer = lambda query: b'{"success": true, "num_rows": 0, "total_rows": 5, "msg": []}'
    with pytest.raises(RmaRequestError, match="stopped at 0 of 5 rows"):
        EcephysProjectWarehouseApi("http", server.host).get_probes()
    server.answer = lambda query: b"<html>hello</html>"
    with pytest.raises(RmaRequestError, match="makes no sense"):
        EcephysProjectWarehouseApi("http", server.host).get_probes()


def test_columns_of_the_tables(cache):
    sessions, probes, channels, units = (
        cache.get_session_table(),
        cache.get_probes(),
        cache.get_channels(),
        cache.get_units(),
    )
    assert list(sessions) == [
        "specimen_id",
        "published_at",
        "session_type",
        "age_in_days",
        "sex",
        "full_genotype",
        "unit_count",
        "channel_count",
        "probe_count",
        "ecephys_structure_acronyms",
    ]
    assert [str(name) for name in sessions.loc[1001, "ecephys_structure_acronyms"]] == ["VISp", "nan", "CA1", "DG"]
    assert {"unit_count", "channel_count", "has_lfp_data"} <= set(probes)
    assert not {"genotype", "air_channel_index"} & set(probes)
    assert "probe_name" not in channels
    assert "probe_name" in cache.get_channels(suppress=[])
    assert channels["unit_count"].tolist() == [1, 0, 1, 0, 0, 0, 1]
    assert channels["ecephys_structure_id"].dtype.kind == "f"
    assert {"waveform_PT_ratio", "L_ratio", "ecephys_session_id", "name", "genotype"} <= set(units)
    assert units["snr"].tolist() == [1 / 3] * 3
    assert not {"has_nwb", "epoch_name_quality_metrics", "quality"} & set(units)


def test_old_spellings(cache):
    old = cache.get_sessions()
    assert {"genotype", "structure_acronyms", "date_of_acquisition", "isi_experiment_id"} <= set(old)
    assert cache.get_all_genotypes() == cache.get_all_full_genotypes() == ["wt", "Sst/wt"]
    assert [str(name) for name in cache.get_all_recorded_structures()] == ["VISp", "nan", "CA1", "DG", "LP"]
    assert cache.get_all_session_types() == ["brain_observatory_1.1", "functional_connectivity"]
    assert (cache.get_all_ages(), cache.get_all_sexes()) == ([116], ["M"])


def test_a_session_of_the_cache_takes_structures_from_the_project(cache, server):
    session = cache.get_session_data(1001)
    channels = session.channels
    assert channels.loc[104, "ecephys_structure_acronym"] == "DG"
    assert channels.loc[100, "anterior_posterior_ccf_coordinate"] == 8000.5
    assert session.units.index.tolist() == [901]
    opened = cache.get_session_data(1001, isi_violations_maximum=None, filter_out_of_brain_units=False)
    assert opened.units.index.tolist() == [901, 902, 903]
    lfp = session.get_lfp(11)
    assert lfp["channel"].values.tolist() == [100, 101, 102]
    downloads = len(server.downloads)
    session.get_lfp(11)
    assert len(server.downloads) == downloads
    with pytest.raises(KeyError, match="no local field potentials of probe 13; there are"):
        session.get_lfp(13)
    assert session.analysis_metrics.index.tolist() == [901, 903, 904]


def test_templates(cache):
    scene, movie = cache.get_natural_scene_template(7), cache.get_natural_movie_template(1)
    np.testing.assert_array_equal(scene, SCENE)
    np.testing.assert_array_equal(movie, MOVIE)
    assert movie.dtype == np.uint8
    np.testing.assert_array_equal(cache.get_natural_scene_template(np.float64(7)), SCENE)


def test_analysis_metrics(cache):
    own = cache.get_unit_analysis_metrics_for_session(1001)
    assert own.index.tolist() == [901, 903]
    assert own.index.name == "ecephys_unit_id"
    assert {"g_osi_dg", "ecephys_structure_acronym"} <= set(own)
    bare = cache.get_unit_analysis_metrics_for_session(1001, annotate=False)
    assert bare.index.tolist() == [901, 903, 904]
    assert list(bare) == ["g_osi_dg", "pref_image_ns"]
    kind = cache.get_unit_analysis_metrics_by_session_type("functional_connectivity")
    assert kind.index.tolist() == [907]


def test_two_columns_that_the_database_mixes_up(server):
    data = {"p_value_rf": True, "on_screen_rf": 0.25}
    server.rows = lambda query: [{"id": 1, "ecephys_unit_id": 5, "data": json.dumps(data)}]
    metrics = EcephysProjectWarehouseApi("http", server.host).get_unit_analysis_metrics()
    assert metrics.loc[5].tolist() == [0.25, True]


def test_a_static_copy_serves_the_same(cache, server, manifest, tmp_path):
    """`from_s3` reads a filled cache folder over HTTP."""
    tables = [cache.get_session_table(), cache.get_probes(), cache.get_channels(), cache.get_units()]
    cache.get_unit_analysis_metrics_by_session_type("brain_observatory_1.1")
    cache.get_unit_analysis_metrics_by_session_type("functional_connectivity")
    metrics = cache.get_unit_analysis_metrics_for_session(1001)
    for call in (cache.get_natural_scene_template(7), cache.get_natural_movie_template(1)):
        assert call.size
    cache.get_session_data(1001).get_lfp(11)
    server.files = {
        f"/copy/{path.relative_to(manifest.parent)}": path.read_bytes()
        for path in manifest.parent.rglob("*")
        if path.is_file()
    }
    asked = len(server.queries)
    other = EcephysProjectCache.from_s3(f"{server.address}copy", manifest=tmp_path / "other" / "m.json", fetch_tries=1)
    again = [other.get_session_table(), other.get_probes(), other.get_channels(), other.get_units()]
    for one, two in zip(tables, again):
        pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(other.get_unit_analysis_metrics_for_session(1001), metrics)
    np.testing.assert_array_equal(other.get_natural_scene_template(7), SCENE)
    np.testing.assert_array_equal(other.get_natural_movie_template(1), MOVIE)
    assert other.get_session_data(1001).get_lfp(11).shape == (4, 3)
    assert len(server.queries) == asked
    for missing in (
        lambda: other.get_session_data(3),
        lambda: other.get_natural_scene_template(3),
        lambda: other.get_natural_movie_template(3),
        lambda: other.get_unit_analysis_metrics_for_session(3),
        lambda: EcephysProjectStaticApi(f"{server.address}copy").get_probe_lfp_data(3),
    ):
        with pytest.raises(ValueError, match=r"404|no sessions \[3\]|no probe 3"):
            missing()
    with pytest.raises(ValueError, match="must begin with http"):
        EcephysProjectCache.from_s3("s3://bucket", manifest=manifest)


def test_any_object_with_the_interface_can_be_fetched_from(files, tmp_path):
    class Mine(EcephysProjectFixedApi):
        def get_session_data(self, session_id):
            return iter([files[0][:1000], files[0][1000:]])

        def get_sessions(self):
            return pd.DataFrame({"session_type": ["x"]}, index=pd.Index([1], name="id"))

    written = []

    def writer(path, stream):
        written.append(path)
        path.write_bytes(b"".join(stream))

    for extra in ({}, {"stream_writer": writer}):
        folder = tmp_path / str(len(extra))
        cache = EcephysProjectCache(Mine(), manifest=folder / "manifest.json", **extra)
        assert cache.get_session_data(1001).ecephys_session_id == 1001
        assert sorted(path.name for path in (folder / "session_1001").iterdir()) == ["session_1001.nwb"]
    assert len(written) == 1
    assert written[0].name != "session_1001.nwb"


def test_lims_is_refused(manifest):
    with pytest.raises(NotImplementedError, match="internal database"):
        EcephysProjectCache.from_lims(manifest=manifest)


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_reading_comes_first_and_fetching_is_counted(tmp_path, tries):
    """Read, then fetch as often as was asked for; a success is written, read, and then only read."""
    trace = []

    def read(path):
        trace.append("R")
        return path.read_text()

    def fail():
        trace.append("F")
        msg = "no"
        raise LookupError(msg)

    path = tmp_path / "x" / "file"
    if tries > 1:
        with pytest.warns(UserWarning, match="trying again"), pytest.raises(LookupError, match="no"):
            cached(path, fail, lambda *_: None, read, tries)
    else:
        with pytest.raises(LookupError, match="no"):
            cached(path, fail, lambda *_: None, read, tries)
    assert trace == ["R", *"F" * tries]
    trace.clear()

    def fetch():
        trace.append("F")
        return "data"

    def write(where, data):
        trace.append("W")
        where.write_text(data)

    assert cached(path, fetch, write, read, tries) == "data"
    assert cached(path, fetch, write, read, tries) == "data"
    assert trace == list("RFWRR")


def test_a_damaged_file_is_healed(cache, manifest):
    cache.get_session_data(1001)
    path = manifest.parent / "session_1001" / "session_1001.nwb"
    path.write_bytes(path.read_bytes()[:500])
    assert cache.get_session_data(1001).units.index.tolist() == [901]


def test_a_damaged_file_survives_when_nothing_may_be_fetched(cache, manifest):
    cache.get_session_data(1001)
    path = manifest.parent / "session_1001" / "session_1001.nwb"
    path.write_bytes(b"mine")
    with pytest.raises(MissingDataError, match="session 1001") as caught:
        EcephysProjectCache.fixed(manifest=manifest).get_session_data(1001)
    assert "is there, but cannot be read" in caught.value.__notes__[0]
    assert path.read_bytes() == b"mine"


# ---- nothing outside of the folder -----------------------------------------------------------------------------------


def crafted(manifest, changes):
    EcephysProjectCache.fixed(manifest=manifest)
    rows = json.loads(manifest.read_text())["manifest"]
    for row in rows:
        row.update(changes.get(row.get("key"), {}))
    manifest.write_text(json.dumps({"manifest": rows}))
    return EcephysProjectCache.fixed(manifest=manifest)


@pytest.mark.parametrize(
    "changes",
    [
        {"sessions": {"spec": "../outside.csv"}},
        {"sessions": {"spec": "/etc/outside.csv"}},
        {"sessions": {"spec": "a/../../outside.csv"}},
        {"sessions": {"spec": "."}},
        {"BASEDIR": {"spec": "/"}},
        {"BASEDIR": {"spec": ".."}},
        {"BASEDIR": {"spec": "../cache-of-another"}},
    ],
)
def test_a_crafted_manifest_leads_nowhere(manifest, changes):
    with pytest.raises(ValueError, match="outside of its folder"):
        crafted(manifest, changes).get_session_table()


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"sessions": {"spec": "%s.csv"}}, ValueError, "cannot be filled"),
        ({"sessions": {"spec": "%1000000000d"}}, ValueError, "cannot be filled"),
        ({"sessions": {"parent_key": "sessions"}}, KeyError, "no usable entry"),
        ({"sessions": {"parent_key": "nowhere"}}, KeyError, "no usable entry 'nowhere'"),
    ],
)
def test_a_manifest_that_makes_no_sense(manifest, changes, error, match):
    with pytest.raises(error, match=match):
        crafted(manifest, changes).get_session_table()


def test_a_manifest_inside_may_be_moved(cache, manifest, tmp_path):
    sessions = cache.get_session_table()
    shutil.move(manifest.parent, tmp_path / "moved")
    moved = EcephysProjectCache.fixed(manifest=tmp_path / "moved" / "manifest.json")
    pd.testing.assert_frame_equal(moved.get_session_table(), sessions)
    inside = crafted(tmp_path / "moved" / "manifest.json", {"BASEDIR": {"spec": str(tmp_path / "moved")}})
    assert inside.get_cache_path(None, "session_nwb", 1, 1) == tmp_path / "moved" / "session_1" / "session_1.nwb"
    assert inside.manifest_dataframe().loc["probe_lfp_nwb"].tolist() == ["file", "probe_%d_lfp.nwb"]


@pytest.mark.parametrize("name", ["../../evil", "a/b", "..", "a\\b", "C:evil", ""])
def test_a_crafted_session_type_leads_nowhere(manifest, name):
    """A session type comes from the server, and becomes part of the name of a file."""

    class Crafted(EcephysProjectFixedApi):
        pass

    cache = EcephysProjectCache(Crafted(), manifest=manifest)
    with pytest.raises(ValueError, match="cannot be part of the name"):
        cache.get_cache_path(None, "typewise_analysis_metrics", name)


def test_a_crafted_session_type_from_the_server_writes_nothing(server, manifest):
    from allen_server import SESSIONS

    rows = server.rows
    bad = [{**SESSIONS[0], "stimulus_name": "../../evil"}, SESSIONS[1]]
    server.rows = lambda query: (
        bad if "model::EcephysSession[" in query or query.startswith("criteria=model::EcephysSession,") else rows(query)
    )
    cache = EcephysProjectCache.from_warehouse("http", server.host, manifest=manifest)
    with pytest.raises(ValueError, match="cannot be part of the name"):
        cache.get_unit_analysis_metrics_by_session_type("../../evil")
    assert not list(manifest.parent.parent.glob("*evil*"))


def test_a_link_from_the_server_stays_on_the_server(server):
    api = EcephysProjectWarehouseApi("http", server.host)
    for link in ("@evil.example/x", "//evil.example/x", "file:///etc/passwd", "../../x"):
        assert api._remote(link).url.startswith(f"http://{server.host}/")


def test_files_that_are_no_manifest(tmp_path):
    for text in ("", "[]", "{}", '{"manifest": 3}', '{"manifest": [1]}'):
        (tmp_path / "m.json").write_text(text)
        with pytest.raises(ValueError, match="is no manifest"):
            EcephysProjectCache.fixed(manifest=tmp_path / "m.json")
    (tmp_path / "m.json").write_text('{"manifest": []}')
    with pytest.raises(ManifestVersionError, match="version None") as caught:
        EcephysProjectCache.fixed(manifest=tmp_path / "m.json")
    assert caught.value.outdated is None


def test_helpers_of_the_server():
    assert npy(MOVIE)[:6] == b"\x93NUMPY"
    assert tiff(SCENE)[:2] in (b"II", b"MM")


TEXT = st.text(st.sampled_from("./\\\\abc%ds:~-\x00 "), max_size=12)


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(["BASEDIR", "session_data", "session_nwb"]), TEXT), st.lists(TEXT | st.integers())
)
def test_no_manifest_and_no_argument_leads_outside(tmp_path_factory, specs, arguments):
    """Whatever stands in a manifest, and whatever is filled in: a path inside of its folder, or an error."""
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    manifest = folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    try:
        place = crafted(manifest, {key: {"spec": spec} for key, spec in specs.items()}).get_cache_path(
            None, "session_nwb", *arguments
        )
    except ValueError:
        return
    assert folder in Path(os.path.realpath(place)).parents


def test_reprs_say_where_things_are(cache, manifest, server):
    assert repr(cache) == f"EcephysProjectCache({str(manifest)!r}, fetching from {cache.fetch_api!r})"
    assert server.host in repr(EcephysProjectWarehouseApi.default(scheme="http", host=server.host, asynchronous=False))
    assert "amazonaws" in repr(EcephysProjectStaticApi())
    assert repr(EcephysProjectFixedApi()) == "EcephysProjectFixedApi()"
    assert "session_1001.nwb" in repr(cache.get_session_data(1001))
