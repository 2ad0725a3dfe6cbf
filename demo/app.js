/**
 * The button "20 at once". Everything else on the page works without this file.
 */
const total = 20;
const button = document.querySelector("#start");
const verdict = document.querySelector("#verdict");

if (button) {
  button.hidden = verdict.hidden = false;
  button.addEventListener("click", run);
}

// A second click would cancel the answer to the first, and its cookie.
for (const form of document.forms) {
  const submit = form.querySelector("button");
  form.addEventListener("submit", () => submit.disabled = true);
  addEventListener("pageshow", () => submit.disabled = false);
}

async function run() {
  button.disabled = true;
  verdict.textContent = `${total} requests are under way.`;
  clear("#locked");
  clear("#lock-free");
  try {
    // One after the other, so that neither takes the other's connections.
    const locked = await race("/locked", "#locked");
    const lockFree = await race("/lock-free", "#lock-free");
    verdict.textContent =
      `With the lock, ${locked} of ${total} were kept. Without it, ` +
      `${lockFree} of ${total}: ${total - lockFree} were overwritten.`;
  } catch (error) {
    verdict.textContent = error instanceof Refused
      ? error.message
      : "The server did not answer. Start it again, and reload the page.";
  } finally {
    button.disabled = false;
  }
}

/** Starts all requests at once, and tells how much the number has grown. */
async function race(path, lane) {
  const before = await number(path);
  const started = performance.now();
  const requests = Array.from(
    { length: total },
    () => number(path, { method: "POST" }),
  );
  await Promise.all(requests);
  const ms = Math.round(performance.now() - started);
  const kept = await number(path) - before;
  show(lane, kept, ms);
  return kept;
}

async function number(path, init) {
  const response = await fetch(path, init);
  if (response.status === 409) {
    throw new Refused("This session is over. Reload the page for a new one.");
  }
  if (!response.ok) {
    throw new Refused(`The server answered ${response.status}. Try again.`);
  }
  return (await response.json()).count;
}

class Refused extends Error {}

function clear(lane) {
  const element = document.querySelector(lane);
  element.querySelector(".number").textContent = "?";
  element.querySelector(".time").textContent = "";
  for (const bar of element.querySelectorAll("i")) bar.className = "";
}

function show(lane, kept, ms) {
  const element = document.querySelector(lane);
  element.querySelector(".number").textContent = kept;
  element.querySelector(".time").textContent = `in ${ms} ms`;
  element.querySelectorAll("i").forEach((bar, i) => {
    bar.className = i < kept ? "kept" : "lost";
  });
}
