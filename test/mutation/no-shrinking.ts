import fc from "fast-check";

// A mutant is found by the first case that fails: nobody reads the smallest one, and looking for it takes minutes.
fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
