/**
 * What the example and the documentation use of Fresh 2, behaving as Fresh
 * 2.3.3 does, for networks from which JSR cannot be reached. Errors and the
 * default 404 and 405 reject `ctx.next()`, and error pages are rendered outside
 * the middlewares. There is no `fsRoutes()`, and no path with parameters.
 *
 * @module
 */
import { type ComponentType, h, renderToString, type VNode } from "./preact.ts";

type Result = Response | { data: unknown; status?: number };
type Handler = (ctx: Context) => Result | Promise<Result>;
type Middleware = (ctx: Context) => Response | Promise<Response>;
// deno-lint-ignore no-explicit-any -- each page has its own
type Component = ComponentType<any>;

interface Route {
  handler?: Handler | Record<string, Handler>;
  component?: Component;
}

export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;

  constructor(status: number, message?: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** What middlewares, handlers and error pages get. */
class Context {
  readonly req: Request;
  readonly url: URL;
  // deno-lint-ignore no-explicit-any -- each app declares its own
  readonly state: any = {};
  error: unknown = null;
  next!: () => Promise<Response>;
  readonly #wrapper: Component | null;

  constructor(req: Request, wrapper: Component | null) {
    this.req = req;
    this.url = new URL(req.url);
    this.#wrapper = wrapper;
  }

  redirect(location: string, status = 302): Response {
    return new Response(null, { status, headers: { location } });
  }

  text(body: string, init?: ResponseInit): Response {
    return new Response(body, init);
  }

  html(body: string, init: ResponseInit = {}): Response {
    const headers = new Headers(init.headers);
    headers.set("content-type", "text/html; charset=utf-8");
    return new Response(body, { ...init, headers });
  }

  // deno-lint-ignore require-await -- it rejects, rather than throws
  async render(node: VNode, init: ResponseInit = {}): Promise<Response> {
    const page = this.#wrapper === null
      ? node
      : h(this.#wrapper, { Component: () => node });
    return this.html(`<!DOCTYPE html>${renderToString(page)}`, init);
  }
}

export class App {
  readonly #middlewares: Middleware[] = [];
  readonly #routes = new Map<string, Route>();
  #errorPage: Route | null = null;
  #notFound: Route | null = null;
  #wrapper: Component | null = null;

  use(...middlewares: Middleware[]): this {
    this.#middlewares.push(...middlewares);
    return this;
  }

  route(path: string, route: Route): this {
    this.#routes.set(path, { ...this.#routes.get(path), ...route });
    return this;
  }

  get(path: string, ...handlers: Handler[]): this {
    return this.#method("GET", path, handlers);
  }

  post(path: string, ...handlers: Handler[]): this {
    return this.#method("POST", path, handlers);
  }

  #method(method: string, path: string, handlers: Handler[]): this {
    const { handler: others } = this.#routes.get(path) ?? {};
    const known = typeof others === "object" ? others : {};
    const handler = (ctx: Context) => inTurn(ctx, handlers);
    return this.route(path, { handler: { ...known, [method]: handler } });
  }

  onError(_path: "*", page: Route | Handler): this {
    this.#errorPage = typeof page === "function" ? { handler: page } : page;
    return this;
  }

  notFound(page: Route | Handler): this {
    this.#notFound = typeof page === "function" ? { handler: page } : page;
    return this;
  }

  appWrapper(component: Component): this {
    this.#wrapper = component;
    return this;
  }

  fsRoutes(): this {
    return this;
  }

  handler(): (request: Request) => Promise<Response> {
    return async (request) => {
      const ctx = new Context(request, this.#wrapper);
      const { method } = request;
      let response: Response;
      try {
        response = await this.#run(ctx);
      } catch (error) {
        const { status, message } = error instanceof HttpError
          ? error
          : new HttpError(500, "Internal server error");
        response = new Response(message, { status });
      }
      return method === "HEAD" ? new Response(null, response) : response;
    };
  }

  async #run(ctx: Context): Promise<Response> {
    const respond = () => this.#respond(ctx);
    try {
      return await inTurn(ctx, [...this.#middlewares, respond]) as Response;
    } catch (error) {
      ctx.error = error;
      const status = error instanceof HttpError ? error.status : 500;
      const page = status === 404 && this.#notFound || this.#errorPage;
      if (page === null) throw error;
      return await answer(ctx, page, page.handler, status);
    }
  }

  async #respond(ctx: Context): Promise<Response> {
    const route = this.#routes.get(ctx.url.pathname);
    if (route === undefined) throw new HttpError(404);
    const { handler } = route;
    if (typeof handler !== "object") return await answer(ctx, route, handler);
    const method = ctx.req.method === "HEAD" ? "GET" : ctx.req.method;
    if (handler[method] === undefined) throw new HttpError(405);
    return await answer(ctx, route, handler[method]);
  }
}

/** Calls the first; `ctx.next()` calls the one after it. */
async function inTurn(
  ctx: Context,
  [first, ...others]: Handler[],
): Promise<Result> {
  ctx.next = () => inTurn(ctx, others) as Promise<Response>;
  return await first!(ctx);
}

async function answer(
  ctx: Context,
  { component }: Route,
  handler: Route["handler"],
  status = 200,
): Promise<Response> {
  const result = typeof handler === "function"
    ? await handler(ctx)
    : { data: {} };
  if (result instanceof Response) return result;
  const { data } = result;
  const init = { status: result.status ?? status };
  return await ctx.render(h(component!, { ...ctx, data }), init);
}

const itself = <T>(value: T): T => value;

export function createDefine() {
  return { handlers: itself, middleware: itself, page: itself };
}

export function page(data: unknown): Result {
  return { data };
}

export function staticFiles(): Middleware {
  return (ctx) => ctx.next();
}

/** Lets a request of another site through only to read. */
export function csrf(): Middleware {
  return async ({ req, url, next }) => {
    const origin = req.headers.get("origin");
    const reads = req.method === "GET" || req.method === "HEAD";
    if (reads || origin === null || origin === url.origin) return await next();
    throw new HttpError(403);
  };
}
