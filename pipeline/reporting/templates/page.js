"use strict";
// Shared by the pages: unpacking of data, elements made of text, plots and tables. Data is set as text only.

async function readPayload() {
  const packed = atob(document.getElementById("payload").textContent.trim());
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const byId = (id) => document.getElementById(id);
// Rounded once, a tie to the even digit, as the command line does it; toFixed takes the larger one.
function fixed(value, digits) {
  const exact = value.toFixed(60), cut = exact.length - 60 + digits - (digits ? 0 : 1);
  const isTie = /^\.?50*$/u.test(exact.slice(cut));
  return isTie && Number(exact[cut - 1]) % 2 === 0 ? exact.slice(0, cut) : value.toFixed(digits);
}

const percent = (share, digits = 1) => `${fixed(100 * share, digits)} %`;
const count = (number) => number.toLocaleString("en");
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

// A name of unknown language and direction inside English text.
const name = (text) => make("bdi", {}, text);

function table({ caption, columns, rows, className }) {
  // columns: [{title, number}]; the first cell of a row is its header.
  const head = make("tr", {}, ...columns.map((c) => make("th", { scope: "col", class: c.number && "number", dir: "auto" }, c.title)));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell, i) =>
    i === 0 ? make("th", { scope: "row", dir: "auto" }, cell) : make("td", { class: columns[i].number && "number" }, cell))));
  return make("table", { class: className }, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
}

function scrollable(label, content) {
  return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, content);
}

// A table that is made when it is opened: pages of many plots stay light.
function tableOnDemand(title, build) {
  const details = make("details", {}, make("summary", {}, "As a table", make("span", { class: "hidden" }, `: ${title}`)));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(scrollable(title, build()));
  });
  return details;
}

const PLOT_CONFIG = {
  aria: false, // the container has the description, and a table stands beside it
  background: null,
  font: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif', // room is measured in it
  view: { stroke: null },
  axis: {
    labelColor: "currentColor", titleColor: "currentColor", domainColor: "var(--line)", tickColor: "var(--line)",
    gridColor: "var(--grid)", labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal",
  },
};

const tooltip = make("div", { class: "tooltip", hidden: true, "aria-hidden": "true" });

function showTooltip(_handler, event, _item, value) {
  if (!tooltip.isConnected) document.body.append(tooltip);
  tooltip.hidden = value === null || value === undefined || value === "";
  if (tooltip.hidden) return;
  tooltip.textContent = typeof value === "object" ? Object.values(value).join("\n") : String(value);
  const { innerWidth: width, innerHeight: height } = window;
  const box = tooltip.getBoundingClientRect();
  tooltip.style.left = `${Math.min(event.clientX + 12, width - box.width - 8)}px`;
  tooltip.style.top = `${Math.min(event.clientY + 12, height - box.height - 8)}px`;
}

// The library compiles expressions to code unless told to interpret them; the page's policy allows no such code.
function plot(container, spec, options = {}) {
  return window.vegaEmbed(
    container,
    { $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: "container", height: 150, autosize: { type: "fit", contains: "padding" }, ...spec, config: { ...PLOT_CONFIG, ...spec.config } },
    { renderer: "svg", actions: false, ast: true, tooltip: showTooltip, mode: "vega-lite", logLevel: 1, ...options },
  );
}

// What stands in a closed part of the page is drawn when the part is opened.
const waiting = new Map();
const isShown = (box) => (box.checkVisibility ? box.checkVisibility() : box.clientWidth > 0);

function drawShown() {
  const drawn = [];
  for (const [box, draw] of waiting) {
    if (box.isConnected && !isShown(box)) continue;
    waiting.delete(box);
    if (box.isConnected) drawn.push(draw());
  }
  return drawn;
}

// axes: titles for print, { x, y }; legend: names of the values of the field "line"; onView: is given each view drawn.
function figure({ title, note, description, spec, tableTitle, buildTable, axes, legend, onView, openTable }) {
  const box = make("div", { class: "plot", "aria-hidden": "true" }); // the library sets roles of its own in it
  const details = tableOnDemand(tableTitle, buildTable);
  details.open = Boolean(openTable);
  const element = make("figure", {}, make("figcaption", {}, name(title), make("small", {}, note || "")),
    make("div", { role: "img", "aria-label": description }, box),
    make("div", { class: "under" }, details, takeButtons(tableTitle, () => inPrint(spec, title, axes, legend), () => plottedRows(spec))));
  waiting.set(box, async () => {
    const { view } = await plot(box, spec);
    if (onView) onView(view);
  });
  return { element };
}

// ---- figures that can be taken along

const PRINT = { paper: "#fff", ink: "#000", soft: "#444", line: "#999", grid: "#ddd", band: "#000", other: "#666", mark: "#eee", c0: "#0072b2", c1: "#d55e00", c2: "#009e73", c3: "#cc79a7", c4: "#56b4e9", c5: "#e69f00" };

// The same plot in black on white, of a fixed size, with titles of axes and a legend of its own.
function inPrint(spec, title, axes, legend) {
  const named = JSON.parse(JSON.stringify({ width: 460, height: 260, ...spec, config: { ...PLOT_CONFIG, aria: false, background: "#fff", font: "sans-serif" } })
    .replace(/var\(--([a-z0-9]+)\)/gu, (_, role) => PRINT[role] || "#000").replaceAll("currentColor", "#000"));
  named.title = { text: title, anchor: "start", fontSize: 12 };
  const told = legend && JSON.stringify(legend).replace(/[\u2028\u2029]/gu, " "); // which end a line inside an expression
  const names = legend && { title: null, orient: "bottom", columns: 2, labelLimit: 220, labelExpr: `(${told})[datum.value]` };
  const walk = (part) => {
    for (const [channel, coded] of Object.entries(part.encoding || {})) {
      if (coded.title === null && axes && axes[channel]) coded.title = axes[channel];
      if (coded.field === "line" && coded.legend === null && names) coded.legend = names;
    }
    for (const layer of part.layer || []) walk(layer);
  };
  walk(named);
  return named;
}

function plottedRows(spec) {
  const parts = [spec, ...(spec.layer || [])].filter((part) => part.data && part.data.values && !part.data.name);
  return parts.flatMap((part) => part.data.values).map(({ tip, line, day, ...row }) => row);
}

// What a table of the page says, cell by cell.
function tableRows(shown) {
  const names = [...shown.tHead.rows[0].cells].map((cell) => cell.textContent);
  return [...shown.tBodies[0].rows].map((row) => Object.fromEntries([...row.cells].map((cell, i) => [names[i], cell.innerText.trim()])));
}

// Texts that a spreadsheet would run as a formula get a ' in front.
function toCsv(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value) => {
    const text = typeof value === "string" ? value.replace(/^(?='*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])/u, "'") : String(value ?? "");
    return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\ufeff${[names, ...rows.map((row) => names.map((field) => row[field]))].map((cells) => cells.map(cell).join(",")).join("\r\n")}\r\n`;
}

function save(blob, title, suffix) {
  const stem = title.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/gu, "").slice(0, 60).toLowerCase() || "figure";
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: `${stem}.${suffix}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

async function saveImage(spec, title, suffix) {
  const { view } = await plot(make("div"), spec, { tooltip: false });
  if (suffix === "svg") save(new Blob([await view.toSVG()], { type: "image/svg+xml" }), title, suffix);
  else (await view.toCanvas(4)).toBlob((blob) => save(blob, title, suffix));
  view.finalize();
}

function takeButtons(title, buildSpec, buildRows) {
  const button = (kind, take) => {
    const own = make("button", { type: "button", "aria-label": `${kind}: ${title}` }, kind);
    own.addEventListener("click", take);
    return own;
  };
  return make("div", { class: "take" },
    buildSpec && button("SVG", () => saveImage(buildSpec(), title, "svg")), buildSpec && button("PNG", () => saveImage(buildSpec(), title, "png")),
    button("CSV", () => save(new Blob([toCsv(buildRows())], { type: "text/csv" }), title, "csv")));
}

// ---- parts that fold

const NARROW = window.matchMedia("(max-width: 44rem)");

// On a narrow screen the first part is open, the others are headings; a link to a part opens it.
function foldParts() {
  const parts = [...document.querySelectorAll("details.part")];
  if (NARROW.matches) for (const part of parts.slice(1)) part.open = false;
  for (const link of document.querySelectorAll("nav a, a.within")) {
    link.addEventListener("click", () => {
      const target = byId(link.getAttribute("href").slice(1));
      if (target && target.closest("details.part")) target.closest("details.part").open = true;
    });
  }
}

// Plots beyond the first few stand behind a button.
function shortPlots(box, figures) {
  const most = NARROW.matches ? 4 : 24;
  box.replaceChildren(...figures.map((f) => f.element));
  box.classList.toggle("short", figures.length > most && !box.classList.contains("whole"));
  figures.slice(most).forEach((f) => f.element.classList.add("beyond"));
  if (figures.length > most && box.classList.contains("short")) {
    const more = make("button", { type: "button", class: "more" }, `Show all ${figures.length} plots`);
    more.addEventListener("click", () => { box.classList.remove("short"); box.classList.add("whole"); more.remove(); drawShown(); });
    box.append(more);
  }
  drawShown();
}

document.addEventListener("toggle", drawShown, true);
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.part, .frames-evidence details")) details.open = true;
  for (const box of document.querySelectorAll(".plots.short")) box.classList.remove("short");
  drawShown();
});
