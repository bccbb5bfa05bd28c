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
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
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
function plot(container, spec) {
  return window.vegaEmbed(
    container,
    { $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: "container", height: 150, autosize: { type: "fit", contains: "padding" }, ...spec, config: { ...PLOT_CONFIG, ...spec.config } },
    { renderer: "svg", actions: false, ast: true, tooltip: showTooltip, mode: "vega-lite", logLevel: 1 },
  );
}

function figure({ title, note, description, spec, tableTitle, buildTable }) {
  const box = make("div", { class: "plot", "aria-hidden": "true" }); // the library sets roles of its own in it
  const element = make("figure", {}, make("figcaption", {}, name(title), make("small", {}, note || "")),
    make("div", { role: "img", "aria-label": description }, box),
    tableOnDemand(tableTitle, buildTable));
  return { element, draw: () => plot(box, spec) };
}
