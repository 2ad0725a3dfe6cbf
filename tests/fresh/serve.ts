/**
 * Serves the Fresh app that the file given as the last argument exports, with
 * the routes in `routes/` beside it, which Vite would find in an application.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Fragment, h } from "./preact.ts";

/** The part of Fresh's `App` that registers what the files export. */
interface App {
  appWrapper(component: unknown): void;
  onError(path: "*", route: Route): void;
  route(path: string, route: Route): void;
  handler(): (request: Request) => Promise<Response>;
}

interface Route {
  handler?: unknown;
  component?: unknown;
}

// deno-lint-ignore no-explicit-any -- what a file exports is known when it runs
function load(path: string): Promise<any> {
  return import(pathToFileURL(path).href);
}

/** Fresh's own order: what wraps the pages first, then the pages. */
async function addRoutes(app: App, folder: string): Promise<void> {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  for (const file of files) {
    const { handler, default: component } = await load(join(folder, file));
    const name = file.replace(/\.tsx?$/, "");
    const route = {
      ...(handler === undefined ? {} : { handler }),
      ...(component === undefined ? {} : { component }),
    };
    if (name === "_app") app.appWrapper(component);
    else if (name === "_error") app.onError("*", route);
    else app.route(name === "index" ? "/" : `/${name}`, route);
  }
}

// What Deno compiles JSX to, where the configuration says nothing else.
Object.assign(globalThis, { React: { createElement: h, Fragment } });

const file = Deno.args.at(-1)!;
const { app } = await load(file);
if (Deno.args.includes("--routes")) {
  await addRoutes(app, join(file, "../routes"));
}
Deno.serve(app.handler());
