/** `held` null: the site has nothing that shows it. */
export type ProbeResult = { assumption: string; held: boolean | null; seen: string };

/** The part of a response that a probe reads. */
export type ProbeResponse = { status: number; header: (name: string) => string | null; json: unknown };
