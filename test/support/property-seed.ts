import fc from "fast-check";

/**
 * Property tests try the same cases each time, so that a failure is due to the change.
 * `PROPERTY_SEED=random` (or a number, as a failure prints it) tries other cases, to find new failures.
 */
const given = process.env["PROPERTY_SEED"] ?? "20261124";
fc.configureGlobal(given === "random" ? {} : { seed: Number(given) });
