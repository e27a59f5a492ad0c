import fc from "fast-check";

/**
 * Property tests draw the same cases each time, so that what fails is what was changed.
 * `PROPERTY_SEED=random` (or a number, as a failure prints it) draws others: to look for what no run found yet.
 */
const given = process.env["PROPERTY_SEED"] ?? "20261124";
fc.configureGlobal(given === "random" ? {} : { seed: Number(given) });
