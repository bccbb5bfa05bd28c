// The report of scored posts. Counts (cells, counts, pairs) are complete; rows are the posts of the table.

const LINES = 6; // channels with a line of their own
const FEW = 20; // posts: below this a share is drawn hollow
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4]];
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];
const EXAMPLES = 5; // evidence sentences a frame

let data, titles, channelNames;
const state = { channels: null, frames: null, from: 0, to: 0, step: 0, words: [], sort: "probability", ascending: false, page: 0, size: 25, unit: "month" };

async function start() {
  data = await readPayload();
  titles = data.frames.map((id) => data.frame_names[id] || id);
  channelNames = [...data.channels];
  if (data.merged) channelNames.push(`other channels (${data.merged})`);
  prepareRows();
  state.unit = data.unit === "year" ? "year" : fittingUnit();
  resetState();
  buildFilters();
  buildTable();
  if (data.shares) buildShares();
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
  data.stepOf = marks.permille.map((permille) => Math.floor((permille * data.steps) / 1000));
}

function resetState() {
  state.channels = new Set(channelNames.keys());
  state.frames = new Set(data.frames.keys());
  Object.assign(state, { from: 0, to: data.periods.length - 1, step: 0, words: [], page: 0 });
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
  byId("unit").value = state.unit;
  byId("unit").disabled = data.unit === "year";
  showFilterValues();
  if (buildFilters.done) return;
  buildFilters.done = true;
  for (const id of ["from", "to"]) byId(id).addEventListener("change", () => { state[id] = Number(byId(id).value); update(); });
  byId("probability").addEventListener("input", () => { state.step = Number(byId("probability").value); updateSoon(); });
  byId("search").addEventListener("input", () => { state.words = patterns(byId("search").value); updateSoon(); });
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
  byId("probability-value").textContent = state.step ? `at least ${(state.step / data.steps).toFixed(2)}` : "any";
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
  byId("status").textContent = `${plural(sums.posts, "post")}${undated} in the plots; ${plural(hits.length, "post")} with a chosen frame`
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

// ---- frames over time

function timeSeries(sums) {
  const channels = chosenChannels().sort((a, b) => (sums.channel.get(b) || 0) - (sums.channel.get(a) || 0));
  const own = channels.slice(0, LINES);
  const rest = channels.slice(LINES);
  const series = own.map((c) => ({ title: channelNames[c], channels: [c] }));
  if (rest.length) series.push({ title: `${plural(rest.length, "other channel")}, together`, channels: rest });
  return series;
}

function seriesRows(sums, series, frame) {
  const rows = [];
  const nPeriods = data.periods.length;
  series.forEach(({ title, channels }, line) => {
    const byUnit = new Map();
    for (let period = state.from; period <= state.to; period += 1) {
      const label = unitOf(data.periods[period]);
      if (!label) continue;
      const sum = byUnit.get(label) || { posts: 0, carried: 0 };
      for (const channel of channels) {
        sum.posts += sums.cell.get(channel * nPeriods + period) || 0;
        sum.carried += sums.frame.get((channel * nPeriods + period) * titles.length + frame) || 0;
      }
      byUnit.set(label, sum);
    }
    for (const [label, { posts, carried }] of byUnit) {
      if (posts) rows.push({ line: `l${line}`, title, period: label, share: carried / posts, posts, carried, few: posts < FEW });
    }
  });
  return rows;
}

const lineColor = (line) => (line < LINES ? `var(--c${line})` : "var(--other)");

function timeSpec(rows, series, top) {
  const domain = series.map((_, line) => `l${line}`);
  const color = { field: "line", type: "nominal", legend: null, scale: { domain, range: domain.map((_, i) => lineColor(i)) } };
  const years = state.unit === "year";
  const x = { field: "day", type: "temporal", scale: { type: "utc" }, title: null,
    axis: { format: years ? "%Y" : "%b %Y", tickCount: years ? { interval: "year", step: 1 } : 3, labelOverlap: "greedy", labelSeparation: 10, labelFlush: false, grid: false } };
  const y = { field: "share", type: "quantitative", title: null, scale: { domain: [0, top] }, axis: { format: ".0%", tickCount: 4 } };
  return {
    data: { values: rows.map((row) => ({ ...row, day: firstDay(row.period),
      tip: `${row.title}, ${row.period}\n${percent(row.share)}: ${row.carried} of ${plural(row.posts, "post")}` })) },
    encoding: { x, color },
    layer: [
      { mark: { type: "line", strokeWidth: 1.6 }, encoding: { y,
        strokeDash: { field: "line", type: "nominal", legend: null, scale: { domain, range: domain.map((_, i) => DASHES[i] || [1, 3]) } } } },
      { mark: { type: "point", size: 34, strokeWidth: 1.4 }, encoding: { y,
        shape: { field: "line", type: "nominal", legend: null, scale: { domain, range: domain.map((_, i) => SHAPES[i] || "circle") } },
        fill: { condition: { test: "datum.few", value: "var(--paper)" }, field: "line", type: "nominal", legend: null, scale: color.scale },
        tooltip: { field: "tip", type: "nominal" } } },
    ],
  };
}

function describeSeries(frame, rows, series) {
  const parts = series.map(({ title }) => {
    const own = rows.filter((row) => row.title === title);
    if (!own.length) return `${title}: no posts`;
    const shares = own.map((row) => row.share);
    return `${title}: ${percent(Math.min(...shares), 0)} to ${percent(Math.max(...shares), 0)}`;
  });
  return `Line plot. Raw share of posts with the frame ${titles[frame]} by ${state.unit}. ${parts.join("; ")}.`;
}

function drawTime(sums) {
  const series = timeSeries(sums);
  byId("time-legend").replaceChildren(...series.map(({ title }, line) => make("li", {}, swatch(line), name(title))));
  const frames = chosenFrames();
  const all = frames.map((frame) => seriesRows(sums, series, frame));
  const top = Math.min(1, Math.max(0.05, ...all.flat().map((row) => row.share)) * 1.05);
  const figures = frames.map((frame, i) => {
    const rows = all[i];
    return figure({
      title: titles[frame],
      note: `${plural(sums.ofFrame.get(frame) || 0, "post")}`,
      description: describeSeries(frame, rows, series),
      spec: timeSpec(rows, series, top),
      tableTitle: `raw share of posts with ${titles[frame]} by channel and ${state.unit}`,
      buildTable: () => table({
        caption: `Raw classifier share of posts, not corrected (posts with the frame of posts in all)`,
        columns: [{ title: state.unit }, ...series.map(({ title }) => ({ title, number: true }))],
        rows: [...new Set(data.periods.slice(state.from, state.to + 1).filter(Boolean).map(unitOf))].map((period) => [period, ...series.map(({ title }) => {
          const row = rows.find((r) => r.title === title && r.period === period);
          return row ? `${percent(row.share)} (${row.carried} of ${row.posts})` : "–";
        })]),
      }),
    });
  });
  byId("time-plots").replaceChildren(...(figures.length ? figures.map((f) => f.element) : [make("p", {}, "No frame is chosen.")]));
  for (const { draw } of figures) draw();
}

function swatch(line) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ width: 34, height: 10, "aria-hidden": "true" })) svg.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M0 5H34");
  path.setAttribute("stroke-dasharray", (DASHES[line] || [1, 3]).join(" "));
  path.style.stroke = lineColor(line);
  svg.append(path);
  return svg;
}

// ---- corrected shares

function buildShares() {
  const channels = [...new Set(data.shares.channel)].filter((channel) => channel !== null);
  const select = byId("share-channel");
  select.replaceChildren(make("option", { value: "-1" }, "all channels together"), ...channels.map((c, i) => make("option", { value: i }, c)));
  const draw = () => drawShares(channels[Number(select.value)] ?? null);
  select.addEventListener("change", draw);
  draw();
}

function shareRows(test) {
  const { shares } = data;
  const rows = [];
  shares.frame.forEach((frame, i) => {
    if (!test(i)) return;
    const [raw, corrected, low, high] = ["raw", "corrected", "low", "high"].map((column) => shares[column][i]);
    const words = corrected === null ? "no corrected share: too few labels" : `corrected ${percent(corrected)} (${percent(low)} to ${percent(high)})`;
    rows.push({ frame, title: titles[frame], month: shares.month[i], raw, corrected, low, high, units: shares.units[i], labelled: shares.labelled[i], words,
      tip: `${titles[frame]}${shares.month[i] ? `, ${shares.month[i]}` : ""}\n${words}\nraw ${percent(raw)}\n${count(shares.units[i])} in all, ${count(shares.labelled[i])} labelled` });
  });
  return rows;
}

function shareLayers(shareAxis, other) {
  const share = (field) => ({ field, type: "quantitative", title: null, scale: shareAxis.scale, axis: shareAxis.axis });
  const [along, across] = other.channel === "y" ? ["x", "y"] : ["y", "x"];
  const place = { [across]: other.encoding, tooltip: { field: "tip", type: "nominal" } };
  return [
    { transform: [{ filter: "datum.corrected !== null" }], mark: { type: "rule", strokeWidth: 2.5, color: "var(--band)", opacity: 0.6 },
      encoding: { ...place, [along]: share("low"), [`${along}2`]: { field: "high" } } },
    { mark: { type: "point", shape: "diamond", size: 50, color: "var(--other)", filled: false }, encoding: { ...place, [along]: share("raw") } },
    { transform: [{ filter: "datum.corrected !== null" }], mark: { type: "point", size: 45, color: "var(--band)", filled: true, opacity: 1 },
      encoding: { ...place, [along]: share("corrected") } },
  ];
}

function shareTable(first, rows) {
  return table({
    caption: "Shares in per cent; interval in words where there is one",
    columns: [{ title: first }, { title: "Corrected share" }, { title: "Raw share", number: true }, { title: "In all", number: true }, { title: "Labelled", number: true }],
    rows: rows.map((row) => [first === "Frame" ? row.title : row.month, row.words, percent(row.raw), count(row.units), count(row.labelled)]),
  });
}

function drawShares(channel) {
  const { shares } = data;
  byId("share-channel-value").textContent = channel ?? "all channels together";
  const own = (i) => shares.channel[i] === channel;
  const overall = shareRows((i) => own(i) && shares.month[i] === null);
  const top = Math.min(1, Math.max(0.05, ...overall.map((row) => Math.max(row.raw, row.high ?? 0))) * 1.05);
  const overview = figure({
    title: "All months together",
    note: "dot and bar: corrected share with its interval; hollow diamond: raw classifier share",
    description: `Dot plot of shares by frame. ${overall.map((row) => `${row.title}: ${row.words}, raw ${percent(row.raw)}`).join("; ")}.`,
    spec: {
      data: { values: overall }, height: 22 * overall.length + 30,
      layer: shareLayers({ scale: { domain: [0, top] }, axis: { format: ".0%", tickCount: 6 } },
        { channel: "y", encoding: { field: "title", type: "nominal", sort: null, title: null, axis: { labelLimit: 260, grid: true } } }),
    },
    tableTitle: "shares by frame",
    buildTable: () => shareTable("Frame", overall),
  });
  byId("share-overview").replaceChildren(overview.element);
  overview.draw();
  const monthly = shareRows((i) => own(i) && shares.month[i] !== null && shares.month[i] !== "undated");
  if (!monthly.length) {
    byId("share-plots").replaceChildren(make("p", {}, "Shares by month are not in this file for a single channel."));
    return;
  }
  const most = Math.min(1, Math.max(0.05, ...monthly.map((row) => Math.max(row.raw, row.high ?? 0))) * 1.05);
  const figures = [...titles.keys()].map((frame) => {
    const rows = monthly.filter((row) => row.frame === frame);
    const known = rows.filter((row) => row.corrected !== null);
    return figure({
      title: titles[frame],
      note: `${known.length} of ${plural(rows.length, "month")} with a corrected share`,
      description: `Dot plot of shares of ${titles[frame]} by month. ${rows.map((row) => `${row.month}: ${row.words}, raw ${percent(row.raw)}`).join("; ")}.`,
      spec: {
        data: { values: rows.map((row) => ({ ...row, day: `${row.month}-01` })) },
        layer: shareLayers({ scale: { domain: [0, most] }, axis: { format: ".0%", tickCount: 4 } },
          { channel: "x", encoding: { field: "day", type: "temporal", scale: { type: "utc" }, title: null,
            axis: { format: "%b %Y", tickCount: 3, labelOverlap: "greedy", labelSeparation: 10, labelFlush: false, grid: false } } }),
      },
      tableTitle: `shares of ${titles[frame]} by month`,
      buildTable: () => shareTable("Month", rows),
    });
  });
  byId("share-plots").replaceChildren(...figures.map((f) => f.element));
  for (const { draw } of figures) draw();
}

// ---- tables with shades

function heatTable({ caption, corner, columns, rows, top }) {
  const head = make("tr", {}, make("th", { scope: "col" }, corner), ...columns.map((c) => make("th", { scope: "col" }, make("span", { dir: "auto" }, c))));
  const body = rows.map(({ title, cells }) => make("tr", {}, make("th", { scope: "row", dir: "auto" }, title), ...cells.map((cell) => {
    const none = cell === null;
    const td = make("td", { class: none && "none" }, none ? "–" : `${(100 * cell).toFixed(cell && cell < 0.0995 ? 1 : 0)}`);
    if (!none) td.style.setProperty("--v", String(Math.min(1, cell / top)));
    return td;
  })));
  return make("table", { class: "heat" }, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
}

function drawHeat(sums) {
  const frames = chosenFrames(), channels = chosenChannels(), nPeriods = data.periods.length;
  const rows = channels.map((channel) => {
    const posts = sums.channel.get(channel) || 0;
    const cells = frames.map((frame) => {
      let carried = 0;
      for (let p = state.from; p <= state.to; p += 1) carried += sums.frame.get((channel * nPeriods + p) * titles.length + frame) || 0;
      return posts ? carried / posts : null;
    });
    return { title: `${channelNames[channel] || "(no name)"} (${count(posts)})`, cells };
  });
  const top = Math.max(0.01, ...rows.flatMap((row) => row.cells));
  byId("heat").replaceChildren(scrollable("Share of posts by channel and frame", heatTable({
    caption: "Per cent of the channel's posts that carry the frame; raw classifier share, not corrected. In brackets: posts.",
    corner: "Channel", columns: frames.map((k) => titles[k]), rows, top })));
}

function drawPairs(sums) {
  const frames = chosenFrames();
  const rows = frames.map((row) => {
    const n = sums.ofFrame.get(row) || 0;
    const cells = frames.map((column) => (row === column || !n ? null : (sums.pair.get(row * titles.length + column) || 0) / n));
    return { title: `${titles[row]} (${count(n)})`, cells };
  });
  const top = Math.max(0.01, ...rows.flatMap((row) => row.cells));
  byId("pairs").replaceChildren(scrollable("Frames in the same post", heatTable({
    caption: "Per cent of the row frame's posts that also carry the column's frame. In brackets: posts with the row's frame.",
    corner: "Of posts with", columns: frames.map((k) => titles[k]), rows, top })));
}

// ---- posts

function findRows() {
  const { rows, marks } = data;
  const tests = state.words.map((word) => new RegExp(word, "iu"));
  const hits = [];
  for (let i = 0; i < data.n; i += 1) {
    if (!passes(rows.channel[i], rows.period[i])) continue;
    let best = -1;
    for (let m = rows.first[i]; m < rows.first[i] + rows.marks[i]; m += 1) {
      if (state.frames.has(marks.frame[m]) && data.stepOf[m] >= state.step) best = Math.max(best, marks.permille[m]);
    }
    if (best >= 0 && (!tests.length || holds(i, tests))) hits.push({ row: i, best });
  }
  return sortHits(hits);
}

function holds(row, tests) {
  const { rows, marks, texts } = data;
  const own = [];
  for (let m = rows.first[row]; m < rows.first[row] + rows.marks[row]; m += 1) if (marks.text[m] >= 0) own.push(texts.text[marks.text[m]]);
  const whole = own.join("\n").normalize("NFC");
  return tests.every((test) => test.test(whole));
}

function sortHits(hits) {
  const { rows } = data;
  const value = {
    date: ({ row }) => rows.minute[row] ?? -Infinity,
    channel: ({ row }) => data.names[rows.name[row]],
    frames: ({ row }) => rows.marks[row],
    probability: ({ best }) => best,
  }[state.sort];
  const sign = state.ascending ? 1 : -1;
  const keyed = hits.map((hit) => [value(hit), hit]);
  const compare = state.sort === "channel" ? new Intl.Collator().compare : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  keyed.sort(([a, x], [b, y]) => sign * compare(a, b) || x.row - y.row);
  return keyed.map(([, hit]) => hit);
}

const COLUMNS = [["date", "Date (UTC)"], ["channel", "Channel"], ["frames", "Frames"], ["probability", "Highest prob."], [null, "Evidence"]];

function buildTable() {
  const head = COLUMNS.map(([key, title]) => {
    if (!key) return make("th", { scope: "col", role: "columnheader" }, title);
    const button = make("button", { type: "button", id: `sort-${key}` }, title);
    button.addEventListener("click", () => {
      state.ascending = state.sort === key ? !state.ascending : key === "channel";
      Object.assign(state, { sort: key, page: 0 });
      state.hits = sortHits(state.hits);
      drawTable();
    });
    return make("th", { scope: "col", role: "columnheader", id: `head-${key}` }, button);
  });
  byId("posts").replaceChildren(
    make("caption", { id: "posts-caption" }), make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...head)),
    make("tbody", { role: "rowgroup" }));
  byId("posts").setAttribute("role", "table");
  const turn = { first: () => 0, previous: () => state.page - 1, next: () => state.page + 1, last: () => lastPage() };
  for (const [id, page] of Object.entries(turn)) byId(id).addEventListener("click", () => { state.page = page(); drawTable(); });
  byId("size").addEventListener("change", () => { Object.assign(state, { size: Number(byId("size").value), page: 0 }); drawTable(); });
}

const lastPage = () => Math.max(0, Math.ceil(state.hits.length / state.size) - 1);

function drawTable() {
  for (const [key] of COLUMNS) {
    if (key) byId(`head-${key}`).setAttribute("aria-sort", state.sort !== key ? "none" : state.ascending ? "ascending" : "descending");
  }
  const shown = state.hits.slice(state.page * state.size, (state.page + 1) * state.size);
  byId("posts").tBodies[0].replaceChildren(...shown.map(postRow));
  const first = state.page * state.size;
  byId("posts-caption").textContent = state.hits.length
    ? `Posts ${count(first + 1)} to ${count(first + shown.length)} of ${count(state.hits.length)}` : "No post passes the filters.";
  byId("page").textContent = `Page ${count(state.page + 1)} of ${count(lastPage() + 1)}`;
  for (const id of ["first", "previous"]) byId(id).disabled = state.page === 0;
  for (const id of ["next", "last"]) byId(id).disabled = state.page === lastPage();
}

function dateOf(row) {
  const minute = data.rows.minute[row];
  return minute === null ? "undated" : new Date(minute * 60000).toISOString().slice(0, 16).replace("T", " ");
}

function postRow({ row, best }) {
  const { rows, marks } = data;
  const own = [...Array(rows.marks[row]).keys()].map((i) => rows.first[row] + i);
  const frames = own.map((m) => make("li", { class: "frame" }, name(titles[marks.frame[m]]), ` ${(marks.permille[m] / 1000).toFixed(2)}`));
  const bySentence = new Map();
  for (const m of own) if (marks.text[m] >= 0) bySentence.set(marks.text[m], [...(bySentence.get(marks.text[m]) || []), m]);
  const evidence = [...bySentence].map(([text, which]) => make("li", {}, quote(which[0], false),
    make("span", { class: "frame" }, ` ${which.map((m) => titles[marks.frame[m]]).join(", ")}`)));
  if (own.some((m) => marks.text[m] < 0)) evidence.push(make("li", { class: "soft" }, "Text of evidence left out to keep this file small."));
  const cells = [
    [postLink(row, dateOf(row))],
    [name(data.names[rows.name[row]])],
    [make("ul", {}, ...frames)],
    [(best / 1000).toFixed(2)],
    [make("ul", {}, ...evidence)],
  ];
  return make("tr", { role: "row" }, ...cells.map((cell, i) =>
    make("td", { role: "cell", "data-head": ["", "in", "", "highest probability", ""][i] }, ...cell)));
}

// A link only where the channel's name can be a public user name, which the links of posts are made of.
function postLink(row, label) {
  const channel = data.names[data.rows.name[row]];
  const message = data.rows.message[row];
  if (!/^[A-Za-z][A-Za-z0-9_]{3,31}$/.test(channel) || !/^[1-9][0-9]{0,18}$/.test(message || "")) return label;
  return make("a", { href: `https://t.me/${channel}/${message}`, rel: "noopener noreferrer", target: "_blank",
    "aria-label": `${label}, post ${message} of ${channel} on t.me, in a new tab` }, label);
}

// The evidence sentence, marked, between its neighbours where they are in the page.
function quote(mark, withContext) {
  const i = data.marks.text[mark];
  const language = data.languages[data.texts.language[i]];
  const [before, after] = (withContext && data.contextOf.get(mark)) || ["", ""];
  const text = data.texts.text[i];
  const sentence = make(withContext ? "mark" : "span", {}, ...withHits(text));
  return make("span", { class: "quote", dir: "auto", lang: /^[a-z]{2,3}$/.test(language) ? language : "und" },
    before && `${before} `, sentence, data.shortened.has(i) ? make("span", { class: "soft" }, " … [shortened]") : null, after && ` ${after}`);
}

function withHits(text) {
  if (!state.words.length) return [text];
  const parts = text.normalize("NFC").split(new RegExp(`(${state.words.join("|")})`, "iu"));
  return parts.map((part, i) => (i % 2 ? make("mark", { class: "hit" }, part) : part));
}

function drawEvidence(hits) {
  const { rows, marks } = data;
  const best = new Map(chosenFrames().map((frame) => [frame, []]));
  const inHits = hits.map(({ row }) => row);
  for (const row of inHits) {
    for (let m = rows.first[row]; m < rows.first[row] + rows.marks[row]; m += 1) {
      if (best.has(marks.frame[m]) && marks.text[m] >= 0 && data.stepOf[m] >= state.step) best.get(marks.frame[m]).push([marks.permille[m], row, m]);
    }
  }
  const open = new Set([...document.querySelectorAll(".frames-evidence details[open]")].map((d) => Number(d.dataset.frame)));
  const blocks = [...best].map(([frame, found], i) => {
    found.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const seen = new Set();
    const distinct = found.filter(([, , m]) => !seen.has(marks.text[m]) && seen.add(marks.text[m])).slice(0, EXAMPLES);
    const items = distinct.map(([permille, row, m]) => make("li", {},
      make("blockquote", {}, quote(m, true)),
      make("div", { class: "source" }, name(data.names[rows.name[row]]), ", ", postLink(row, dateOf(row)), `, probability ${(permille / 1000).toFixed(2)}`)));
    const isOpen = drawEvidence.done ? open.has(frame) : i < 3;
    return make("details", { open: isOpen, "data-frame": frame }, make("summary", {}, name(titles[frame]), make("span", { class: "soft" }, ` ${plural(found.length, "post")}`)),
      data.frame_definitions[data.frames[frame]] ? make("p", { class: "soft", dir: "auto" }, data.frame_definitions[data.frames[frame]]) : null,
      items.length ? make("ul", { class: "evidence" }, ...items) : make("p", {}, "No evidence passes the filters."));
  });
  drawEvidence.done = true;
  byId("evidence-list").replaceChildren(...blocks);
}

window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".frames-evidence details")) details.open = true;
});

start().catch((error) => {
  byId("status").textContent = "This browser cannot read the data of the report; a current Chrome, Edge, Firefox or Safari can.";
  throw error;
});
