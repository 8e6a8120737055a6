import { queueSchema } from "../../api/contract/pool.ts";

/** Priority classes, the most urgent first. */
export const PRIORITIES = queueSchema.shape.priority.options;
