/** What is rendered: an element of Preact, of which only Preact knows more. */
export interface VNode {
  readonly type: unknown;
}

/** Makes an element of its properties. */
// deno-lint-ignore no-explicit-any -- each component has properties of its own
export type ComponentType<Props = any> = (props: Props) => VNode;

interface Preact {
  readonly Fragment: ComponentType;
  // deno-lint-ignore no-explicit-any -- as above
  h(type: ComponentType, props: any): VNode;
}

interface Renderer {
  renderToString(node: VNode): string;
}

// Not literals: the packages' types bring those of a browser's page along, for
// every file that is checked together with this one.
const preact: Preact = await import(["npm:preact", "^10.29.1"].join("@"));
const renderer: Renderer = await import(
  ["npm:preact-render-to-string", "^6.6.5"].join("@")
);

export const { Fragment, h } = preact;
export const { renderToString } = renderer;
