// Plots of the report: frames over time, and tables with shades. State and data: report.js; shares: report_shares.js.

// ---- frames over time

const namePeriod = (label) => (data.partial[label] ? `${label} (partial: ${data.partial[label]})` : label);

// Says which of the periods shown the posts cover in part.
function nameEnds(id, labels) {
  const cut = [...new Set(labels)].filter((label) => data.partial[label]).map((label) => `${label} (${data.partial[label]})`);
  byId(id).textContent = cut.length ? `Partial, as the posts begin or end within: ${cut.join(", ")}.` : "";
}

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

// The axis of time, and marks that all plots over time share: events, and "partial" over what the posts cover in part.
function timeAxis(unit) {
  const format = { month: "%b %Y", quarter: "Q%q %Y", year: "%Y" }[unit];
  return { type: "temporal", scale: { type: "utc", padding: 8 }, title: null,
    axis: { format, tickCount: unit === "year" ? { interval: "year", step: 1 } : 3, labelOverlap: "greedy", labelSeparation: 10, labelFlush: false, grid: false } };
}

function timeMarks(labels) {
  const x = { field: "day", type: "temporal" };
  const cut = [...new Set(labels)].filter((label) => data.partial[label]).map((label) => ({ day: firstDay(label), tip: `${label} is partial: posts ${data.partial[label]}` }));
  const events = data.events.map(([day, label], i) => ({ day, number: String(i + 1), tip: `${day}\n${label}` }));
  const tip = { field: "tip", type: "nominal" };
  const layers = [];
  if (cut.length) layers.push({ data: { name: "partial", values: cut }, mark: { type: "text", fontSize: 9, color: "var(--soft)", baseline: "bottom", y: 0, dy: -1 }, encoding: { x, text: { value: "partial" }, tooltip: tip } });
  if (events.length) {
    layers.push({ data: { name: "events", values: events }, mark: { type: "rule", color: "var(--soft)", strokeDash: [3, 2] }, encoding: { x, tooltip: tip } },
      { data: { name: "events", values: events }, mark: { type: "text", fontSize: 9, color: "var(--soft)", dx: 5, y: 5 }, encoding: { x, text: { field: "number" }, tooltip: tip } });
  }
  return layers;
}

const isUnlit = "lit !== '' && datum.line !== lit";

function timeSpec(rows, series, top) {
  const domain = series.map((_, line) => `l${line}`);
  const color = { field: "line", type: "nominal", legend: null, scale: { domain, range: domain.map((_, i) => lineColor(i)) } };
  const x = { field: "day", ...timeAxis(state.unit) };
  const y = { field: "share", type: "quantitative", title: null, scale: { domain: [0, top] }, axis: { format: ".0%", tickCount: 4 } };
  const opacity = { condition: { test: isUnlit, value: 0.1 }, value: 1 };
  const values = rows.map((row) => ({ ...row, day: firstDay(row.period),
    tip: `${row.title}, ${row.period}${data.partial[row.period] ? ` (partial: ${data.partial[row.period]})` : ""}\n${percent(row.share)}: ${row.carried} of ${plural(row.posts, "post")}` }));
  return {
    params: [{ name: "lit", value: "" }],
    data: { values },
    layer: [
      ...timeMarks(rows.map((row) => row.period)),
      { mark: { type: "line", strokeWidth: 1.6 }, encoding: { x, y, color, opacity,
        strokeDash: { field: "line", type: "nominal", legend: null, scale: { domain, range: domain.map((_, i) => DASHES[i] || [1, 3]) } } } },
      { mark: { type: "point", size: 34, strokeWidth: 1.4 }, encoding: { x, y, color, opacity,
        shape: { field: "line", type: "nominal", legend: null, scale: { domain, range: domain.map((_, i) => SHAPES[i] || "circle") } },
        fill: { condition: { test: "datum.few", value: "var(--paper)" }, field: "line", type: "nominal", legend: null, scale: color.scale },
        tooltip: { field: "tip", type: "nominal" } } },
    ],
  };
}

// A line is lit in all plots at once: by its point, or by its name in the legend, with the pointer or the keyboard.
const timeViews = new Set();
let pinned = "";

function light(line) {
  for (const view of timeViews) view.signal("lit", line).runAsync();
}

function watchLines(view) {
  timeViews.add(view);
  view.signal("lit", pinned).runAsync();
  view.addEventListener("mouseover", (_event, item) => { if (item && item.datum && item.datum.line) light(item.datum.line); });
  view.addEventListener("mouseout", () => light(pinned));
}

function legendItem(title, line) {
  const button = make("button", { type: "button", "aria-pressed": "false" }, swatch(line), name(title));
  const own = `l${line}`;
  for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => light(own));
  for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => light(pinned));
  button.addEventListener("click", () => {
    pinned = pinned === own ? "" : own;
    for (const other of byId("time-legend").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button && pinned === own));
    light(pinned);
  });
  return make("li", {}, button);
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
  for (const view of timeViews) view.finalize();
  timeViews.clear();
  pinned = "";
  byId("time-legend").replaceChildren(...series.map(({ title }, line) => legendItem(title, line)));
  const frames = chosenFrames();
  const all = frames.map((frame) => seriesRows(sums, series, frame));
  nameEnds("time-ends", all.flat().map((row) => row.period));
  const top = Math.min(1, Math.max(0.05, ...all.flat().map((row) => row.share)) * 1.05);
  const figures = frames.map((frame, i) => {
    const rows = all[i];
    return figure({
      title: titles[frame],
      note: `${plural(sums.ofFrame.get(frame) || 0, "post")}`,
      description: describeSeries(frame, rows, series),
      spec: timeSpec(rows, series, top),
      axes: { x: state.unit, y: "raw share of posts, not corrected" },
      legend: Object.fromEntries(series.map(({ title }, line) => [`l${line}`, title])),
      onView: watchLines,
      tableTitle: `raw share of posts with ${titles[frame]} by channel and ${state.unit}`,
      buildTable: () => table({
        caption: `Raw classifier share of posts, not corrected (posts with the frame of posts in all)`,
        columns: [{ title: state.unit }, ...series.map(({ title }) => ({ title, number: true }))],
        rows: [...new Set(data.periods.slice(state.from, state.to + 1).filter(Boolean).map(unitOf))].map((period) => [namePeriod(period), ...series.map(({ title }) => {
          const row = rows.find((r) => r.title === title && r.period === period);
          return row ? `${percent(row.share)} (${row.carried} of ${row.posts})` : "–";
        })]),
      }),
    });
  });
  if (figures.length) shortPlots(byId("time-plots"), figures);
  else byId("time-plots").replaceChildren(make("p", {}, "No frame is chosen."));
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

// ---- tables with shades

function heatTable({ caption, corner, columns, rows, top }) {
  const head = make("tr", {}, make("th", { scope: "col" }, corner), ...columns.map((c) => make("th", { scope: "col" }, make("span", { dir: "auto" }, c))));
  const body = rows.map(({ title, cells }) => make("tr", {}, make("th", { scope: "row", dir: "auto" }, title), ...cells.map((cell) => {
    const none = cell === null;
    const td = make("td", { class: none && "none" }, none ? "–" : fixed(100 * cell, cell && cell < 0.0995 ? 1 : 0));
    if (!none) td.style.setProperty("--v", String(Math.min(1, cell / top)));
    return td;
  })));
  return make("table", { class: "heat" }, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
}

// The same shades as a plot, to be taken along.
function heatSpec(columns, rows) {
  const values = rows.flatMap(({ title, cells }) => cells.map((share, i) => ({ row: title, column: columns[i], share })));
  const along = { type: "nominal", sort: null, title: null };
  return { data: { values }, width: { step: 26 }, height: { step: 18 }, autosize: "pad",
    encoding: { x: { field: "column", ...along, axis: { labelAngle: -60, labelLimit: 200 } }, y: { field: "row", ...along, axis: { labelLimit: 260 } } },
    layer: [
      { mark: "rect", encoding: { color: { field: "share", type: "quantitative", legend: null, scale: { range: ["#ffffff", "#6e6e6e"], domainMin: 0 } } } },
      { transform: [{ filter: "isValid(datum.share)" }], mark: { type: "text", fontSize: 9 }, encoding: { text: { field: "share", type: "quantitative", format: ".0%" } } },
    ] };
}

function drawShades(id, label, { caption, corner, columns, rows }) {
  const top = Math.max(0.01, ...rows.flatMap((row) => row.cells));
  const spec = heatSpec(columns, rows);
  byId(id).replaceChildren(scrollable(label, heatTable({ caption, corner, columns, rows, top })),
    takeButtons(label, () => inPrint(spec, label), () => plottedRows(spec)));
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
  drawShades("heat", "Share of posts by channel and frame", {
    caption: "Per cent of the channel's posts that carry the frame; raw classifier share, not corrected. In brackets: posts.",
    corner: "Channel", columns: frames.map((k) => titles[k]), rows });
}

function drawPairs(sums) {
  const frames = chosenFrames();
  const rows = frames.map((row) => {
    const n = sums.ofFrame.get(row) || 0;
    const cells = frames.map((column) => (row === column || !n ? null : (sums.pair.get(row * titles.length + column) || 0) / n));
    return { title: `${titles[row]} (${count(n)})`, cells };
  });
  drawShades("pairs", "Frames in the same post", {
    caption: "Per cent of the row frame's posts that also carry the column's frame. In brackets: posts with the row's frame.",
    corner: "Of posts with", columns: frames.map((k) => titles[k]), rows });
}
