// The pictures: what is drawn for one neuron, and for all of them.

const withUnit = (axis) => (axis.unit ? `${axis.label} (${axis.unit})` : axis.label);
const isAngle = (axis) => axis.unit === "rad" && axis.values.length > 2 && Math.abs(ends(axis.values)[1] - ends(axis.values)[0] - 2 * Math.PI) < 0.5;
const ends = (values) => [values[0], values[values.length - 1]];
/** From edge to edge, where values are the middles of equal cells. */
const cellEnds = (values) => { const half = values.length > 1 ? (values[1] - values[0]) / 2 : 0.5; return [values[0] - half, values[values.length - 1] + half]; };

let pending = [];

/** A figure with heading, note and legend; `draw(host)` is called when all figures stand, and with them their widths. */
function panel(grid, heading, { note = "", legend = [], wide = false }, draw) {
  const figure = html("figure", wide ? { class: "wide" } : {}, html("h3", {}, heading));
  const host = html("div", { class: "chart" });
  figure.append(html("p", { class: "note" }, note), html("ul", { class: "legend" }, ...legend.map(swatch)), host);
  grid.append(figure);
  pending.push(() => draw(host));
}

function drawPending() {
  const ready = pending;
  pending = [];
  ready.forEach((draw) => draw());
}

function swatch([style, text, kind = "line"]) {
  const shapes = {
    line: () => svg("line", { x1: 0, x2: 18, y1: 5, y2: 5, stroke: "currentColor", "stroke-width": 2.2 }),
    dot: () => svg("circle", { cx: 9, cy: 5, r: 3.2, fill: "currentColor" }),
    band: () => svg("rect", { x: 0, y: 0, width: 18, height: 10, fill: "currentColor", opacity: 0.25 }),
  };
  return html("li", { class: style }, svg("svg", { viewBox: "0 0 18 10", "aria-hidden": "true" }, shapes[kind]()), html("span", { style: "color:var(--ink)" }, text));
}

const effectKind = () => (DATA.gain ? "gain" : "plain");
const effectLabel = () => (DATA.gain ? "Factor on the rate (log axis)" : "Effect on the linear predictor");

const lower = (c) => c.value.map((v, i) => (isKnown(v) && isKnown(c.half[i]) ? v - c.half[i] : null));
const upper = (c) => c.value.map((v, i) => (isKnown(v) && isKnown(c.half[i]) ? v + c.half[i] : null));

/** Limits of an effect: all of the curves, and of their intervals no more than as much again on either side. */
function effectDomain(curves) {
  const [low, high] = extent([0], ...curves.map((c) => c.value));
  const room = Math.max(high - low, 0.02);
  const all = extent([low, high], ...curves.flatMap((c) => (c.half ? [lower(c), upper(c)] : [])));
  return pad([Math.max(all[0], low - room), Math.min(all[1], high + room)]);
}

function drawTuning(grid, neuron) {
  DATA.tuning.forEach((shared, k) => {
    const { measured, predicted } = neuron.tuning[k];
    if (shared.axes.length === 2) return drawTuningMaps(grid, shared, measured, predicted);
    const axis = shared.axes[0], legend = [["measured", "measured", "dot"], ["model", "predicted, held out"]];
    panel(grid, `Tuning to ${axis.label}`, { legend, note: "Spikes, and expected spikes, over seconds spent. Grey below: seconds spent." }, (host) => {
      const xs = axis.values, domain = cellEnds(xs), y = [0, extent([1e-9], measured, predicted)[1] * 1.08];
      const a = axes(host, { x: { domain, label: withUnit(axis), kind: isAngle(axis) ? "angle" : "plain" }, y: { domain: y, label: "Rate (Hz)" }, title: `Tuning to ${axis.label}, measured and predicted` });
      const most = extent([0], shared.occupancy)[1] || 1, wide = a.width / xs.length;
      xs.forEach((x, i) => {
        const tall = 0.22 * a.height * shared.occupancy[i] / most, middle = shared.levels ? a.px(x) : a.left + (i + 0.5) * wide;
        const size = shared.levels ? Math.min(wide * 0.6, 24) : wide;
        a.plot.append(svg("rect", { class: "occupancy", x: middle - size / 2, y: a.top + a.height - tall, width: size, height: tall }));
      });
      if (shared.levels) dots(a, xs, predicted, "model", 4.5); else line(a, xs, predicted, "model");
      dots(a, xs, measured, "measured");
    });
  });
}

function drawTuningMaps(grid, shared, measured, predicted) {
  const [first, second] = shared.axes, [n, m] = [first.values.length, second.values.length];
  const domain = [0, extent([1e-9], measured, predicted)[1]];
  for (const [heading, values] of [["measured", measured], ["predicted", predicted]]) {
    panel(grid, `Rate over ${shared.label}, ${heading}`, { note: heading === "measured" ? "Spikes over seconds spent; grey: never there." : "Expected spikes, held out, over seconds spent; same colours." }, (host) => {
      const valueAt = (i, j) => values[i * m + j];
      heatmap(host, { n, m, valueAt, ...mapAxes(first, second), bar: { domain, stops: VIRIDIS, label: "Rate (Hz)" }, title: `Map of the rate, ${heading}` });
    });
  }
}

function mapAxes(first, second) {
  const [x, y] = [cellEnds(first.values), cellEnds(second.values)];
  const same = first.unit && first.unit === second.unit, ratio = same ? (y[1] - y[0]) / (x[1] - x[0]) : 0.8;
  return { x: { domain: x, label: withUnit(first) }, y: { domain: y, label: withUnit(second) }, ratio: Math.max(Math.min(ratio, 1.3), 0.3) };
}

function drawTerms(grid, neuron) {
  DATA.terms.forEach((shared, k) => {
    const { curves, left_out } = neuron.terms[k];
    if (!curves.length) return;
    if (shared.kind === "map") return drawEffectMap(grid, shared, curves[0]);
    const own = curves.filter((c) => c.name === "own spikes"), others = curves.filter((c) => c.name !== "own spikes");
    const intervals = curves[0].half ? "Shade: 95 % interval." : `No intervals: ${DATA.no_intervals || "none are known"}.`;
    const about = shared.kind === "curve" ? "1 is its average (of the log rate)." : "";
    if (own.length) drawCurves(grid, shared, own, "After its own spike", intervals);
    if (!others.length) return;
    const heading = shared.events && shared.kind === "filter" ? (others[0].name ? `After spikes of others${DATA.coupling.length > 1 ? ` (${shared.label})` : ""}` : `After ${shared.label}`)
      : shared.kind === "filter" ? `Filter of ${shared.label}` : shared.kind === "curve" ? `Effect of ${shared.label}` : `Coefficients of ${shared.label}`;
    const rest = left_out ? `The ${others.length} strongest of ${others.length + left_out}.` : "";
    drawCurves(grid, shared, others, heading, [DATA.gain ? about : "", rest, intervals].filter(Boolean).join(" "));
  });
}

function drawCurves(grid, shared, curves, heading, note) {
  const named = curves.length > 1 || (curves[0].name && curves[0].name !== "own spikes");
  const styles = curves.map((_, k) => (named ? `s${k % 6}` : "model"));
  const legend = named ? curves.map((c, k) => [styles[k], shared.events ? `unit ${c.name}` : c.name]) : [];
  const axis = shared.axes[0], xs = axis.values;
  panel(grid, heading, { note, legend }, (host) => {
    if (shared.kind === "coefficients") return drawCoefficients(host, curves, styles, heading);
    const domain = shared.kind === "filter" ? [Math.min(0, xs[0]), xs[xs.length - 1]] : ends(xs);
    const x = { domain, label: withUnit(axis), kind: shared.kind === "curve" && isAngle(axis) ? "angle" : "plain" };
    const a = axes(host, { x, y: { domain: effectDomain(curves), label: effectLabel(), kind: effectKind() }, title: heading });
    horizontal(a, 0);
    curves.forEach((c, k) => { if (c.half) band(a, xs, lower(c), upper(c), styles[k]); });
    curves.forEach((c, k) => line(a, xs, c.value, styles[k]));
    if (shared.kind === "filter" && xs.length <= 16) curves.forEach((c, k) => dots(a, xs, c.value, styles[k], 2.2));
  });
}

function drawCoefficients(host, curves, styles, title) {
  const flat = curves.length > 1 && curves.every((c) => c.value.length === 1), n = flat ? curves.length : curves[0].value.length;
  const many = flat ? curves.map((c, k) => [k, c, 0, styles[k]]) : curves.flatMap((c, k) => c.value.map((_, i) => [i + (k - (curves.length - 1) / 2) * 0.12, c, i, styles[k]]));
  const names = flat ? curves.map((c) => c.name) : curves[0].value.map((_, i) => String(i));
  const every = Math.ceil(n / 12), marked = names.map((name, i) => [i, name]).filter(([i]) => i % every === 0);
  const a = axes(host, { x: { domain: [-0.6, n - 0.4], label: flat ? "Channel" : "Coefficient", marks: marked }, y: { domain: effectDomain(curves), label: effectLabel(), kind: effectKind() }, title });
  horizontal(a, 0);
  for (const [x, c, i, style] of many) {
    if (c.half && isKnown(c.half[i])) a.plot.append(svg("line", { class: `whisker ${style}`, x1: a.px(x), x2: a.px(x), y1: a.py(c.value[i] - c.half[i]), y2: a.py(c.value[i] + c.half[i]) }));
    if (isKnown(c.value[i])) a.plot.append(svg("circle", { class: `dot ${style}`, cx: a.px(x), cy: a.py(c.value[i]), r: 3.2 }));
  }
}

function drawEffectMap(grid, shared, curve) {
  const [first, second] = shared.axes, [n, m] = [first.values.length, second.values.length];
  const tuning = DATA.tuning.find((t) => t.label === shared.label && t.axes.length === 2);
  const seen = (k) => !tuning || tuning.occupancy.length !== n * m || tuning.occupancy[k] > 0;
  const values = curve.value.map((v, k) => (seen(k) ? v : null)), [low, high] = extent(values), limit = Math.max(-low, high, 1e-3);
  const sign = { stops: DIVERGING, kind: effectKind(), label: DATA.gain ? "Factor" : "Effect" };
  const note = DATA.gain ? "Factor on the rate; 1 is its average (of the log rate). Grey: never there." : "On the linear predictor. Grey: never there.";
  panel(grid, `Effect of ${shared.label}`, { note }, (host) => {
    heatmap(host, { n, m, valueAt: (i, j) => values[i * m + j], ...mapAxes(first, second), bar: { ...sign, domain: [-limit, limit] }, title: `Map of the effect of ${shared.label}` });
  });
  if (!curve.half) return;
  const half = curve.half.map((v, k) => (seen(k) ? v : null));
  const sure = DATA.gain ? "Half-width of the 95 % interval of that factor: \u00d7 and \u00f7 so much." : "Half-width of its 95 % interval.";
  panel(grid, "How well it is known", { note: sure }, (host) => {
    const bar = { domain: [0, extent(half)[1] || 1], stops: VIRIDIS, kind: effectKind(), label: DATA.gain ? "\u00d7 or \u00f7" : "\u00b1" };
    heatmap(host, { n, m, valueAt: (i, j) => half[i * m + j], ...mapAxes(first, second), bar, title: "Half-width of the interval" });
  });
}

function drawTiming(grid, neuron) {
  if (!neuron.ks) return;
  const { ks_distance: distance, ks_band: half } = neuron.scores, xs = DATA.ks, known = isKnown(half);
  const verdict = !known || !isKnown(distance) ? "Too few spikes to tell."
    : `Held out. Distance ${show(distance)}, band ${show(half)}: ${distance <= half ? "inside, the timing is that of the model." : "outside, the timing is not all explained."}`;
  panel(grid, "Timing of spikes (KS plot)", { note: verdict, legend: [["model", "model"], ["quiet", "95 % band of the true model", "band"]] }, (host) => {
    const a = axes(host, { x: { domain: [0, 1], label: "Expected fraction of intervals" }, y: { domain: [0, 1], label: "Measured fraction" }, square: true, title: "KS plot of rescaled intervals" });
    if (known) band(a, [0, 1], [-half, 1 - half], [half, 1 + half], "quiet");
    line(a, [0, 1], [0, 1], "quiet thin");
    line(a, xs, neuron.ks, "model");
  });
}

function drawTrace(grid, neuron) {
  if (!neuron.trace) return;
  const { measured, predicted, spikes, window: number } = neuron.trace, stretch = DATA.windows[number];
  const t = stretch.t.map((v) => v + stretch.start), domain = [stretch.start, stretch.end];
  const note = `The held-out stretch in which its prediction changes most (with a history term, it knows the spikes before each bin). Both rates are smoothed (Gaussian, ${show(DATA.smoothing * 1e3)} ms). Above: spikes.`;
  const several = stretch.covariates.filter((signal) => signal.lines.length > 1);
  const legend = [["measured", "measured"], ["model", "predicted, held out"], ...several.flatMap((signal) => signal.lines.map((l, k) => [signalStyle(k), `${signal.label} ${l.name}`]))];
  panel(grid, "Rate, measured and predicted", { note, wide: true, legend }, (host) => {
    const y = [0, extent([1e-9], measured, predicted)[1] * 1.08], below = stretch.covariates.length > 0;
    const a = axes(host, { x: { domain, label: "Time (s)", hide: below }, y: { domain: y, label: "Rate (Hz)" }, height: 222, top: 32, left: 62, title: "Rate over time, measured and predicted" });
    const ticks = spikes.map((s) => `M${a.px(stretch.start + s).toFixed(1)},${a.top - 4}v-9`).join("");
    a.over.append(svg("path", { class: "tick measured", d: ticks }));
    const outline = runs(t, measured).map((run) => `M${spot(a.px(run[0][0]))},${spot(a.py(0))}L` + run.map(([u, v]) => `${spot(a.px(u))},${spot(a.py(v))}`).join("L") + `L${spot(a.px(run[run.length - 1][0]))},${spot(a.py(0))}Z`).join("");
    a.plot.append(svg("path", { class: "area", d: outline }));
    line(a, t, measured, "measured thin");
    line(a, t, predicted, "model");
    stretch.covariates.forEach((signal, k) => drawBehaviour(host, signal, t, domain, k === stretch.covariates.length - 1));
  });
}

const signalStyle = (k) => ["s0", "s4", "s3"][k % 3];

function drawBehaviour(host, signal, t, domain, last) {
  const shared = DATA.terms.find((term) => term.label === signal.label), [low, high] = extent(...signal.lines.map((l) => l.value));
  const angle = shared && shared.axes.length === 1 && shared.kind === "curve" && isAngle(shared.axes[0]);
  const unit = DATA.units[signal.label], text = signal.label + (unit ? ` (${unit})` : "");
  const y = { domain: angle ? [0, 2 * Math.PI] : pad([low, high], 0.08), kind: angle ? "angle" : "plain", label: text };
  const a = axes(host, { x: { domain, label: "Time (s)", hide: !last }, y, height: last ? 126 : 96, left: 62, title: `${signal.label} over time` });
  signal.lines.forEach((l, k) => line(a, t, l.value, signalStyle(k), { jump: shared && shared.periodic ? (high - low) / 2 : undefined }));
}

// ---- all neurons

function drawPopulation(grid, chosen, choose) {
  const scores = DATA.neurons.map((neuron) => neuron.scores.pseudo_r2), rates = DATA.neurons.map((neuron) => neuron.scores.rate);
  if (DATA.neurons.length > 1) { drawDistribution(grid, scores); drawScatter(grid, scores, rates, chosen, choose); }
  DATA.coupling.forEach((map) => drawCoupling(grid, map, chosen, choose));
  grid.parentNode.hidden = !grid.childNodes.length;
}

function drawDistribution(grid, scores) {
  const known = scores.filter(isKnown);
  if (!known.length) return;
  const sorted = [...known].sort((a, b) => a - b), mid = (sorted.length - 1) / 2, median = (sorted[Math.floor(mid)] + sorted[Math.ceil(mid)]) / 2;
  const note = `Dashed: median ${show(median)}. Right of 0: better than a constant rate.`;
  panel(grid, "Pseudo-R\u00b2, held out", { note }, (host) => {
    const [low, high] = extent([0], known), steps = ticks(low, high, Math.min(24, Math.max(8, known.length / 2))), step = steps.length > 1 ? steps[1] - steps[0] : 1;
    const first = Math.floor(low / step), bins = Array(Math.max(Math.ceil(high / step - 1e-9) - first, 1)).fill(0);
    for (const v of known) bins[Math.min(Math.floor(v / step + 1e-9) - first, bins.length - 1)]++;
    const most = Math.max(...bins), whole = ticks(0, most, 4).filter((v) => Number.isInteger(v)).map((v) => [v, String(v)]);
    const a = axes(host, { x: { domain: [first * step, (first + bins.length) * step], label: "Pseudo-R\u00b2" }, y: { domain: [0, most * 1.06], label: "Neurons", marks: whole }, title: note });
    bins.forEach((n, k) => {
      const from = a.px((first + k) * step), to = a.px((first + k + 1) * step);
      if (n) a.plot.append(svg("rect", { class: "bars s0", x: from + 0.5, width: Math.max(to - from - 1, 1), y: a.py(n), height: a.py(0) - a.py(n) }));
    });
    for (const [v, dashed] of [[0, false], [median, true]])
      a.plot.append(svg("line", { class: dashed ? "reference" : "axis", x1: a.px(v), x2: a.px(v), y1: a.top, y2: a.top + a.height }));
  });
}

function drawScatter(grid, scores, rates, chosen, choose) {
  const xs = rates.map((r) => (r > 0 ? Math.log10(r) : null)), some = scores.map((s, k) => (isKnown(s) && isKnown(xs[k]) ? k : -1)).filter((k) => k >= 0);
  if (!some.length) return;
  panel(grid, "Pseudo-R\u00b2 against rate", { note: "A point for each neuron; choose one for its pictures." }, (host) => {
    const readout = html("p", { class: "readout", "aria-hidden": "true" });
    const a = axes(host, { x: { domain: pad(extent(some.map((k) => xs[k])), 0.08), label: "Rate (Hz, log axis)", kind: "log10" }, y: { domain: pad(extent([0], some.map((k) => scores[k])), 0.08), label: "Pseudo-R\u00b2, held out" }, title: "Pseudo-R\u00b2 of each neuron against its rate" });
    host.append(readout);
    horizontal(a, 0);
    for (const k of some) {
      const point = svg("circle", { class: "point s0", cx: a.px(xs[k]), cy: a.py(scores[k]), r: some.length > 80 ? 3.4 : 4.6, "data-neuron": k });
      point.addEventListener("click", () => choose(k, true));
      point.addEventListener("mouseenter", () => { readout.textContent = `unit ${DATA.neurons[k].name}: ${show(rates[k])} Hz, pseudo-R\u00b2 ${show(scores[k])}`; });
      point.addEventListener("mouseleave", () => { readout.textContent = ""; });
      a.over.append(point);
    }
    chosen.push((neuron) => {
      for (const point of a.root.querySelectorAll(".point")) {
        const is = Number(point.getAttribute("data-neuron")) === neuron;
        point.classList.toggle("is-chosen", is);
        if (is) a.over.append(point);
      }
    });
  });
}

function drawCoupling(grid, map, chosen, choose) {
  const [m, n] = [map.values.length, map.senders.length], names = DATA.neurons.map((neuron) => neuron.name);
  const sizes = map.values.flat().filter(isKnown).map(Math.abs).sort((p, q) => p - q), most = sizes[sizes.length - 1] || 0, usual = sizes[Math.floor(0.98 * (sizes.length - 1))] || 0;
  const limit = Math.max(most > 2 * usual && usual > 0 ? 1.5 * usual : most, 1e-3), span = `${show(map.window * 1e3)} ms`;
  const note = (DATA.gain ? "Factor on the receiver's rate after one spike of the sender" : "Effect on the receiver after one spike of the sender") + `, mean over its window of ${span}. Grey: none.` + (most > limit ? " A few effects are stronger than the ends of the colours." : "");
  panel(grid, map.label === "coupling" ? "Coupling map" : `Coupling map (${map.label})`, { note }, (host) => {
    const readout = html("p", { class: "readout", "aria-hidden": "true" });
    const every = (count) => Math.max(1, Math.ceil(count / 12)), pick = (list) => list.map((name, k) => [k, name]).filter(([k]) => k % every(list.length) === 0);
    const a = heatmap(host, {
      n, m, valueAt: (i, j) => map.values[j][i], ratio: m / n, title: `Coupling map: ${m} receivers and ${n} senders`,
      x: { domain: [-0.5, n - 0.5], label: "Sender (unit)", marks: pick(map.senders) }, y: { domain: [-0.5, m - 0.5], label: "Receiver (unit)", marks: pick(names) },
      bar: { domain: [-limit, limit], stops: DIVERGING, kind: effectKind(), label: DATA.gain ? "Factor" : "Effect" },
    });
    host.append(readout);
    const frame = svg("rect", { class: "frame", x: a.left, width: a.width, height: a.height / m });
    a.over.append(frame);
    chosen.push((neuron) => frame.setAttribute("y", a.py(neuron + 0.5)));
    const cell = (event) => {
      const box = a.root.getBoundingClientRect(), scale = a.root.viewBox.baseVal.width / box.width;
      const i = Math.floor(((event.clientX - box.left) * scale - a.left) / a.width * n), j = m - 1 - Math.floor(((event.clientY - box.top) * scale - a.top) / a.height * m);
      return i >= 0 && i < n && j >= 0 && j < m ? [i, j] : null;
    };
    a.root.addEventListener("mousemove", (event) => {
      const at = cell(event), value = at && map.values[at[1]][at[0]];
      readout.textContent = at ? `unit ${map.senders[at[0]]} \u2192 unit ${names[at[1]]}: ${isKnown(value) ? (DATA.gain ? `\u00d7 ${show(Math.exp(value))}` : show(value)) : DASH}` : "";
    });
    a.root.addEventListener("mouseleave", () => { readout.textContent = ""; });
    a.root.addEventListener("click", (event) => { const at = cell(event); if (at) choose(at[1], true); });
  });
}
