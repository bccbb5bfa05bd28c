// The evaluation of one model: precision-recall curves and reliability; everything else stands in the markup.

const UNIT_AXIS = (title) => ({ type: "quantitative", title, scale: { domain: [0, 1] }, axis: { tickCount: 5, format: ".1f" } });

function curveFigure(curve) {
  const points = curve.recall.map((recall, i) => ({ recall, precision: curve.precision[i], order: i }));
  const at = curve.at ? [{ recall: curve.at[0], precision: curve.at[1], tip: `threshold ${curve.threshold === null ? "none" : fixed(curve.threshold, 2)}\nrecall ${fixed(curve.at[0], 2)}\nprecision ${fixed(curve.at[1], 2)}` }] : [];
  const x = { field: "recall", ...UNIT_AXIS("recall") }, y = { field: "precision", ...UNIT_AXIS("precision") };
  const own = curve.at ? `at the model's threshold, recall ${fixed(curve.at[0], 2)} and precision ${fixed(curve.at[1], 2)}` : "the model gives this frame to no text";
  return figure({
    title: curve.title,
    note: `${plural(curve.positives, "coded text")}; ${own}`,
    description: `Precision-recall curve of ${curve.title}: ${own}; chance gives precision ${fixed(curve.base, 2)}.`,
    spec: {
      height: 180,
      layer: [
        { data: { values: [{ precision: curve.base }] }, mark: { type: "rule", strokeDash: [4, 3], color: "var(--other)" }, encoding: { y } },
        { data: { values: points }, mark: { type: "line", interpolate: "step-before", color: "var(--band)", strokeWidth: 1.8 }, encoding: { x, y, order: { field: "order", type: "quantitative" } } },
        { data: { values: at }, mark: { type: "point", filled: true, size: 70, color: "var(--c1)", opacity: 1 }, encoding: { x, y, tooltip: { field: "tip", type: "nominal" } } },
      ],
    },
    tableTitle: `precision and recall of ${curve.title}`,
    buildTable: () => table({
      caption: "Highest precision at each tenth of recall",
      columns: [{ title: "Recall at least" }, { title: "Precision", number: true }],
      rows: [...Array(10).keys()].map((i) => (i + 1) / 10).map((least) => {
        const able = points.filter((point) => point.recall >= least - 1e-9).map((point) => point.precision);
        return [fixed(least, 1), able.length ? fixed(Math.max(...able), 2) : "–"];
      }),
    }),
  });
}

function reliabilityFigure(bins) {
  const rows = bins.stated.map((stated, i) => ({ stated, observed: bins.observed[i], low: bins.low[i], high: bins.high[i], n: bins.n[i],
    tip: `stated ${fixed(stated, 2)}\nobserved ${fixed(bins.observed[i], 2)} (${fixed(bins.low[i], 2)} to ${fixed(bins.high[i], 2)})\n${plural(bins.n[i], "decision")}` }));
  const x = { field: "stated", ...UNIT_AXIS("stated probability") }, y = { field: "observed", ...UNIT_AXIS("share coded") };
  const tip = { tooltip: { field: "tip", type: "nominal" } };
  return figure({
    title: "All frames together",
    note: plural(bins.n.reduce((a, b) => a + b, 0), "decision"),
    description: `Reliability plot. ${rows.map((row) => `Stated ${fixed(row.stated, 2)}, observed ${fixed(row.observed, 2)}`).join("; ")}.`,
    spec: {
      height: 260,
      layer: [
        { data: { values: [{ stated: 0, observed: 0 }, { stated: 1, observed: 1 }] }, mark: { type: "line", strokeDash: [4, 3], color: "var(--other)" }, encoding: { x, y } },
        { data: { values: rows }, mark: { type: "rule", strokeWidth: 2, color: "var(--band)", opacity: 0.6 }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, ...tip } },
        { data: { values: rows }, mark: { type: "point", filled: true, size: 60, color: "var(--band)", opacity: 1 }, encoding: { x, y, ...tip } },
      ],
    },
    tableTitle: "stated probability and observed share",
    buildTable: () => table({
      caption: "Decisions grouped by stated probability",
      columns: [{ title: "Stated" }, { title: "Observed", number: true }, { title: "95 % interval", number: true }, { title: "Decisions", number: true }],
      rows: rows.map((row) => [fixed(row.stated, 2), fixed(row.observed, 2), `${fixed(row.low, 2)} to ${fixed(row.high, 2)}`, count(row.n)]),
    }),
  });
}

async function start() {
  const data = await readPayload();
  const curves = data.curves.map(curveFigure);
  const reliability = reliabilityFigure(data.reliability);
  byId("curve-plots").replaceChildren(...curves.map((c) => c.element));
  byId("reliability-plot").replaceChildren(reliability.element);
  await Promise.all(drawShown());
  byId("status").textContent = "The plots are drawn.";
}

start().catch((error) => {
  byId("status").classList.remove("hidden");
  byId("status").textContent = "This browser cannot read the data of the page; a current Chrome, Edge, Firefox or Safari can.";
  throw error;
});
