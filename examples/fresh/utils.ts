import type { Session } from "@aerys/session";
import { createDefine } from "fresh";

/** The session's values: a wrong key or type does not compile. */
export interface Data {
  visits: number;
  claps: number;
  user: string;
}

/** What `ctx.state` holds in every route. */
export interface State {
  session: Session<Data>;
}

export const define = createDefine<State>();
