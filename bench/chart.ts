import {
  type Bar,
  contenders,
  type DotRow,
  dotRows,
  keptBars,
} from "./chart_data.ts";
import { marks, style } from "./chart_style.ts";
import { databases } from "./databases.ts";
import type { Report } from "./report.ts";

/** Which of the tables are drawn. */
const shown = { db: "file", size: "350 B" } as const;

const subtitles = {
  kept:
    "100 requests at once add 1 to the count of one session; this is the count afterwards",
  times: "as a multiple of the bare KV calls that @aerys/session needs for it",
};

const width = 800;
const margin = 28;
const left = 208;
const right = width - margin;
/** The height of a bar with the space below. */
const line = 30;
const laneHeight = 11;
const rowGap = 18;
const rowHeight = contenders.length * laneHeight + rowGap;

/** Draws what was kept, and then how long it took, as an SVG. */
export function chart({ tables, machine }: Report): string {
  const those = tables.filter(({ db, size }) =>
    db === shown.db && size === shown.size
  );
  const bars = keptBars(those);
  const rows = dotRows(those);
  const where = `database in ${databases[shown.db]}, values of ${shown.size}`;
  const top = 92;
  const second = top + bars.length * line + 46;
  const rowsAt = second + 78;
  const bottom = rowsAt + rows.length * rowHeight - rowGap / 2;
  const height = bottom + 76;
  const axis = axisOf(rows);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">
<title id="title">Updates kept, and time beside the bare KV calls</title>
<desc id="description">${escaped(description(bars, rows))}</desc>
<style>${style}</style>
${text(margin, 34, "Updates kept", "title")}
${text(margin, 56, subtitles.kept, "small")}
${bars.map((bar, i) => drawBar(bar, top + i * line)).join("\n")}
${text(margin, second, "Time of a request", "title")}
${text(margin, second + 22, `${subtitles.times}; ${where}`, "small")}
${drawLegend(second + 48)}
${drawAxis(axis, rowsAt - 8, bottom)}
${rows.map((row, i) => drawRow(row, axis, rowsAt + i * rowHeight)).join("\n")}
${
    text(
      margin,
      height - 14,
      `Medians and quartiles of the rounds; express-session beside bare node:http. ` +
        `${machine.date}, Deno ${machine.deno}, ${machine.cpus} CPUs.`,
      "small",
    )
  }
</svg>
`;
}

function drawBar({ name, least, most, of, mark }: Bar, y: number): string {
  const full = right - left - 96;
  const size = Math.max(2, full * least / of);
  const value = least === most ? `${least}` : `${least}–${most}`;
  const strong = mark === "own" ? "strong" : "";
  return `<g>${text(left - 14, y + 5, name, `end ${strong}`)}
<rect class="track" x="${left}" y="${
    y - 9
  }" width="${full}" height="18" rx="3"/>
<rect class="${mark} fill" x="${left}" y="${
    y - 9
  }" width="${size}" height="18" rx="${Math.min(3, size / 2)}"/>
${text(left + full + 12, y + 5, `${value} of ${of}`, strong)}</g>`;
}

/** Where a ratio is drawn. */
interface Axis {
  x(ratio: number): number;
  readonly ticks: readonly number[];
}

/** A logarithmic axis on which all have room. */
function axisOf(rows: readonly DotRow[]): Axis {
  const all = rows.flatMap(({ dots }) =>
    dots.flatMap(({ ratio: { low, high } }) => [low, high])
  );
  const min = Math.min(0.8, ...all) * 0.95;
  const max = Math.max(3, ...all) * 1.15;
  const x = (ratio: number) =>
    left + (right - left) * Math.log(ratio / min) / Math.log(max / min);
  const ticks = [-2, -1, 0, 1, 2, 3]
    .flatMap((power) => [1, 2, 5].map((n) => n * 10 ** power))
    .filter((tick) => tick >= min && tick <= max);
  return { x, ticks };
}

function drawAxis({ x, ticks }: Axis, from: number, to: number): string {
  return ticks.map((tick) => {
    const at = round(x(tick));
    const kind = tick === 1 ? "floor" : "rule";
    return `<path class="${kind}" d="M${at} ${from}V${to}"/>
${text(at, to + 18, `${+tick.toPrecision(1)}×`, "small middle")}`;
  }).join("\n");
}

/** One shape: a lane for each contender, this library's first. */
function drawRow({ label, dots }: DotRow, { x }: Axis, y: number): string {
  const drawn = dots.map(({ mark, ratio: { low, median, high } }) => {
    const lane = contenders.findIndex((other) => other.mark === mark);
    const at = y + lane * laneHeight;
    const [from, to] = [round(x(low)), round(x(high))];
    const value = mark === "own"
      ? text(to + 10, at + 4, `${median.toFixed(2)}×`, "value")
      : "";
    return `<path class="${mark} spread" d="M${from} ${at}H${to}"/>
${drawMark(mark, round(x(median)), at)}${value}`;
  });
  const middle = y + 4 + (contenders.length - 1) * laneHeight / 2;
  return `<g>${text(left - 14, middle, label, "end")}
${drawn.join("\n")}</g>`;
}

function drawLegend(y: number): string {
  let x = margin;
  return contenders.map(({ name, mark }) => {
    const drawn = drawMark(mark, x + 6, y - 4) + text(x + 18, y, name, "small");
    x += 40 + Math.round(name.length * 6.8);
    return drawn;
  }).join("\n");
}

function drawMark(mark: string, x: number, y: number): string {
  return `<path class="${mark} fill" transform="translate(${x} ${y})" d="${
    marks[mark]
  }"/>`;
}

function description(bars: readonly Bar[], rows: readonly DotRow[]): string {
  const kept = bars.map(({ name, least, of }) => `${name} ${least} of ${of}`);
  const times = rows.map(({ label, dots }) =>
    `${label}: ${
      dots.map(({ name, ratio }) => `${name} ${ratio.median.toFixed(2)}`)
        .join(", ")
    }`
  );
  return `Kept: ${kept.join(", ")}. Times: ${times.join("; ")}.`;
}

function text(x: number, y: number, content: string, classes = ""): string {
  return `<text x="${x}" y="${y}" class="${classes.trim()}">${
    escaped(content)
  }</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}
