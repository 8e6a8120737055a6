/** Priority classes, the first ones first. Classes share workers by weight, so none starves. */
export const PRIORITIES = ["high", "normal", "low", "bulk"] as const;
export type Priority = (typeof PRIORITIES)[number];
