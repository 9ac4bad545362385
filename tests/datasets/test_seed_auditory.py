"""The inspection of an auditory data set, as a notebook for deepSTRF has it: imports changed, torch's words NumPy's."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rheobase.datasets.strf import STRF, CRCNSAA4Dataset, simulate_aa4

DT_MS = 5
ANIMAL = "LblBlu2028M"
SIZES = {"n_units": 9, "n_songs": 2, "n_calls": 2, "n_noises": 1, "n_repeats": 4}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A folder in the place where a download would have put it, and what it was made of."""
    root = tmp_path_factory.mktemp("cache")
    return root, simulate_aa4(root / "AA4", animal=ANIMAL, coverage=0.5, seed=5, **SIZES)


@pytest.mark.filterwarnings("ignore:The set_bad function:PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning")  # the notebook's own way to a maximum
def test_the_notebook_runs_to_its_end(recording, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RHEOBASE_DATA_DIR", str(recording[0]))

    # 1. the data set, from the cache
    ds = CRCNSAA4Dataset(download=True, animals=(ANIMAL,), dt_ms=DT_MS, smooth=True)
    print(ds)
    print(f"first stim_meta: {ds.stim_meta[0]}")
    print(f"first nrn_meta:  {ds.nrn_meta[0]}")
    m = ds.nrn_masks
    print(f"nrn_masks shape {tuple(m.shape)} valid={int(m.sum())}/{m.size} coverage={m.mean().item():.2%}")
    printed = capsys.readouterr().out
    assert printed.startswith("CRCNSAA4Dataset(9 neurons, 9 selected, 5 stimuli")
    assert "nrn_masks shape (5, 9)" in printed

    # 2. one neuron: spectrogram, raster, PSTH
    per_cell_cov = m.sum(axis=0)
    n_idx = int(per_cell_cov.argmax().item())
    valid_s = [s for s in range(m.shape[0]) if m[s, n_idx]]
    picks = [valid_s[i] for i in np.linspace(0, len(valid_s) - 1, 4).astype(int)]
    fig, axes = plt.subplots(3, len(picks), figsize=(4 * len(picks), 8), sharex="col")
    for col, s in enumerate(picks):
        spec = ds.stims[s][0]
        resp = ds.responses[s][n_idx]
        psth = resp.mean(axis=0)
        R, T = resp.shape
        t_axis = np.arange(T) * DT_MS / 1000.0
        ax = axes[0, col]
        ax.imshow(spec, origin="lower", aspect="auto", extent=[t_axis[0], t_axis[-1], 0, spec.shape[0]])
        ax.set_title(f"s={s}  {ds.stim_meta[s]['type']}/{ds.stim_meta[s]['class']}  {ds.stim_meta[s]['name'][:10]}")
        ax = axes[1, col]
        ax.imshow(resp, origin="lower", aspect="auto", cmap="gray_r", extent=[t_axis[0], t_axis[-1], 0, R])
        axes[2, col].plot(t_axis, psth)
        assert spec.shape == (32, T)
    plt.suptitle(f"cell {n_idx}: {ds.nrn_meta[n_idx]['cell_id']}", y=1.02)
    fig.savefig(tmp_path / "cell.png")

    # 3. all neurons, one sound
    per_stim_cov = m.sum(axis=1)
    s_idx = int(per_stim_cov.argmax().item())
    T = ds.stims[s_idx].shape[-1]
    N = ds.N_neurons
    psth_pop = np.full((N, T), np.nan, dtype=np.float32)
    for n in range(N):
        if m[s_idx, n]:
            psth_pop[n] = ds.responses[s_idx][n].mean(axis=0)
    with np.errstate(invalid="ignore"):
        row_max = np.nanmax(psth_pop, axis=1, keepdims=True)
        row_max[row_max == 0] = 1.0
        psth_pop_norm = psth_pop / row_max
    fig, axes = plt.subplots(2, 1, figsize=(10, 8), sharex=True, gridspec_kw={"height_ratios": [1, 4]})
    spec = ds.stims[s_idx][0]
    t_axis = np.arange(T) * DT_MS / 1000.0
    axes[0].imshow(spec, origin="lower", aspect="auto", extent=[t_axis[0], t_axis[-1], 0, spec.shape[0]])
    cmap = plt.get_cmap("viridis").copy()
    cmap.set_bad(color="lightgrey")
    extent = [t_axis[0], t_axis[-1], 0, N]
    image = {"origin": "lower", "aspect": "auto", "cmap": cmap, "extent": extent, "interpolation": "nearest"}
    im = axes[1].imshow(np.ma.masked_invalid(psth_pop_norm), **image)
    fig.colorbar(im, ax=axes[1], label="normalised PSTH")
    n_invalid = int((~m[s_idx]).sum())
    assert np.isnan(psth_pop_norm).all(axis=1).sum() == n_invalid > 0
    fig.savefig(tmp_path / "population.png")

    # 4. selections
    assert len(ds.select_pop_by_nrn_attr("animal_id", ANIMAL)) == N
    assert len(ds) == 5
    sel = ds.select_pop_by_stim_attr("type", "song")
    songs = [s for s, meta in enumerate(ds.stim_meta) if meta["type"] == "song"]
    assert sel == np.flatnonzero(m[songs].any(axis=0)).tolist()
    ds.reset_pop_selection()
    assert len(ds) == 5
    assert ds.select_stims_by_attr("type", "song") == songs
    assert len(ds) == 2
    ds.reset_stim_selection()
    assert len(ds) == 5

    # 5. neurons by electrode
    order = sorted(range(N), key=lambda i: (ds.nrn_meta[i]["electrode"], ds.nrn_meta[i].get("subsort_id") or 0))
    psth_pop_norm_reord = psth_pop_norm[order]
    electrodes = [ds.nrn_meta[i]["electrode"] for i in order]
    fig, ax = plt.subplots(figsize=(10, 6))
    im = ax.imshow(np.ma.masked_invalid(psth_pop_norm_reord), **image)
    fig.colorbar(im, ax=ax, label="normalised PSTH")
    ax2 = ax.twinx()
    ax2.set_ylim(ax.get_ylim())
    ax2.set_yticks((np.arange(N) + 0.5)[::4])
    ax2.set_yticklabels([f"e{electrodes[i]}" for i in range(0, N, 4)], fontsize=7)
    boundary = next((y for y, e in enumerate(electrodes) if e > 16), None)
    assert boundary is not None
    assert electrodes[boundary - 1] <= 16 < electrodes[boundary]
    ax.axhline(boundary, color="red", linestyle="--", linewidth=1)
    fig.savefig(tmp_path / "electrodes.png")
    for name in ("cell", "population", "electrodes"):
        assert plt.imread(tmp_path / f"{name}.png").std() > 0.05  # something is drawn


def test_the_simulated_recording_is_what_it_says(recording):
    _, simulated = recording
    ds = CRCNSAA4Dataset(simulated.path, dt_ms=DT_MS, smooth=False)
    assert [meta["cell_id"] for meta in ds.nrn_meta] == simulated.cell_ids
    assert simulated.fields.shape == (ds.N_neurons, ds.F, simulated.lags_ms.size)
    np.testing.assert_allclose(simulated.frequencies, ds.frequencies)
    assert len(list((simulated.path / ANIMAL).glob("*.h5"))) == ds.N_neurons + 1  # and one of noise
    assert ds.nrn_masks.any(axis=0).all()
    assert ds.nrn_masks.any(axis=1).all()
    assert not ds.nrn_masks.all()
    pairs = [ds.responses[s][n] for s, n in zip(*np.nonzero(ds.nrn_masks), strict=True)]
    assert any((one.sum(axis=1) == 0).any() for one in pairs)  # silent repeats are kept
    repeats = {len(one) for one in pairs}
    assert len(repeats) > 1
    for options, message in (({"n_units": 0}, "n_units must be at least 1"), ({"coverage": 2}, "fraction from 0 to 1")):
        with pytest.raises(ValueError, match=message):
            simulate_aa4(simulated.path, **options)
    with pytest.raises(FileExistsError, match="holds units already: give another path or animal"):
        simulate_aa4(simulated.path, animal=ANIMAL)


def test_receptive_fields_of_a_simulated_recording_are_found(tmp_path):
    """With the truth's own lags and a fixed strength: the next step that the notebook names."""
    simulated = simulate_aa4(tmp_path, n_units=2, n_songs=1, n_calls=0, n_noises=5, n_repeats=12, coverage=1.0)
    ds = CRCNSAA4Dataset(simulated.path, dt_ms=DT_MS, smooth=False)
    strf = STRF(tmax=0.055, penalty="smooth", strength=[0.1, 0.1]).fit(ds)
    np.testing.assert_array_equal(strf.lags_ms_, simulated.lags_ms)
    for field, truth in zip(strf.weights_, simulated.fields, strict=True):
        assert np.corrcoef(field.ravel(), truth.ravel())[0, 1] > 0.6  # about 0.8 with this much sound
