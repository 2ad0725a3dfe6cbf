/** Text that is HTML already, so that it is not escaped again. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes HTML of a template: every value is escaped unless it is {@linkcode Html}. */
export function html(
  strings: TemplateStringsArray,
  ...values: (Html | string | number)[]
): Html {
  const escaped = values.map((value) =>
    value instanceof Html
      ? value.text
      : String(value).replace(/[&<>"']/g, (char) => entities[char]!)
  );
  return new Html(String.raw({ raw: strings }, ...escaped));
}
