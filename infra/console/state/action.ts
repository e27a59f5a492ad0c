import { useRef, useState } from "preact/hooks";
import { toApiError, type ApiError } from "#infra/console/api/api-error.ts";
import { announce } from "./announce.ts";
import { newIdempotencyKey } from "./service.ts";

export type Action<A extends readonly unknown[]> = {
  run: (...input: A) => Promise<boolean>;
  sending: boolean;
  /** What it did, for people. */
  done: string | null;
  error: ApiError | null;
  clear: () => void;
};

/**
 * Something that changes the service: sent once however often it is clicked. `send` returns what happened, for people. The
 * key stays the same until the service has decided, so that trying again after a lost connection does not do it twice.
 */
export function useAction<A extends readonly unknown[]>(
  send: (idempotencyKey: string, ...input: A) => Promise<string>,
): Action<A> {
  const [state, setState] = useState<{ sending: boolean; done: string | null; error: ApiError | null }>({
    sending: false,
    done: null,
    error: null,
  });
  const sending = useRef(false);
  const attempt = useRef<{ key: string; input: string } | null>(null);
  return {
    ...state,
    clear: () => setState({ sending: false, done: null, error: null }),
    run: async (...input) => {
      if (sending.current) return false;
      sending.current = true;
      const asked = JSON.stringify(input);
      if (attempt.current?.input !== asked) attempt.current = { key: newIdempotencyKey(), input: asked };
      setState({ sending: true, done: null, error: null });
      try {
        const done = await send(attempt.current.key, ...input);
        attempt.current = null;
        announce(done);
        setState({ sending: false, done, error: null });
        return true;
      } catch (thrown) {
        const error = toApiError(thrown);
        if (error.status >= 400 && error.status < 500) attempt.current = null;
        announce(`Failed: ${error.message}`);
        setState({ sending: false, done: null, error });
        return false;
      } finally {
        sending.current = false;
      }
    },
  };
}
