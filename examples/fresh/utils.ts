import type { Session } from "@aerys/session";
import { createDefine } from "fresh";

/** The session's values: a wrong key or type does not compile. */
export interface Data {
  user: string;
  items: string[];
  count: number;
  /** Shown once, on the next page. */
  notice: string;
}

/** What `ctx.state` holds in every route. */
export interface State {
  session: Session<Data>;
}

export const define = createDefine<State>();
