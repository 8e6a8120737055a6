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

const lambdaSchema = z.strictObject({
  type: z.literal("lambda"),
  /** Name, partial or full ARN of a function, with or without version or alias. No macros: a parameter must not choose the code. */
  function: z
    .string()
    .max(170)
    .regex(
      /^(?:(?:arn:aws[a-z-]*:lambda:[a-z0-9-]{1,32}:)?\d{12}:function:)?[A-Za-z0-9_-]{1,64}(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?$/,
      { error: "must be the name or the ARN of a Lambda function" },
    ),
  /** Version or alias, where `function` names none. */
  qualifier: z
    .string()
    .regex(/^(?:\$LATEST|[A-Za-z0-9_-]{1,128})$/, { error: "must be a version or an alias of a Lambda function" })
    .optional(),
  /** What the function is given; its texts may hold macros. Default: the run's identity and its parameters. */
  payload: z.json().optional(),
  /** `wait` for what the function returns, or `start` it and be done. Default `wait`. */
  invocation: z.enum(["wait", "start"]).optional(),
});

const containerSchema = z.strictObject({
  type: z.literal("container"),
  image: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/, { error: "must be the reference of a container image" }),
  /** In place of the image's own command, passed as it is; no shell reads it. Texts may hold macros. */
  command: z.array(argument).min(1).max(1_000).optional(),
  environment: environment.optional(),
  /** Processor in units of 1/1,024 of a core. With `memoryMb` a pair that Fargate has, see `checkFargateSize`. */
  cpu: z.number().int().min(256).max(16_384),
  memoryMb: z.number().int().min(512).max(122_880),
  /** ARN of the role that the container acts in. Default: none. */
  taskRole: z
    .string()
    .max(612)
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, { error: "must be the ARN of an IAM role" })
    .optional(),
  /** Default `arm64`. */
  architecture: z.enum(["arm64", "x86_64"]).optional(),
  /** Spare capacity: cheaper, and taken back with two minutes' notice. Default `false`. */
  spot: z.boolean().optional(),
  /** Default: the 20 GB that Fargate gives to each task. */
  ephemeralStorageGb: z.number().int().min(21).max(200).optional(),
});

export const executorSchema = z
  .discriminatedUnion("type", [commandSchema, httpSchema, handlerSchema, lambdaSchema, containerSchema])
  .meta({ id: "Executor" });

export type ExecutorDefinition = z.infer<typeof executorSchema>;
export type CommandDefinition = z.infer<typeof commandSchema>;
export type HttpDefinition = z.infer<typeof httpSchema>;
export type HandlerDefinition = z.infer<typeof handlerSchema>;
export type LambdaDefinition = z.infer<typeof lambdaSchema>;
export type ContainerDefinition = z.infer<typeof containerSchema>;
