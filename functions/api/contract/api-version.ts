/** Of the API's contract, routes and tools alike: the first part changes when clients must. */
export const API_VERSION = "1.0.0";
