import { z } from "zod";
import type { FakeReply, FakeRequest } from "./fake-service.ts";

const NAME = z.string().regex(/^[0-9a-zA-Z-_.]{1,64}$/);

/** What an update holds, fields of the target as they come. Names of fields are checked, as the service does. */
const scheduleSchema = z.strictObject({
  Name: NAME.optional(),
  GroupName: NAME.optional(),
  ScheduleExpression: z.string().min(1).max(256),
  ScheduleExpressionTimezone: z.string().min(1).max(50).optional(),
  StartDate: z.number().optional(),
  EndDate: z.number().optional(),
  Description: z.string().max(512).optional(),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  KmsKeyArn: z.string().optional(),
  Target: z.looseObject({ Arn: z.string().min(1).max(1_600), RoleArn: z.string().min(1).max(1_600) }),
  FlexibleTimeWindow: z.strictObject({
    Mode: z.enum(["OFF", "FLEXIBLE"]),
    MaximumWindowInMinutes: z.number().int().min(1).max(1_440).optional(),
  }),
  ActionAfterCompletion: z.enum(["NONE", "DELETE"]).default("NONE"),
  ClientToken: z
    .string()
    .regex(/^[a-zA-Z0-9-_]{1,64}$/)
    .optional(),
});

export type FakeSchedule = z.input<typeof scheduleSchema>;

/**
 * EventBridge Scheduler in memory, as far as schedules are read and updated: protocol restJson1. An update replaces the
 * whole schedule; what it leaves out falls back to its default, as in the service.
 */
export class FakeScheduler {
  /** Requests so far: `GET /schedules/tick`. */
  readonly calls: string[] = [];
  readonly #schedules = new Map<string, z.output<typeof scheduleSchema>>();
  readonly #failures: { readonly method: string; readonly reply: FakeReply }[] = [];

  /** Makes a schedule, as a stack does. */
  create(group: string, name: string, schedule: FakeSchedule): void {
    this.#schedules.set(`${group}/${name}`, scheduleSchema.parse(schedule));
  }

  find(group: string, name: string): Omit<FakeSchedule, "ClientToken"> | undefined {
    const schedule = this.#schedules.get(`${group}/${name}`);
    if (schedule === undefined) return undefined;
    const { ClientToken: _, ...rest } = schedule;
    return rest;
  }

  /** Answers the next request of a method by an error: `PUT`, 429, `ThrottlingException`. */
  failNext(method: "GET" | "PUT", status: number, error: string): void {
    this.#failures.push({ method, reply: refusal(status, error, "told to fail") });
  }

  readonly handle = ({ method, path, query, body }: FakeRequest): FakeReply => {
    this.calls.push(`${method} ${path}`);
    const failure = this.#failures.findIndex((each) => each.method === method);
    if (failure >= 0) return this.#failures.splice(failure, 1)[0]?.reply ?? refusal(500, "InternalServerException", "");
    const name = /^\/schedules\/([^/]+)$/.exec(path)?.[1];
    if (name === undefined) return refusal(400, "ValidationException", `no operation ${method} ${path}`);
    if (method === "GET") return this.#get(query["groupName"] ?? "default", decodeURIComponent(name));
    if (method === "PUT") return this.#update(decodeURIComponent(name), body);
    return refusal(400, "ValidationException", `no operation ${method} ${path}`);
  };

  #get(group: string, name: string): FakeReply {
    const schedule = this.find(group, name);
    if (schedule === undefined) return missing(name);
    const Arn = `arn:aws:scheduler:eu-central-1:123456789012:schedule/${group}/${name}`;
    return json({ Arn, GroupName: group, Name: name, CreationDate: 1.7e9, LastModificationDate: 1.7e9, ...schedule });
  }

  #update(name: string, body: string): FakeReply {
    const parsed = scheduleSchema.safeParse(JSON.parse(body));
    if (!parsed.success) return refusal(400, "ValidationException", parsed.error.message);
    const { GroupName: group = "default", ...schedule } = parsed.data;
    if (!this.#schedules.has(`${group}/${name}`)) return missing(name);
    this.#schedules.set(`${group}/${name}`, schedule);
    return json({ ScheduleArn: `arn:aws:scheduler:eu-central-1:123456789012:schedule/${group}/${name}` });
  }
}

function json(value: object): FakeReply {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

function missing(name: string): FakeReply {
  return refusal(404, "ResourceNotFoundException", `Schedule ${name} does not exist.`);
}

function refusal(status: number, error: string, message: string): FakeReply {
  const headers = { "content-type": "application/json", "x-amzn-errortype": error };
  return { status, headers, body: JSON.stringify({ Message: message }) };
}
