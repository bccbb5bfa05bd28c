// The report of scored posts. Counts (cells, counts, pairs) are complete; rows are the posts of the table.

const LINES = 6; // channels with a line of their own
const FEW = 30; // posts: below this a share is drawn hollow
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4]];
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];
const EXAMPLES = 5; // evidence sentences a frame

let data, titles, channelNames;
const state = { channels: null, frames: null, from: 0, to: 0, step: 0, words: [], sort: "probability", ascending: false, page: 0, size: NARROW.matches ? 10 : 25, unit: "month", kind: "framed" };

async function start() {
  data = await readPayload();
  titles = data.frames.map((id) => data.frame_names[id] || id);
  channelNames = [...data.channels];
  foldParts();
  if (data.merged) channelNames.push(`other channels (${data.merged})`);
  prepareRows();
  state.unit = data.unit === "year" ? "year" : fittingUnit();
  resetState();
  buildFilters();
  buildTable();
  if (data.shares) buildShares();
  if (byId("languages-take")) byId("languages-take").replaceChildren(takeButtons("frames by language", null, () => tableRows(document.querySelector(".languages"))));
  update();
}

function prepareRows() {
  const { rows, marks } = data;
  data.n = rows.name.length;
  rows.first = [];
  let first = 0;
  for (let i = 0; i < data.n; i += 1) {
    rows.first.push(first);
    first += rows.marks[i];
  }
  data.shortened = new Set(data.texts.shortened);
  data.contextOf = new Map(data.context.mark.map((mark, i) => [mark, [data.context.before[i], data.context.after[i]]]));
  data.plainOf = new Map(data.plain.row.map((row, i) => [row, i]));
  data.stepOf = marks.permille.map((permille) => Math.floor((permille * data.steps) / 1000));
}

function resetState() {
  state.channels = new Set(channelNames.keys());
  state.frames = new Set(data.frames.keys());
  Object.assign(state, { from: 0, to: data.periods.length - 1, step: 0, words: [], page: 0, kind: "framed" });
}

// ---- filters

const UNITS = { month: (period) => period, quarter: (period) => `${period.slice(0, 4)}-Q${Math.ceil(Number(period.slice(5, 7)) / 3)}`, year: (period) => period.slice(0, 4) };
const unitOf = (period) => (period ? UNITS[state.unit](period) : "");
const firstDay = (label) => (label.length === 4 ? `${label}-01-01` : label[5] === "Q" ? `${label.slice(0, 4)}-${String(label[6] * 3 - 2).padStart(2, "0")}-01` : `${label}-01`);

// The finest unit in which half of the large channels' points rest on enough posts; years where none does.
function fittingUnit() {
  for (const unit of ["month", "quarter"]) {
    const sizes = new Map();
    data.cells.posts.forEach((n, i) => {
      if (data.cells.channel[i] >= LINES || !data.periods[data.cells.period[i]]) return;
      const key = `${data.cells.channel[i]} ${UNITS[unit](data.periods[data.cells.period[i]])}`;
      sizes.set(key, (sizes.get(key) || 0) + n);
    });
    const sorted = [...sizes.values()].sort((a, b) => a - b);
    if (sorted[Math.floor(sorted.length / 2)] >= FEW) return unit;
  }
  const labels = new Set(data.periods.filter(Boolean).map(UNITS.year));
  return labels.size > 2 ? "year" : "quarter";
}

function buildFilters() {
  const period = (selected) => data.periods.map((label, i) =>
    make("option", { value: i, selected: i === selected }, label || "undated"));
  byId("from").replaceChildren(...period(state.from));
  byId("to").replaceChildren(...period(state.to));
  buildChoices("channels", channelNames);
  buildChoices("frames", titles);
  byId("probability").max = data.steps - 1;
  byId("probability").value = 0;
  byId("search").value = "";
  byId("kind").value = state.kind;
  byId("unit").value = state.unit;
  byId("unit").disabled = data.unit === "year";
  showFilterValues();
  if (buildFilters.done) return;
  buildFilters.done = true;
  for (const id of ["from", "to"]) byId(id).addEventListener("change", () => { state[id] = Number(byId(id).value); update(); });
  byId("probability").addEventListener("input", () => { state.step = Number(byId("probability").value); updateSoon(); });
  byId("search").addEventListener("input", () => { state.words = patterns(byId("search").value); updateSoon(); });
  byId("kind").addEventListener("change", () => { state.kind = byId("kind").value; update(); });
  byId("unit").addEventListener("change", () => { state.unit = byId("unit").value; drawTime(sumCounts()); });
  byId("reset").addEventListener("click", () => { resetState(); buildFilters(); update(); });
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details.choice[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.choice[open]")) if (!open.contains(event.target)) open.open = false;
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
}

function buildChoices(kind, labels) {
  const chosen = state[kind];
  const boxes = labels.map((label, i) => {
    const box = make("input", { type: "checkbox", value: i, checked: chosen.has(i) });
    box.addEventListener("change", () => { if (box.checked) chosen.add(i); else chosen.delete(i); update(); });
    return [box, make("label", {}, box, name(label || "(no name)"))];
  });
  const setAll = (checked) => () => {
    for (const [box] of boxes) { box.checked = checked; if (checked) chosen.add(Number(box.value)); else chosen.delete(Number(box.value)); }
    update();
  };
  const all = make("button", { type: "button" }, "All");
  const none = make("button", { type: "button" }, "None");
  all.addEventListener("click", setAll(true));
  none.addEventListener("click", setAll(false));
  byId(`${kind}-choices`).replaceChildren(make("div", { class: "all" }, all, none), ...boxes.map(([, label]) => label));
}

function showFilterValues() {
  const chosen = (set, all) => (set.size === all ? "all" : `${set.size} of ${all}`);
  byId("channels-value").textContent = chosen(state.channels, channelNames.length);
  byId("frames-value").textContent = chosen(state.frames, titles.length);
  byId("probability-value").textContent = state.step ? `at least ${fixed(state.step / data.steps, 2)}` : "any";
  byId("probability").setAttribute("aria-valuetext", byId("probability-value").textContent);
}

// One pattern a word; ё and е are written for each other in Russian.
function patterns(query) {
  const words = query.normalize("NFC").trim().split(/\s+/u).filter(Boolean);
  return words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/gu, "\\$&").replace(/[её]/giu, "[её]"));
}

let timer = 0;
function updateSoon() {
  showFilterValues();
  clearTimeout(timer);
  timer = setTimeout(update, 200);
}

function update() {
  clearTimeout(timer);
  state.page = 0;
  showFilterValues();
  const sums = sumCounts();
  const hits = findRows();
  drawTime(sums);
  drawHeat(sums);
  drawPairs(sums);
  drawEvidence(hits);
  state.hits = hits;
  drawTable();
  const undated = data.periods[0] === "" && state.from > 0 ? " without undated ones" : "";
  const kind = { framed: "with a chosen frame", plain: "without any frame", both: "with a chosen frame or none" }[state.kind];
  byId("status").textContent = `${plural(sums.posts, "post")}${undated} in the plots; ${plural(hits.length, "post")} ${kind}`
    + `${state.words.length ? " and the words searched for" : ""} in the table.`;
}

// ---- counts that pass the filters

const passes = (channel, period) => state.channels.has(channel) && period >= state.from && period <= state.to;

function sumCounts() {
  const { cells, counts, pairs } = data;
  const nPeriods = data.periods.length, nFrames = titles.length;
  const sums = { posts: 0, cell: new Map(), frame: new Map(), channel: new Map(), pair: new Map(), ofFrame: new Map() };
  const add = (map, key, n) => map.set(key, (map.get(key) || 0) + n);
  cells.posts.forEach((n, i) => {
    if (!passes(cells.channel[i], cells.period[i])) return;
    sums.posts += n;
    add(sums.cell, cells.channel[i] * nPeriods + cells.period[i], n);
    add(sums.channel, cells.channel[i], n);
  });
  counts.posts.forEach((n, i) => {
    if (counts.step[i] < state.step || !state.frames.has(counts.frame[i]) || !passes(counts.channel[i], counts.period[i])) return;
    add(sums.frame, (counts.channel[i] * nPeriods + counts.period[i]) * nFrames + counts.frame[i], n);
    add(sums.ofFrame, counts.frame[i], n);
  });
  pairs.posts.forEach((n, i) => {
    if (pairs.step[i] < state.step || !passes(pairs.channel[i], pairs.period[i])) return;
    add(sums.pair, pairs.first[i] * nFrames + pairs.second[i], n);
    add(sums.pair, pairs.second[i] * nFrames + pairs.first[i], n);
  });
  return sums;
}

const chosenFrames = () => [...titles.keys()].filter((k) => state.frames.has(k));
const chosenChannels = () => [...channelNames.keys()].filter((c) => state.channels.has(c));

start().catch((error) => {
  byId("status").textContent = "This browser cannot read the data of the report; a current Chrome, Edge, Firefox or Safari can.";
  throw error;
});
