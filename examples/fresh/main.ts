import { freshSession } from "@aerys/session/fresh";
import { App, csrf, staticFiles } from "fresh";
import type { Data, State } from "./utils.ts";

export const app = new App<State>();

// Before the session: files need none.
app.use(staticFiles());
app.use(csrf());
app.use(freshSession<Data>({ ttl: 14 * 24 * 3600 }));
app.fsRoutes();
