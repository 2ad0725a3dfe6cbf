import type { Session } from "@aerys/session";
import { type Data, workMs } from "./counters.ts";
import { Html, html } from "./html.ts";
import { layout, nothing } from "./layout.ts";

/** The page, for a session that was read. */
export function renderPage(session: Session<Data>, error = ""): string {
  const visits = session.get("visits") ?? 0;
  return layout(
    `Visit ${visits}`,
    html`
      <header>
        <p class="name">@aerys/session</p>
        <h1>Twenty requests,<br>twenty counts.</h1>
        <p class="lede">
          A request that opens its session has it alone until it saves. So no
          request overwrites another, and a counter keeps every click.
        </p>
      </header>
      ${race()} ${yours(session, visits, error)}
      ${session.id === null ? nothing : live(session.id)}
    `,
  );
}

function race(): Html {
  return html`
    <section aria-labelledby="race">
      <h2 id="race">Twenty at once</h2>
      <p>
        The button sends 20 requests at once, and each adds one to a number in
        your session. Then it does the same to a session without a lock, on the
        same database. Both take ${workMs} ms between reading and writing.
      </p>
      <div class="act">
        <button id="start" type="button" hidden>20 at once</button>
        <noscript>
          This button and the list of changes need JavaScript; all else works
          without.
        </noscript>
        <p id="verdict" role="status" hidden>Not sent yet.</p>
      </div>
      ${lane(
        "locked",
        "With the lock",
        `await session.open();
const n = session.get("count") ?? 0;
await work(); // ${workMs} ms
session.set("count", n + 1);
await session.save();`,
      )} ${lane(
        "lock-free",
        "Without a lock",
        `const n = (await kv.get(key)).value;
await work(); // ${workMs} ms
await kv.set(key, n + 1);`,
      )}
      <p class="note">
        Each bar is a request: those that stand were kept, those on the ground
        overwritten. A browser opens six connections to one server, and the list
        below takes one, so about five of the 20 meet there. With more of them, the session without a lock
        keeps fewer. The lock costs time instead: one request after another.
      </p>
    </section>
  `;
}

/** One of the two counters: its result, and what the server does. */
function lane(id: string, title: string, code: string): Html {
  return html`
    <article id="${id}" aria-labelledby="${id}-title">
      <div>
        <h3 id="${id}-title">${title}</h3>
        <div class="bar" aria-hidden="true">${new Html(
          "<i></i>".repeat(20),
        )}</div>
        <p><b class="number">?</b> of 20 kept <span class="time"></span></p>
      </div>
      <pre><code>${code}</code></pre>
    </article>
  `;
}

function yours(
  session: Session<Data>,
  visits: number,
  error: string,
): Html {
  const user = session.get("user");
  const idBefore = session.get("idBefore");
  const notice = session.get("notice");
  return html`
    <section aria-labelledby="yours">
      <h2 id="yours">Your session</h2>
      ${notice === null ? nothing : html`
        <p class="notice" role="status">${notice}</p>
      `}
      <dl>
        <div>
          <dt>Visits</dt>
          <dd>${visits}</dd>
        </div>
        <div>
          <dt>Name</dt>
          <dd>${user ?? "not logged in"}</dd>
        </div>
        <div>
          <dt>Id</dt>
          <dd><code>${session.id ?? "none yet"}</code></dd>
        </div>
        ${user === null || idBefore === null ? nothing : html`
          <div>
            <dt>Id before login</dt>
            <dd><code><s>${idBefore}</s></code></dd>
          </div>
        `}
      </dl>
      ${user === null ? loginForm(error) : html`
        <form method="post" action="/logout#yours">
          <button class="quiet">Log out</button>
        </form>
        <p class="note">
          Your visits came along, under a new id; the old cookie leads nowhere.
          Logging out removes the session for good: a slow request that is still
          under way cannot bring it back.
        </p>
      `}
    </section>
  `;
}

/** The fragment lives on through the redirect: whoever logs in sees what changed. */
function loginForm(error: string): Html {
  const invalid = error === ""
    ? nothing
    : new Html(' aria-invalid="true" aria-describedby="name-error"');
  return html`
    <form method="post" action="/login#yours">
      <label for="name">Name</label>
      <input
        id="name"
        name="name"
        autocomplete="off"
        required
        maxlength="40"${invalid}
      >
      <button>Log in</button>
      ${error === "" ? nothing : html`
        <p id="name-error" role="alert">${error}</p>
      `}
    </form>
    <p class="note">
      Any name will do, there is no password. Your visits stay with you, and the
      session gets a new id. A second tab with this page has the same session.
    </p>
  `;
}

/** The list of changes, which a script fills. */
function live(id: string): Html {
  const code = `for await (const _ of session.changes()) {
  send(session.get("visits"));
}
send("This session is over.");`;
  return html`
    <section aria-labelledby="live" hidden>
      <h2 id="live">Live</h2>
      <p>
        Every change of your session as it is stored: by this tab, by another
        one, or by a slow request that comes late. Watching takes no lock, and
        nobody waits for it. Open a second window beside this one and try.
      </p>
      <article>
        <div>
          <ol id="changes" data-session="${id}"></ol>
          <p id="listening" role="status">Connecting.</p>
        </div>
        <pre><code>${code}</code></pre>
      </article>
      <p class="note">
        A tab in the background does not listen, because each that does takes
        one of the six connections. Back in front, it shows what is stored then.
      </p>
    </section>
  `;
}
