/**
 * Archon's clients: their requests and what they read of the responses: the calls of its UI's API client, the polling
 * of its progress hook, and its MCP tools (branch archive/v1-stable of coleam00/Archon).
 */

// oxlint-disable-next-line typescript/no-explicit-any -- what a test asserts is its type
type Json = any;

/** What the UI shows when a call fails. */
export class ArchonError extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Every status that the UI knows; those after which it stops polling. */
export const KNOWN_STATUSES = new Set(
  `starting initializing uploading discovery analyzing crawling processing source_creation document_storage code_extraction
  finalization reading text_extraction chunking summarizing storing completed error failed cancelled stopping`.split(
    /\s+/,
  ),
);
const TERMINAL_STATUSES = new Set(["completed", "error", "failed", "cancelled"]);
/** Those in which a card shows a progress bar and a Stop button. */
export const ACTIVE_STATUSES = new Set(
  `crawling processing in_progress starting initializing analyzing storing source_creation document_storage
  code_extraction`.split(/\s+/),
);

/** How the UI detects the end of an operation: by its status, or by the error of a request. */
export type Ending = { status: string; requests: number } | { error: string; requests: number };

export function makeArchonClient(url: string) {
  /** The UI: a response that is not ok, or has a truthy `error`, fails with a text; anything else that is shown is a fault. */
  const ui = async (
    path: string,
    init: { method?: string; body?: object | FormData } = {},
  ): Promise<Json> => {
    const isForm = init.body instanceof FormData;
    const response = await fetch(`${url}${path}`, {
      method: init.method ?? "GET",
      ...(init.body instanceof FormData ? { body: init.body } : {}),
      ...(init.body && !isForm
        ? { headers: { "content-type": "application/json" }, body: JSON.stringify(init.body) }
        : {}),
    });
    const body: Json = response.status === 204 ? undefined : await response.json();
    if (!response.ok) throw new ArchonError(shownError(body, response.status), response.status);
    if (body?.error) throw new ArchonError(String(body.error), response.status);
    return body;
  };
  return {
    ui,
    /** The progress hook: polls until a status is terminal, or a request fails. */
    follow: async (progressId: string, pauseMs = 50): Promise<Ending> => {
      for (let requests = 1; ; requests += 1) {
        const data = await ui(`/api/progress/${progressId}`).catch((error: unknown) => error);
        if (data instanceof Error) return { error: data.message, requests };
        if (!KNOWN_STATUSES.has(data.status)) throw new Error(`Archon knows no status ${data.status}`);
        if (typeof data.progress !== "number") throw new Error("progress is not a number");
        if (TERMINAL_STATUSES.has(data.status)) return { status: data.status, requests };
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
    /** An MCP tool: returns the body of a 200, and the text of any other response. */
    tool: async (
      path: string,
      request: { params?: Record<string, string>; json?: object } = {},
    ): Promise<{ success: boolean; body: Json; error: string | null }> => {
      const query = request.params ? `?${new URLSearchParams(request.params).toString()}` : "";
      const response = await fetch(
        `${url}${path}${query}`,
        request.json
          ? {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify(request.json),
            }
          : {},
      );
      const text = await response.text();
      if (response.status === 200) return { success: true, body: JSON.parse(text), error: null };
      return { success: false, body: null, error: `HTTP ${response.status}: ${text}` };
    },
  };
}

/** The text that the UI takes from an error's body, in its order of preference. */
function shownError(body: Json, status: number): string {
  if (typeof body?.detail === "object" && body.detail !== null && "error" in body.detail) {
    return String(body.detail.error);
  }
  return String(body?.detail || body?.error || `HTTP error! status: ${status}`);
}
