import { Html, html } from "./html.ts";

/** What stands in a template for nothing at all. */
export const nothing = new Html("");

/** A whole document. */
export function layout(title: string, body: Html): string {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title} · @aerys/session</title>
        <link rel="icon" href="/icon.svg">
        <link rel="stylesheet" href="/style.css">
        <script src="/app.js" type="module"></script>
        <script src="/live.js" type="module"></script>
      </head>
      <body>
        <main>${body}</main>
        <footer>
          <p>
            The demo keeps its database in memory: when it restarts, it forgets
            everybody.
          </p>
        </footer>
      </body>
    </html>
  `.text.trimStart();
}

/** A page that says what went wrong, and leads back. */
export function renderError(message: string): string {
  return layout(
    message,
    html`
      <header>
        <p class="name">@aerys/session</p>
        <h1>${message}.</h1>
        <p class="lede"><a href="/">Back to the page</a></p>
      </header>
    `,
  );
}
