/**
 * The list of changes. What is stored comes as server-sent events, the whole of
 * it each time.
 */
const lines = 6;
const list = document.querySelector("#changes");
const status = document.querySelector("#listening");
let events;
/** What the newest line says, as it came; "" before the first. */
let newest = "";

if (list) {
  list.closest("section").hidden = false;
  document.addEventListener("visibilitychange", listen);
  // The login or logout of this tab is no news: the next page tells of it.
  addEventListener("submit", () => events.close());
  listen();
}

/** Listens while the page is seen: hidden tabs would use up the connections. */
function listen() {
  events?.close();
  if (document.hidden) return;
  events = new EventSource("/events");
  events.onopen = () => say("Listening.");
  events.onerror = () =>
    say(
      events.readyState === EventSource.CLOSED
        ? "The server did not answer. Reload the page."
        : "The connection broke; this page is trying again.",
    );
  events.addEventListener("stored", ({ data }) => {
    // With a login or logout in another tab comes the cookie of another session.
    if (JSON.parse(data).id !== list.dataset.session) end();
    else if (data !== newest) add(data);
  });
  events.addEventListener("over", end);
}

/** Adds a line on top, where what has changed stands out. */
function add(data) {
  const before = newest === "" ? null : told(JSON.parse(newest));
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString("en-GB");
  const line = document.createElement("li");
  line.append(time);
  for (const [i, text] of told(JSON.parse(data)).entries()) {
    const changed = before !== null && text !== before[i];
    const part = document.createElement(changed ? "b" : "span");
    part.textContent = text;
    line.append(" ", part);
  }
  list.prepend(line);
  if (list.children.length > lines) list.lastElementChild.remove();
  newest = data;
}

function told({ visits, count, user }) {
  return [`Visits ${visits}`, `Count ${count}`, user ?? "nobody"];
}

function end() {
  events.close();
  document.removeEventListener("visibilitychange", listen);
  const user = newest === "" ? null : JSON.parse(newest).user;
  const what = user === null ? "logged in" : "were logged out";
  const link = document.createElement("a");
  link.href = "/";
  link.textContent = "Reload the page";
  say(
    `This session is over: you ${what} elsewhere, or it expired. `,
    link,
    ".",
  );
}

function say(...text) {
  status.replaceChildren(...text);
}
