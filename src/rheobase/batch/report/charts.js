"use strict";
// Axes, lines, bands and heat maps as inline SVG. Text is only ever set as text, never parsed as markup.

const SVG = "http://www.w3.org/2000/svg";
const isKnown = (v) => v !== null && v !== undefined && Number.isFinite(v);
const DASH = "\u2013";

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function html(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A number for people: three digits, a real minus, a dash for none. */
function show(value, digits = 3) {
  if (!isKnown(value)) return DASH;
  const size = Math.abs(value);
  if (size > 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(Math.max(digits - 2, 0)).replace("-", "\u2212").replace("e+", "e");
  return String(Number(value.toPrecision(digits))).replace("-", "\u2212");
}

/** Smallest and largest of what is known in some arrays. */
function extent(...arrays) {
  let low = Infinity, high = -Infinity;
  for (const array of arrays) for (const v of array || []) if (isKnown(v)) { low = Math.min(low, v); high = Math.max(high, v); }
  return low <= high ? [low, high] : [0, 1];
}

function pad([low, high], share = 0.05) {
  const room = (high - low || Math.abs(high) || 1) * share;
  return [low - room, high + room];
}

/** Round numbers inside [low, high], about n of them. */
function ticks(low, high, n) {
  const raw = (high - low) / Math.max(n, 1), power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.85) || power * 10;
  const out = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(Number((k * step).toPrecision(12)));
  return out;
}

/** Where ticks go and what they say, for an axis of a kind: plain, "gain" (log units, shown as factors), "log10", "angle". */
function marks(kind, low, high, n) {
  if (kind === "gain") {
    const [a, b] = [Math.exp(low), Math.exp(high)];
    let values = ticks(a, b, n);
    if (b / a > 2.5) values = decades(a, b, [1, 2, 5]);
    if (values.length > n * 1.6) values = decades(a, b, [1, 3]);
    if (values.length < 2) values = ticks(a, b, n);
    if (values.length > n * 1.6) values = decades(a, b, [1]);
    if (values.length > n * 1.6) values = values.filter((_, k) => k % Math.ceil(values.length / n) === 0);
    return values.map((v) => [Math.log(v), show(v)]);
  }
  if (kind === "log10") {
    let values = decades(10 ** low, 10 ** high, [1, 2, 5]);
    if (values.length > n * 1.5) values = decades(10 ** low, 10 ** high, [1]);
    if (values.length < 2) values = ticks(10 ** low, 10 ** high, n);
    return values.map((v) => [Math.log10(v), show(v)]);
  }
  if (kind === "angle") {
    const names = ["0", "\u03c0/2", "\u03c0", "3\u03c0/2", "2\u03c0"], all = [];
    for (let k = -4; k <= 4; k++) all.push([k * Math.PI / 2, k < 0 ? "\u2212" + (k === -1 ? "\u03c0/2" : k === -2 ? "\u03c0" : k === -3 ? "3\u03c0/2" : "2\u03c0") : names[k]]);
    return all.filter(([v]) => v >= low - 0.01 && v <= high + 0.01);
  }
  return ticks(low, high, n).map((v) => [v, show(v, 4)]);
}

function decades(low, high, steps) {
  const out = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const step of steps) { const v = Number((step * 10 ** power).toPrecision(3)); if (v >= low * 0.999 && v <= high * 1.001) out.push(v); }
  return out;
}

let clips = 0;

/** Axes in `host`, as wide as it is. x and y: {domain, label, kind, hide}. Returns scales, and a group that is clipped. */
function axes(host, { x, y, height = 210, title, left = 44, right = 12, top = 24, square = false, ratio = 0 }) {
  const width = Math.max(host.clientWidth, 200);
  const bottom = x.hide ? 6 : 36;
  if (square) height = Math.min(width - left - right, 300) + top + bottom;
  if (ratio) height = Math.min(Math.max((width - left - right) * ratio, 90), 340) + top + bottom;
  const w = square ? height - top - bottom : width - left - right, h = height - top - bottom;
  const px = (v) => left + (v - x.domain[0]) / (x.domain[1] - x.domain[0]) * w;
  const py = (v) => top + h - (v - y.domain[0]) / (y.domain[1] - y.domain[0]) * h;
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title });
  const id = `clip-${++clips}`;
  root.append(svg("clipPath", { id }, svg("rect", { x: left, y: top, width: w, height: h })));
  const back = svg("g"), plot = svg("g", { "clip-path": `url(#${id})` }), over = svg("g");
  root.append(back, plot, over);
  const yMarks = y.marks || marks(y.kind, ...y.domain, Math.max(Math.floor(h / 38), 2));
  for (const [v, text] of yMarks) {
    if (!y.noGrid) back.append(svg("line", { class: "gridline", x1: left, x2: left + w, y1: py(v), y2: py(v) }));
    over.append(label(text, left - 6, py(v) + 4, "end"));
  }
  over.append(label(y.label || "", 0, top - 8, "start"));
  over.append(svg("line", { class: "axis", x1: left, x2: left + w, y1: top + h, y2: top + h }));
  if (!x.hide) {
    const xMarks = x.marks || marks(x.kind, ...x.domain, Math.max(Math.floor(w / 62), 2));
    for (const [v, text] of xMarks) {
      over.append(svg("line", { class: "axis", x1: px(v), x2: px(v), y1: top + h, y2: top + h + 4 }));
      over.append(label(text, px(v), top + h + 16, "middle"));
    }
    over.append(label(x.label || "", left + w / 2, top + h + 32, "middle"));
  }
  host.append(root);
  return { root, back, plot, over, px, py, left, top, width: w, height: h };
}

function label(text, x, y, anchor) {
  const node = svg("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

/** Runs of known points as [[x, y], ...]; `jump` breaks a line where it wraps around. */
function runs(xs, ys, jump = Infinity) {
  const out = [[]];
  xs.forEach((x, k) => {
    const last = out[out.length - 1];
    if (!isKnown(ys[k]) || !isKnown(x)) { if (last.length) out.push([]); return; }
    if (last.length && Math.abs(ys[k] - last[last.length - 1][1]) > jump) out.push([[x, ys[k]]]);
    else last.push([x, ys[k]]);
  });
  return out.filter((run) => run.length);
}

const spot = (value) => Math.max(Math.min(value, 1e5), -1e5).toFixed(1);

function line(a, xs, ys, style, { jump, group = a.plot } = {}) {
  const path = runs(xs, ys, jump).map((run) => "M" + run.map(([x, y]) => `${spot(a.px(x))},${spot(a.py(y))}`).join("L")).join("");
  group.append(svg("path", { class: `line ${style}`, d: path }));
}

function band(a, xs, low, high, style) {
  const known = xs.map((_, k) => (isKnown(low[k]) && isKnown(high[k]) ? k : null));
  const path = runs(xs, known).map((run) => {
    const k = run.map(([, index]) => index);
    const up = k.map((i) => `${spot(a.px(xs[i]))},${spot(a.py(high[i]))}`);
    const down = k.reverse().map((i) => `${spot(a.px(xs[i]))},${spot(a.py(low[i]))}`);
    return `M${[...up, ...down].join("L")}Z`;
  }).join("");
  a.plot.append(svg("path", { class: `band ${style}`, d: path }));
}

function dots(a, xs, ys, style, radius = 2.6) {
  xs.forEach((x, k) => { if (isKnown(ys[k])) a.plot.append(svg("circle", { class: `dot ${style}`, cx: a.px(x), cy: a.py(ys[k]), r: radius })); });
}

function horizontal(a, v) {
  a.plot.append(svg("line", { class: "reference", x1: a.left, x2: a.left + a.width, y1: a.py(v), y2: a.py(v) }));
}

// ---- colours of heat maps: viridis (rates) and blue to red (effects), both safe for colour-blind readers

const VIRIDIS = ["440154", "482878", "3e4989", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"];
const DIVERGING = ["053061", "2166ac", "4393c3", "92c5de", "d1e5f0", "f7f7f7", "fddbc7", "f4a582", "d6604d", "b2182b", "67001f"];

function colour(stops, share) {
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1), k = Math.min(Math.floor(place), stops.length - 2);
  const part = (hex, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return [0, 1, 2].map((i) => Math.round(part(stops[k], i) + (place - k) * (part(stops[k + 1], i) - part(stops[k], i))));
}

/** A picture with one pixel for each value; rows from the bottom; transparent where there is none. */
function bitmap(n, m, valueAt, stops, [low, high]) {
  const canvas = document.createElement("canvas");
  canvas.width = n; canvas.height = m;
  const context = canvas.getContext("2d"), pixels = context.createImageData(n, m);
  for (let row = 0; row < m; row++) for (let column = 0; column < n; column++) {
    const value = valueAt(column, row);
    if (isKnown(value)) pixels.data.set([...colour(stops, (value - low) / (high - low || 1)), 255], 4 * ((m - 1 - row) * n + column));
  }
  context.putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}

/** A heat map with its colour bar. `bar`: {domain, stops, kind, label}. */
function heatmap(host, { n, m, valueAt, x, y, bar, title, ratio }) {
  const a = axes(host, { x, y: { ...y, noGrid: true }, title, right: 66, ratio, left: y.left || 44 });
  a.back.append(svg("rect", { class: "void", x: a.left, y: a.top, width: a.width, height: a.height }));
  const place = { x: a.left, y: a.top, width: a.width, height: a.height, preserveAspectRatio: "none" };
  a.plot.append(svg("image", { ...place, href: bitmap(n, m, valueAt, bar.stops, bar.domain) }));
  const [low, high] = bar.domain, at = a.left + a.width + 12;
  const strip = bitmap(1, 96, (_, row) => low + (high - low) * row / 95, bar.stops, bar.domain);
  a.over.append(svg("image", { x: at, y: a.top, width: 10, height: a.height, preserveAspectRatio: "none", href: strip }));
  const scale = (v) => a.top + a.height - (v - low) / (high - low || 1) * a.height;
  for (const [v, text] of marks(bar.kind, low, high, Math.max(Math.floor(a.height / 40), 2))) {
    a.over.append(svg("line", { class: "axis", x1: at + 10, x2: at + 13, y1: scale(v), y2: scale(v) }));
    a.over.append(label(text, at + 16, scale(v) + 4, "start"));
  }
  a.over.append(label(bar.label, a.left + a.width + 64, a.top - 8, "end"));
  return a;
}
