// Posts of the report: which pass the filters, the table, and the evidence. State and data: report.js.

function findRows() {
  const { rows, marks } = data;
  const tests = state.words.map((word) => new RegExp(word, "iu"));
  const hits = [];
  for (let i = 0; i < data.n; i += 1) {
    const plain = data.plainOf.get(i);
    if (!passes(rows.channel[i], rows.period[i]) || (state.kind !== "both" && (state.kind === "plain") !== (plain !== undefined))) continue;
    let best = plain === undefined ? -1 : data.plain.permille[plain];
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
  const plain = data.plainOf.get(row);
  if (plain !== undefined && data.plain.text[plain] >= 0) own.push(texts.text[data.plain.text[plain]]);
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

const COLUMNS = [["date", "Date"], ["channel", "Channel and message"], ["frames", "Frames"], ["probability", "Highest prob."], [null, "Evidence, or the text"]];

function buildTable() {
  const head = COLUMNS.map(([key, title]) => {
    if (!key) return make("th", { scope: "col", role: "columnheader" }, title);
    const button = make("button", { type: "button", id: `sort-${key}` }, key === "date" ? `${title} (${data.zone})` : title);
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
  byId("size").value = String(state.size);
  byId("posts-take").replaceChildren(takeButtons("posts of the table", null, () => state.hits.map(postRecord)));
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

const marksOf = (row) => [...Array(data.rows.marks[row]).keys()].map((i) => data.rows.first[row] + i);
const evidenceText = (mark) => (data.marks.text[mark] >= 0 ? data.texts.text[data.marks.text[mark]] : "");

function postRow({ row, best }) {
  const { rows, marks } = data;
  const own = marksOf(row), plain = data.plainOf.get(row);
  const frames = own.map((m) => make("li", { class: "frame" }, name(titles[marks.frame[m]]), ` ${twoDigits(marks.permille[m])}`));
  const bySentence = new Map();
  for (const m of own) if (marks.text[m] >= 0) bySentence.set(marks.text[m], [...(bySentence.get(marks.text[m]) || []), m]);
  const evidence = [...bySentence].map(([text, which]) => make("li", {}, quote(text, which[0], false),
    make("span", { class: "frame" }, ` ${which.map((m) => titles[marks.frame[m]]).join(", ")}`)));
  if (own.some((m) => marks.text[m] < 0)) evidence.push(make("li", { class: "soft" }, "Text of evidence left out to keep this file small."));
  if (plain !== undefined) {
    const nearest = data.plain.frame[plain];
    frames.push(make("li", { class: "frame" }, make("b", {}, "none"), nearest >= 0 ? "; nearest " : "", nearest >= 0 ? name(titles[nearest]) : ""));
    const text = data.plain.text[plain];
    evidence.push(make("li", {}, text >= 0 ? quote(text, null, false) : make("span", { class: "soft" }, "No sentence to score.")));
  }
  const message = rows.message[row];
  const cells = [
    [postLink(row, dateOf(row))],
    [name(data.names[rows.name[row]]), message ? make("span", { class: "frame" }, ` ${message}`) : null],
    [make("ul", {}, ...frames)],
    [twoDigits(best)],
    [make("ul", {}, ...evidence)],
  ];
  return make("tr", { role: "row" }, ...cells.map((cell, i) =>
    make("td", { role: "cell", "data-head": ["", "in", "", "highest probability", ""][i] }, ...cell.filter((part) => part !== null))));
}

// Thousandths are cut off, so five of them round up.
const twoDigits = (permille) => fixed(Math.floor((permille + 5) / 10) / 100, 2);

// A row of the table as plain values.
function postRecord({ row, best }) {
  const { rows, marks } = data;
  const own = marksOf(row), plain = data.plainOf.get(row);
  const text = plain !== undefined && data.plain.text[plain] >= 0 ? data.texts.text[data.plain.text[plain]] : "";
  const when = data.zone === "UTC" ? { date_utc: dateOf(row) } : { date: dateOf(row), timezone: data.zone };
  return { ...when, channel: data.names[rows.name[row]], message_id: rows.message[row], link: linkOf(row) || "",
    frames: own.map((m) => titles[marks.frame[m]]).join("; "), highest_probability: best / 1000,
    evidence: plain === undefined ? [...new Set(own.map(evidenceText))].join(" | ") : "", text_without_frame: text };
}

// By the template where there is one; else only where the channel's name can be a public user name of Telegram.
function linkOf(row) {
  const channel = data.names[data.rows.name[row]];
  const message = data.rows.message[row];
  if (!/^-?[0-9]{1,19}$/.test(message || "")) return null;
  if (data.link) return data.link.replaceAll("{channel}", () => encodeURIComponent(channel)).replaceAll("{message_id}", message);
  return /^[A-Za-z][A-Za-z0-9_]{3,31}$/.test(channel) && /^[1-9]/.test(message) ? `https://t.me/${channel}/${message}` : null;
}

function postLink(row, label) {
  const address = linkOf(row);
  if (!address) return label;
  const where = data.link ? "" : " on t.me";
  return make("a", { href: address, rel: "noopener noreferrer", target: "_blank",
    "aria-label": `${label}, post ${data.rows.message[row]} of ${data.names[data.rows.name[row]]}${where}, in a new tab` }, label);
}

// A text by its number; of evidence marked, between its neighbours where they are in the page.
function quote(i, mark, withContext) {
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
      make("blockquote", {}, quote(marks.text[m], m, true)),
      make("div", { class: "source" }, name(data.names[rows.name[row]]), ", ", postLink(row, rows.minute[row] === null ? dateOf(row) : `${dateOf(row)} ${data.zone}`), `${rows.message[row] ? `, message ${rows.message[row]}` : ""}, probability ${twoDigits(permille)}`)));
    const isOpen = drawEvidence.done ? open.has(frame) : i < (NARROW.matches ? 1 : 3);
    return make("details", { open: isOpen, "data-frame": frame }, make("summary", {}, name(titles[frame]), make("span", { class: "soft" }, ` ${plural(found.length, "post")}`)),
      data.frame_definitions[data.frames[frame]] ? make("p", { class: "soft", dir: "auto" }, data.frame_definitions[data.frames[frame]]) : null,
      items.length ? make("ul", { class: "evidence" }, ...items) : make("p", {}, "No evidence passes the filters."));
  });
  drawEvidence.done = true;
  byId("evidence-list").replaceChildren(...blocks);
}
