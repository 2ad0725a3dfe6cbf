import { freshSession } from "@aerys/session/fresh";
import { App, csrf, staticFiles } from "fresh";
import type { Data, State } from "./utils.ts";

export const app = new App<State>();

app.use(staticFiles()); // files need no session
app.use(freshSession<Data>({ ttl: 14 * 24 * 3600 }));
app.use(csrf()); // no form of another site, and no fetch
app.fsRoutes();
