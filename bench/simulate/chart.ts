import { figure } from "./table.ts";

/** A line of a panel. */
export interface Series {
  /** What is written at its end; empty for a line that another one names. */
  readonly label: string;
  /** Which of the three colours it has. */
  readonly colour: 0 | 1 | 2;
  readonly dashed: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Two axes, both logarithmic, and lines. */
export interface Panel {
  readonly title: string;
  readonly xTitle: string;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  /** What a solid and a dashed line stand for. */
  readonly solid: string;
  readonly dashed: string;
  readonly series: readonly Series[];
}

const width = 800;
const height = 350;
const top = 78;
const bottom = height - 46;
const panelWidth = 300;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 13px }
  .tick { fill: #59636e; font-size: 11px }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .key { stroke: #59636e }
  .dashed { stroke-dasharray: 5 4 }
  .stroke0 { stroke: #0969da } .stroke1 { stroke: #9a6700 }
  .stroke2 { stroke: #bf3989 }
  .fill0 { fill: #0969da } .fill1 { fill: #9a6700 } .fill2 { fill: #bf3989 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .tick { fill: #9198a1 }
    .grid { stroke: #3d444d } .key { stroke: #9198a1 }
    .stroke0 { stroke: #58a6ff } .stroke1 { stroke: #d29922 }
    .stroke2 { stroke: #f778ba }
    .fill0 { fill: #58a6ff } .fill1 { fill: #d29922 } .fill2 { fill: #f778ba }
  }`;

/** Draws two panels side by side, for light and for dark pages. */
export function chart(description: string, panels: [Panel, Panel]): string {
  const drawn = panels.map((panel, i) => draw(panel, 54 + i * 398));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${description}">
<style>${style}
</style>
${drawn.join("\n")}
</svg>
`;
}

function draw(panel: Panel, left: number): string {
  const { title, xTitle, xTicks, yTicks, series } = panel;
  const x = scale(xTicks, left, left + panelWidth);
  const y = scale(yTicks, bottom, top);
  const parts = [
    text(left, 20, title, "title"),
    ...key(left, panel),
    ...yTicks.flatMap((tick) => [
      `<path class="grid" d="M${left} ${y(tick)}h${panelWidth}"/>`,
      text(left - 8, y(tick) + 4, figure(tick), "tick", "end"),
    ]),
    ...xTicks.map((tick) =>
      text(x(tick), bottom + 18, figure(tick), "tick", "middle")
    ),
    text(left + panelWidth / 2, bottom + 38, xTitle, "tick", "middle"),
  ];
  for (const { label, colour, dashed, points } of series) {
    const path = points.map(([px, py]) => `${x(px)} ${y(py)}`).join("L");
    const look = `line stroke${colour}${dashed ? " dashed" : ""}`;
    parts.push(`<path class="${look}" d="M${path}"/>`);
    const [lastX, lastY] = points.at(-1)!;
    if (label === "") continue;
    parts.push(text(x(lastX) + 5, y(lastY) + 4, label, `fill${colour}`));
  }
  return parts.join("\n");
}

/** What solid and dashed lines are. */
function key(left: number, { solid, dashed }: Panel): string[] {
  const second = left + 150;
  return [
    `<path class="line key" d="M${left} 44h24"/>`,
    text(left + 30, 48, solid, "tick"),
    `<path class="line key dashed" d="M${second} 44h24"/>`,
    text(second + 30, 48, dashed, "tick"),
  ];
}

function text(
  x: number,
  y: number,
  content: string,
  look: string,
  anchor = "start",
): string {
  return `<text class="${look}" x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`;
}

/** Where a value is drawn, on a logarithmic axis over the ticks. */
function scale(
  ticks: readonly number[],
  from: number,
  to: number,
): (value: number) => number {
  const low = Math.log(ticks[0]!);
  const high = Math.log(ticks.at(-1)!);
  return (value) => {
    const share = (Math.log(value) - low) / (high - low);
    return Math.round((from + share * (to - from)) * 10) / 10;
  };
}
