"""Notebooks run from top to bottom, and are stored without what running them leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers import DATA

FOLDER = Path(__file__).resolve().parents[1] / "gallery" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def code_cells(notebook: Path) -> list[dict]:
    return [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_is_stored_but_text_and_code(notebook):
    for cell in code_cells(notebook):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.parametrize("data", ["recording", "simulation"])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_run_in_order(notebook, data, monkeypatch, tmp_path):
    """As plain Python, so that it needs no kernel; cells tagged as errors raise one."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RHEOBASE_DATA", str(DATA) if data == "recording" else str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # a slider needs a browser
    names: dict[str, object] = {}
    for cell in code_cells(notebook):
        program = compile("".join(cell["source"]), f"{notebook.name}, cell {cell['id']}", "exec")
        if "raises-exception" in cell["metadata"].get("tags", []):
            with pytest.raises(ValueError, match="Did you mean"):
                exec(program, names)
        else:
            exec(program, names)
    assert plt.get_fignums()
    plt.close("all")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_kernel_runs_it(notebook, tmp_path, monkeypatch):
    """As a reader runs it; skipped where Jupyter is not installed."""
    reason = "notebooks are run by a kernel where nbclient and ipykernel are installed"
    nbclient = pytest.importorskip("nbclient", reason=reason)
    nbformat = pytest.importorskip("nbformat", reason=reason)
    pytest.importorskip("ipykernel", reason=reason)
    opened = nbformat.read(notebook, as_version=4)
    nbformat.validate(opened)
    monkeypatch.setenv("RHEOBASE_DATA", str(DATA))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # pictures belong in the notebook
    nbclient.NotebookClient(opened, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in opened.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
