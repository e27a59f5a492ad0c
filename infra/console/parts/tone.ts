/** How a state is meant: what is as it should be, what goes on, what needs a look, what is broken, what does not matter. */
export type Tone = "ok" | "busy" | "warn" | "bad" | "quiet";
