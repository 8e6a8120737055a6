import { randomBytes } from "node:crypto";

/** Begins the name of everything that this file's tests create, so that it is found should they be killed. */
export const installation = `carillon-test-${randomBytes(4).toString("hex")}`;
