/** `held` null: the site has nothing to tell it by. */
export type ProbeResult = { assumption: string; held: boolean | null; seen: string };

/** What a probe sees of a response. */
export type ProbeResponse = { status: number; header: (name: string) => string | null; json: unknown };
