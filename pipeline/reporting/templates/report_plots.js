// Plots of the report: frames over time, corrected shares, and tables with shades. State and data: report.js.

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
        { channel: "y", encoding: { field: "title", type: "nominal", sort: null, title: null, axis: { labelLimit: byId("share-overview").clientWidth < 500 ? 130 : 260, grid: true } } }),
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
