import { z } from "zod";

const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: "must be a name of letters, digits and '_'" });
const envText = z
  .string()
  .max(32_768)
  .refine((text) => !text.includes("\0"), { error: "must not contain NUL" });
const argument = z
  .string()
  .max(32_768)
  .refine((text) => !text.includes("\0"), { error: "must not contain NUL" });

/** Environment variables that a job may not set: they would change how its process is loaded. */
const RESERVED_ENV = /^(LD_.*|DYLD_.*|NODE_OPTIONS|CARILLON_.*)$/;

const environment = z
  .record(envName, envText)
  .refine((env) => !Object.keys(env).some((name) => RESERVED_ENV.test(name)), {
    error: "must not set LD_*, DYLD_*, NODE_OPTIONS or CARILLON_*",
  });

const commandSchema = z.strictObject({
  type: z.literal("command"),
  /** Program and arguments, passed as they are; no shell reads them. Texts may hold macros. */
  argv: z.array(argument).min(1).max(1_000).optional(),
  /** One text for `/bin/sh -c`; needs `shell: true`. */
  script: z.string().min(1).max(65_536).optional(),
  shell: z.boolean().optional(),
  /** Working folder. Default: an empty one for each attempt. */
  workingFolder: z.string().max(4_096).optional(),
  environment: environment.optional(),
  /** Names of the worker's own variables to pass on, besides PATH, HOME, LANG, TZ, TMPDIR. */
  passEnvironment: z.array(envName).max(100).optional(),
  /** Written to standard input. */
  stdin: z.string().max(131_072).optional(),
  successExitCodes: z.array(z.number().int().min(0).max(255)).min(1).max(256).optional(),
  limits: z
    .strictObject({
      memoryMb: z.number().int().min(16).max(1_048_576).optional(),
      cpuSeconds: z.number().int().min(1).max(2_592_000).optional(),
    })
    .optional(),
});

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, { error: "must be an HTTP header name" });
const headerText = z
  .string()
  .max(8_192)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: "must not contain control characters" });

const httpSchema = z.strictObject({
  type: z.literal("http"),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).optional(),
  url: z.string().min(1).max(8_192),
  headers: z.record(headerName, headerText).optional(),
  /** Text with macros; an object is sent as JSON. */
  body: z.union([z.string().max(131_072), z.record(z.string(), z.json()), z.array(z.json())]).optional(),
  /** Codes or ranges that mean success. Default `["200-299"]`. */
  successCodes: z
    .array(z.union([z.number().int().min(100).max(599), z.string().regex(/^[1-5]\d\d-[1-5]\d\d$/)]))
    .min(1)
    .max(50)
    .optional(),
  /** Redirects followed, each target checked like the first. Default 0. */
  maxRedirects: z.number().int().min(0).max(10).optional(),
});

const handlerSchema = z.strictObject({
  type: z.literal("handler"),
  /** Path of a module below the worker's handlers folder, such as `reports/nightly.ts`, or a registered name with `inline`. */
  module: z
    .string()
    .min(1)
    .max(512)
    .regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9._@/-]+$/, {
      error: "must be a relative path without '.' or '..' segments",
    })
    .regex(/^[^/]/, { error: "must be a relative path" }),
  /** Named export to call. Default `default`. */
  export: z
    .string()
    .regex(/^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/)
    .optional(),
  /** Run inside the worker's own process: for short, trusted code only. */
  inline: z.boolean().optional(),
  limits: z.strictObject({ memoryMb: z.number().int().min(16).max(1_048_576).optional() }).optional(),
});

export const executorSchema = z
  .discriminatedUnion("type", [commandSchema, httpSchema, handlerSchema])
  .meta({ id: "Executor" });

export type ExecutorDefinition = z.infer<typeof executorSchema>;
export type CommandDefinition = z.infer<typeof commandSchema>;
export type HttpDefinition = z.infer<typeof httpSchema>;
export type HandlerDefinition = z.infer<typeof handlerSchema>;
