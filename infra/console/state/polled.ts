import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { toApiError, type ApiError } from "#infra/console/api/api-error.ts";
import { nextRequestIn } from "./poll-delay.ts";

export type Polled<T> = {
  /** Null: not loaded yet. */
  data: T | null;
  /** Of the last attempt; `data` is then what was read before. */
  error: ApiError | null;
  /** When `data` was last confirmed by the service. */
  at: Date | null;
  /** Milliseconds between two requests; null: read once. */
  everyMs: number | null;
  refresh: () => void;
};

type State<T> = { key: string; data: T | null; error: ApiError | null; at: Date | null };

/**
 * Reads again and again while the tab is visible, more seldom while it fails, and not by itself once it is refused; at once when the
 * tab is shown again, also what is read once and failed. `key` names what is read: another key begins anew.
 */
export function usePolled<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  every: number | null | ((data: T) => number | null),
): Polled<T> {
  const [state, setState] = useState<State<T>>({ key, data: null, error: null, at: null });
  const latest = useRef({ load, every });
  latest.current = { load, every };
  const ask = useRef<() => void>(() => {});
  const intervalOf = (data: T | null): number | null => {
    const { every: wanted } = latest.current;
    if (typeof wanted !== "function") return wanted;
    return data === null ? 1000 : wanted(data);
  };

  useEffect(() => {
    let failures = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let running: AbortController | null = null;
    let known: T | null = null;
    const run = async () => {
      clearTimeout(timer);
      running?.abort();
      const own = new AbortController();
      running = own;
      let failure: ApiError | null = null;
      try {
        const data = await latest.current.load(own.signal);
        if (own.signal.aborted) return;
        failures = 0;
        known = data;
        setState({ key, data, error: null, at: new Date() });
      } catch (error) {
        if (own.signal.aborted) return;
        failures += 1;
        const problem = toApiError(error);
        failure = problem;
        setState((last) =>
          last.key === key ? { ...last, error: problem } : { key, data: null, error: problem, at: null },
        );
      }
      running = null;
      const delay = nextRequestIn(intervalOf(known), failure, failures);
      if (delay !== null && document.visibilityState === "visible")
        timer = setTimeout(() => void run(), delay);
    };
    const onVisibility = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible" && (intervalOf(known) !== null || failures > 0)) void run();
    };
    ask.current = () => void run();
    document.addEventListener("visibilitychange", onVisibility);
    void run();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(timer);
      running?.abort();
    };
  }, [key]);

  const refresh = useCallback(() => ask.current(), []);
  const own = state.key === key ? state : { data: null, error: null, at: null };
  return { data: own.data, error: own.error, at: own.at, everyMs: intervalOf(own.data), refresh };
}
