// Corrected shares, their trends and differences. State and data: report.js; the marks of time: report_plots.js.

function buildShares() {
  const channels = [...new Set(data.shares.channel)].filter((channel) => channel !== null);
  const select = byId("share-channel"), unit = byId("share-unit");
  select.replaceChildren(make("option", { value: "-1" }, "all channels together"), ...channels.map((c, i) => make("option", { value: i }, c)));
  unit.value = data.share_unit;
  const draw = () => drawShares(channels[Number(select.value)] ?? null, unit.value);
  select.addEventListener("change", draw);
  unit.addEventListener("change", draw);
  draw();
  buildContrasts();
}

function shareRows(test) {
  const { shares } = data;
  const rows = [];
  shares.frame.forEach((frame, i) => {
    if (!test(i)) return;
    const [raw, corrected, low, high] = ["raw", "corrected", "low", "high"].map((column) => shares[column][i]);
    const outside = Boolean(shares.outside[i]);
    const words = corrected === null ? "no corrected share: too few labels" : `corrected ${percent(corrected)} (${percent(low)} to ${percent(high)})`;
    const rawWords = `${percent(raw)}${outside ? ", outside the interval" : ""}`;
    rows.push({ frame: titles[frame], period: shares.period[i], raw, corrected, low, high, outside, units: shares.units[i], labelled: shares.labelled[i], words, rawWords,
      tip: `${titles[frame]}${shares.period[i] ? `, ${namePeriod(shares.period[i])}` : ""}\n${words}\nraw ${rawWords}\n${count(shares.units[i])} in all, ${count(shares.labelled[i])} labelled` });
  });
  return rows;
}

function shareLayers(shareAxis, other) {
  const share = (field) => ({ field, type: "quantitative", title: null, scale: shareAxis.scale, axis: shareAxis.axis });
  const [along, across] = other.channel === "y" ? ["x", "y"] : ["y", "x"];
  const place = { [across]: other.encoding, tooltip: { field: "tip", type: "nominal" } };
  const known = { transform: [{ filter: "datum.corrected !== null" }] };
  return [
    { ...known, mark: { type: "rule", strokeWidth: 3, color: "var(--band)", opacity: 0.6 }, encoding: { ...place, [along]: share("low"), [`${along}2`]: { field: "high" } } },
    { mark: { type: "point", filled: false }, encoding: { ...place, [along]: share("raw"),
      shape: { condition: { test: "datum.outside", value: "M-.8,-.8L.8,.8M.8,-.8L-.8,.8" }, value: "diamond" }, size: { condition: { test: "datum.outside", value: 40 }, value: 22 },
      strokeWidth: { condition: { test: "datum.outside", value: 2 }, value: 1.2 },
      color: { condition: { test: "datum.outside", value: "var(--c1)" }, value: "var(--other)" } } },
    { ...known, mark: { type: "point", size: 60, color: "var(--band)", filled: true, opacity: 1 }, encoding: { ...place, [along]: share("corrected") } },
  ];
}

function shareTable(first, rows) {
  const corrected = (row) => (row.corrected === null ? make("span", {}, "–", make("span", { class: "between" }, "too few labels"))
    : make("span", {}, make("strong", {}, percent(row.corrected)), make("span", { class: "between" }, `${percent(row.low)} to ${percent(row.high)}`)));
  const raw = (row) => make("span", { class: row.outside ? "raw outside" : "raw" }, percent(row.raw), row.outside ? make("span", { class: "between" }, "outside the interval") : null);
  return table({
    caption: "Shares in per cent, corrected ones with their interval; what is raw is not corrected",
    columns: [{ title: first }, ...["Corrected", "Raw", "In all", "Labelled"].map((title) => ({ title, number: true }))],
    rows: rows.map((row) => [first === "Frame" ? row.frame : namePeriod(row.period), corrected(row), raw(row), count(row.units), count(row.labelled)]),
  });
}

const most = (rows) => Math.min(1, Math.max(0.05, ...rows.map((row) => Math.max(row.raw, row.high ?? 0))) * 1.05);
const labelRoom = (id) => (byId(id).clientWidth < 500 ? 130 : 260);

function drawShares(channel, unit) {
  const { shares } = data;
  byId("share-channel-value").textContent = channel ?? "all channels together";
  const own = (i) => shares.channel[i] === channel;
  const overall = shareRows((i) => own(i) && shares.unit[i] === null);
  const overview = figure({
    title: "The whole time",
    note: "dot and bar: corrected share with its interval; small diamond: raw classifier share, a cross where it lies outside the interval",
    description: `Dot plot of shares by frame. ${overall.map((row) => `${row.frame}: ${row.words}, raw ${row.rawWords}`).join("; ")}.`,
    spec: {
      data: { values: overall }, height: 22 * overall.length + 30,
      layer: shareLayers({ scale: { domain: [0, most(overall)] }, axis: { format: ".0%", tickCount: 6 } },
        { channel: "y", encoding: { field: "frame", type: "nominal", sort: null, title: null, axis: { labelLimit: labelRoom("share-overview"), grid: true } } }),
    },
    axes: { x: `share of ${data.share_of}` },
    tableTitle: "shares by frame",
    buildTable: () => shareTable("Frame", overall),
    openTable: !NARROW.matches,
  });
  byId("share-overview").replaceChildren(overview.element);
  nameEnds("shares-ends", []);
  const timed = shareRows((i) => own(i) && shares.unit[i] === unit && shares.period[i] !== "undated");
  if (timed.length) drawSharesOverTime(timed, unit);
  else byId("share-plots").replaceChildren(make("p", {}, channel === null ? "No post has a date." : `Shares by ${unit} are not in this file for a single channel.`));
  drawShown();
}

function drawSharesOverTime(timed, unit) {
  const top = most(timed);
  nameEnds("shares-ends", timed.map((row) => row.period));
  const figures = [...titles.keys()].map((frame) => {
    const rows = timed.filter((row) => row.frame === titles[frame]);
    const known = rows.filter((row) => row.corrected !== null);
    return figure({
      title: titles[frame],
      note: `${known.length} of ${plural(rows.length, unit)} with a corrected share`,
      description: `Dot plot of shares of ${titles[frame]} by ${unit}. ${rows.map((row) => `${namePeriod(row.period)}: ${row.words}, raw ${row.rawWords}`).join("; ")}.`,
      spec: {
        data: { values: rows.map((row) => ({ ...row, day: firstDay(row.period) })) },
        layer: [...timeMarks(rows.map((row) => row.period)),
          ...shareLayers({ scale: { domain: [0, top] }, axis: { format: ".0%", tickCount: 4 } }, { channel: "x", encoding: { field: "day", ...timeAxis(unit) } })],
      },
      axes: { x: unit, y: `share of ${data.share_of}` },
      tableTitle: `shares of ${titles[frame]} by ${unit}`,
      buildTable: () => shareTable(unit[0].toUpperCase() + unit.slice(1), rows),
    });
  });
  shortPlots(byId("share-plots"), figures);
}

// ---- trends and differences

function buildContrasts() {
  const { contrasts } = data;
  if (!contrasts.frame.length) return;
  const select = byId("contrast-of");
  const frames = [...new Set(contrasts.frame)].filter((frame) => contrasts.frame.some((f, i) => f === frame && !contrasts.is_trend[i]));
  const trends = contrasts.is_trend.some(Boolean) ? [make("option", { value: "-1" }, "all frames: trends")] : [];
  select.replaceChildren(...trends, ...frames.map((frame) => make("option", { value: frame }, `${titles[frame]}: channels`)));
  select.addEventListener("change", () => drawContrasts(Number(select.value)));
  drawContrasts(Number(select.value));
}

function drawContrasts(frame) {
  const { contrasts } = data;
  const points = (value) => (value === null ? null : 100 * value);
  const rows = [];
  contrasts.frame.forEach((of, i) => {
    if (frame < 0 ? !contrasts.is_trend[i] : of !== frame || contrasts.is_trend[i]) return;
    const row = { line_of: frame < 0 ? titles[of] : contrasts.compared[i], frame: titles[of], compared: contrasts.compared[i] };
    for (const field of ["value", "low", "high", "low_together", "high_together"]) row[field] = points(contrasts[field][i]);
    rows.push({ ...row, tip: `${row.frame}\n${row.compared}: ${signed(row.value)}\nalone ${signed(row.low)} to ${signed(row.high)}${row.low_together === null ? "" : `\ntogether ${signed(row.low_together)} to ${signed(row.high_together)}`}` });
  });
  const several = rows.some((row) => row.low_together !== null);
  const title = frame < 0 ? rows[0].compared.replace("change", "Change") : `${titles[frame]}: channels compared`;
  const y = { field: "line_of", type: "nominal", sort: null, title: null, axis: { grid: true, labelLimit: labelRoom("contrasts") } };
  const x = { type: "quantitative", title: null, axis: { tickCount: 6 } };
  const tip = { tooltip: { field: "tip", type: "nominal" } };
  const drawn = figure({
    title,
    note: `percentage points; dot and bar: change with its interval${several ? "; thin bar: interval that holds for all lines of the frame together (sup-t)" : ""}`,
    description: `Dot plot. ${rows.map((row) => `${row.line_of}: ${signed(row.value)} (${signed(row.low)} to ${signed(row.high)})`).join("; ")}.`,
    spec: {
      height: 22 * rows.length + 30, data: { values: rows },
      layer: [
        { mark: { type: "rule", color: "var(--soft)", strokeDash: [3, 2] }, encoding: { x: { datum: 0, ...x } } },
        { mark: { type: "rule", strokeWidth: 1, color: "var(--band)" }, encoding: { y, x: { field: "low_together", ...x }, x2: { field: "high_together" }, ...tip } },
        { mark: { type: "rule", strokeWidth: 3, color: "var(--band)", opacity: 0.6 }, encoding: { y, x: { field: "low", ...x }, x2: { field: "high" }, ...tip } },
        { mark: { type: "point", filled: true, size: 55, color: "var(--band)", opacity: 1 }, encoding: { y, x: { field: "value", ...x }, ...tip } },
      ],
    },
    axes: { x: "percentage points" },
    tableTitle: title,
    buildTable: () => table({
      caption: "Corrected shares compared, in percentage points",
      columns: [{ title: frame < 0 ? "Frame" : "Compared" }, ...["Points", "Interval", ...(several ? ["All together"] : [])].map((column) => ({ title: column, number: true }))],
      rows: rows.map((row) => [row.line_of, signed(row.value), between(row.low, row.high), ...(several ? [between(row.low_together, row.high_together)] : [])]),
    }),
    openTable: !NARROW.matches,
  });
  byId("contrasts").replaceChildren(drawn.element);
  drawShown();
}

const signed = (points) => (points === null ? "–" : `${points < 0 ? "−" : "+"}${fixed(Math.abs(points), 1)}`);
const between = (low, high) => (low === null ? "" : `${signed(low)} to ${signed(high)}`);
