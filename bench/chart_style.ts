/** One mark each, so that nobody needs to tell them by the colour. */
export const marks: Readonly<Record<string, string>> = {
  own: "M0-6.5 6.5 0 0 6.5-6.5 0Z",
  hono: "M-4-4h8v8h-8Z",
  remix: "M0-5 5 4h-10Z",
  iron: "M0 5 5-4h-10Z",
  express: "M-4.5 0a4.5 4.5 0 1 1 9 0a4.5 4.5 0 1 1-9 0Z",
};

/** The colours of light and of dark pages, and the fonts. */
export const style = `
svg { --text: #1f2328; --faint: #59636e; --rule: #d1d9e0; --track: #eff2f5;
  --own: #0a66d8; --hono: #bc4c00; --remix: #8250df; --iron: #7d6a00;
  --express: #1a7f37; }
@media (prefers-color-scheme: dark) {
  svg { --text: #f0f6fc; --faint: #9198a1; --rule: #3d444d; --track: #262c36;
    --own: #58a6ff; --hono: #f0883e; --remix: #bc8cff; --iron: #d4b62a;
    --express: #3fb950; }
}
text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif;
  fill: var(--text); }
.title { font-size: 17px; font-weight: 600; }
.small { font-size: 12px; fill: var(--faint); }
.strong { font-weight: 600; }
.value { font-size: 12px; font-weight: 600; fill: var(--own); }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.track { fill: var(--track); }
.rule { stroke: var(--rule); fill: none; }
.floor { stroke: var(--faint); fill: none; stroke-width: 1.5; }
.fill { fill: currentColor; }
.spread { stroke: currentColor; stroke-width: 3; stroke-linecap: round; opacity: 0.4; }
${
  Object.keys(marks).map((name) => `.${name} { color: var(--${name}); }`).join(
    "\n",
  )
}
`;
