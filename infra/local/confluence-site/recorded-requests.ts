/** A request to the media host. */
export type MediaRequest = {
  at: string;
  path: string;
  /** Names of headers with credentials that it carried: there must be none. */
  credentials: string[];
  status: number;
};

export type LoggedRequest = { at: string; method: string; path: string; query: string; status: number };

/** A delivery to a hook: what its sender posts, and when. `secret` null: its address has it. */
export type Announcement = { to: string; secret: string | null; body: unknown; delayMs: number };

/** A hook as Confluence keeps it: it ignores a secret, and accepts any event. */
export type RestHook = { id: number; name: string; url: string; events: string[]; enabled: boolean };
