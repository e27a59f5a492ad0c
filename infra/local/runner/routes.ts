import { UserError } from "#shared/errors.ts";
import type { Topology } from "./topology-types.ts";

type Route = Topology["routes"][number];

export type RouteMatch = { route: Route; routeKey: string; pathParameters: Record<string, string> };

/**
 * Finds the route of a request as an HTTP API does: on the path as sent, so that an encoded slash parts nothing; literal
 * segments win over parameters; `{name+}` takes the rest; parameters are decoded.
 */
export function makeRouter(
  routes: readonly Route[],
): (method: string, path: string) => RouteMatch | undefined {
  const compiled = routes
    .map((route) => ({ route, segments: route.path.split("/").slice(1) }))
    .sort((a, b) => specificity(b.segments).localeCompare(specificity(a.segments)));
  return (method, path) => {
    // A route cannot end with a slash (such a key is refused at deployment), and a request that does finds it all the same.
    const parts = path
      .replace(/(?<=.)\/$/, "")
      .split("/")
      .slice(1);
    for (const { route, segments } of compiled) {
      if (route.method !== method) continue;
      const pathParameters = matchSegments(segments, parts);
      if (pathParameters) return { route, routeKey: `${route.method} ${route.path}`, pathParameters };
    }
    return undefined;
  };
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

/** Throws `UserError` 400 for a percent sign that encodes nothing. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new UserError(400, "malformed_path", "The path holds a percent sign that encodes nothing", {
      cause: error,
    });
  }
}
