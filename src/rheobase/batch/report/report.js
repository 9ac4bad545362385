// The page: which neuron is shown, how the table is sorted, and keys.

const DATA = JSON.parse(document.getElementById("data").textContent);
const table = document.getElementById("table"), body = table.tBodies[0], rowsOf = () => [...body.rows];
const rowOf = new Map(rowsOf().map((row) => [Number(row.dataset.neuron), row]));
let current = -1, chosen = [];

function choose(number, show = false) {
  const neuron = DATA.neurons[number];
  if (!neuron) return;
  if (number !== current) {
    current = number;
    rowOf.forEach((row, k) => { if (k === number) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current"); });
    drawNeuron();
    chosen.forEach((mark) => mark(number));
    const hash = `#unit=${encodeURIComponent(neuron.name)}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
  }
  reveal(rowOf.get(number));
  const top = document.getElementById("pictures").getBoundingClientRect().top;
  if (show && (top > innerHeight * 0.6 || top < 0)) document.getElementById("pictures").scrollIntoView({ block: "start" });
}

/** Bring a row of the table into its box, without moving the page. */
function reveal(row) {
  const box = row.closest(".tall"), head = table.tHead.offsetHeight;
  if (row.offsetTop - head < box.scrollTop) box.scrollTop = row.offsetTop - head;
  else if (row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
}

function drawNeuron() {
  const neuron = DATA.neurons[current], grid = document.getElementById("neuron-pictures"), facts = document.getElementById("neuron-facts");
  document.getElementById("neuron-name").textContent = `Neuron ${neuron.name}`;
  facts.replaceChildren(...[...table.tHead.rows[0].cells].slice(1).map((head, k) => html("div", {}, html("dt", {}, head.innerText.replace(/\s+/g, " ").trim()), html("dd", {}, rowOf.get(current).cells[k + 1].textContent))));
  grid.replaceChildren();
  drawTuning(grid, neuron);
  drawTerms(grid, neuron);
  drawTiming(grid, neuron);
  drawTrace(grid, neuron);
  drawPending();
}

function step(by) {
  const shown = rowsOf().filter((row) => !row.hidden);
  if (!shown.length) return;
  const place = shown.indexOf(rowOf.get(current));
  choose(Number(shown[(Math.max(place, by > 0 ? -1 : 0) + by + shown.length) % shown.length].dataset.neuron));
}

/** Sort by a column; what is not defined comes last, whichever way. */
function sort(head) {
  const numeric = head.classList.contains("num"), column = head.cellIndex;
  const down = head.getAttribute("aria-sort") === "none" ? numeric : head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = (row) => row.cells[column].dataset.value, number = (text) => (text === "" ? NaN : Number(text));
  const all = rowsOf(), asNumbers = all.every((row) => !Number.isNaN(number(key(row))) || key(row) === "");
  all.sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const order = asNumbers ? number(a) - number(b) : a.localeCompare(b, "en", { numeric: true });
    return (down ? -order : order) || one.dataset.neuron - other.dataset.neuron;
  });
  body.append(...all);
}

function chooseFromHash() {
  if (!location.hash.startsWith("#unit=")) return false;
  let name = location.hash.slice(6);
  try { name = decodeURIComponent(name); } catch (error) { if (!(error instanceof URIError)) throw error; }
  const number = DATA.neurons.findIndex((neuron) => neuron.name === name);
  choose(number, true);
  return number >= 0;
}

function drawAll() {
  chosen = [];
  const grid = document.getElementById("population-pictures");
  grid.parentNode.hidden = false;
  grid.replaceChildren();
  drawPopulation(grid, chosen, choose);
  drawPending();
  if (current >= 0) { drawNeuron(); chosen.forEach((mark) => mark(current)); }
}

for (const head of table.tHead.rows[0].cells) head.querySelector("button").addEventListener("click", () => sort(head));
body.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (!row) return;
  event.preventDefault();
  choose(Number(row.dataset.neuron), true);
});
document.getElementById("previous").addEventListener("click", () => step(-1));
document.getElementById("next").addEventListener("click", () => step(1));
document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const by = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
  if (by) { event.preventDefault(); step(by); }
});
window.addEventListener("hashchange", chooseFromHash);

let wide = innerWidth, waiting = 0;
window.addEventListener("resize", () => {
  if (innerWidth === wide) return;
  wide = innerWidth;
  clearTimeout(waiting);
  waiting = setTimeout(drawAll, 120);
});

/** On paper, pictures are drawn for the width of a page, so that their text keeps its size. */
function fitTo(width) {
  document.body.style.width = width;
  drawAll();
}
window.addEventListener("beforeprint", () => fitTo("700px"));
window.addEventListener("afterprint", () => fitTo(""));

drawAll();
if (!chooseFromHash()) choose(Number(rowsOf()[0].dataset.neuron));
