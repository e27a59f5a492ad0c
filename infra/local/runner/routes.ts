import { UserError } from "#shared/errors.ts";
import type { Topology } from "./topology-types.ts";

type Route = Topology["routes"][number];

export type RouteMatch = { route: Route; routeKey: string; pathParameters: Record<string, string> };

export type Router = {
  /**
   * Finds the route of a request like an HTTP API: by the path as sent, so that an encoded slash is no separator; literal segments
   * win over parameters; `{name+}` matches the rest; parameters are decoded. HEAD is routed wherever GET is.
   */
  find: (method: string, path: string) => RouteMatch | undefined;
  /** The methods that a path accepts, sorted; none when the path is unknown. */
  methodsOf: (path: string) => string[];
};

export function makeRouter(routes: readonly Route[]): Router {
  const compiled = routes
    .map((route) => ({ route, segments: route.path.split("/").slice(1) }))
    .sort((a, b) => specificity(b.segments).localeCompare(specificity(a.segments)));
  const find: Router["find"] = (method, path) => {
    const routed = method === "HEAD" ? "GET" : method;
    const parts = partsOf(path);
    for (const { route, segments } of compiled) {
      if (route.method !== routed) continue;
      const pathParameters = matchSegments(segments, parts);
      if (pathParameters) return { route, routeKey: `${method} ${route.path}`, pathParameters };
    }
    return undefined;
  };
  const methodsOf: Router["methodsOf"] = (path) => {
    const parts = partsOf(path);
    const methods = compiled
      .filter(({ segments }) => matchSegments(segments, parts))
      .flatMap(({ route }) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method]));
    return [...new Set(methods)].sort();
  };
  return { find, methodsOf };
}

/** A route cannot end with a slash (such a key is refused at deployment), but a request that does matches it. */
function partsOf(path: string): string[] {
  return path
    .replace(/(?<=.)\/$/, "")
    .split("/")
    .slice(1);
}

/** A letter a segment: literal (c) sorts over parameter (b) over greedy parameter (a). */
function specificity(segments: readonly string[]): string {
  return segments
    .map((segment) => (segment.endsWith("+}") ? "a" : segment.startsWith("{") ? "b" : "c"))
    .join("");
}

function matchSegments(
  segments: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (part === undefined) return undefined;
    if (segment.endsWith("+}")) {
      const rest = decodePath(parts.slice(index).join("/"));
      return rest === "" ? undefined : { ...parameters, [segment.slice(1, -2)]: rest };
    }
    if (!segment.startsWith("{")) {
      if (segment !== part) return undefined;
    } else if (part === "") {
      return undefined;
    } else {
      parameters[segment.slice(1, -1)] = decodePath(part);
    }
  }
  return segments.length === parts.length ? parameters : undefined;
}

/** Throws `UserError` 400 for malformed percent-encoding. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new UserError(400, "malformed_path", "Malformed percent-encoding in the path", {
      cause: error,
    });
  }
}
