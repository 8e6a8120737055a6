import { createHash } from "node:crypto";
import type { ContainerOverride, KeyValuePair, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import type { ContainerDefinition } from "../../core/job/executor.ts";
import type { Task } from "./executor.ts";
import { Failure } from "./failure.ts";
import { type Environment, environmentOf, parametersVariable } from "./process-environment.ts";

/** Where containers of runs are placed, and what they are given. */
export interface ContainerPlace {
  /** Name or ARN. */
  readonly cluster: string;
  /** First part of the names of task definitions. */
  readonly installation: string;
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  /** Needed to reach anything from a public subnet. */
  readonly assignPublicIp: boolean;
  /** ARN of the role in which ECS pulls images and writes logs. */
  readonly executionRole: string;
  readonly logGroup: string;
  readonly region: string;
}

/** How one attempt is told to ECS: a task definition that many runs share, and what is this attempt's own. */
export interface ContainerSpec {
  readonly definition: RegisterTaskDefinitionCommandInput & { readonly family: string };
  readonly override: ContainerOverride;
}

export const CONTAINER_NAME = "run";
/** From SIGTERM to SIGKILL. It belongs to the task definition, so a job's grace time can't change it. */
export const STOP_TIMEOUT_SECONDS = 30;

/** All overrides of a task as JSON. @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html */
const MAX_OVERRIDES_BYTES = 8_192;
const LOG_STREAM_PREFIX = "run";

/**
 * Command and environment go with the attempt, so that macros in them make no new task definition for each run. Those
 * that do not fit there go into the task definition, which then belongs to runs with the very same texts.
 *
 * @throws {Failure} `PARAMETERS_TOO_LARGE` when what is the attempt's own does not fit
 */
export function containerSpec(
  task: Task<ContainerDefinition>,
  { place, workerId }: { readonly place: ContainerPlace; readonly workerId: string },
): ContainerSpec {
  const { command, environment = {} } = task.definition;
  const own = { ...environmentOf({ ...task }, { own: {}, workerId }), ...parametersVariable(task) };
  const texts = { ...(command !== undefined && { command }), environment };
  const whole = overrideOf({ ...texts, environment: { ...environment, ...own } });
  if (sizeOf(whole) <= MAX_OVERRIDES_BYTES)
    return { definition: definitionOf(task.definition, place), override: whole };
  const override = overrideOf({ environment: own });
  const bytes = sizeOf(override);
  if (bytes > MAX_OVERRIDES_BYTES) {
    const rule = `${bytes} bytes of parameters and run do not fit into its overrides (at most ${MAX_OVERRIDES_BYTES})`;
    throw new Failure("PARAMETERS_TOO_LARGE", `Cannot start the container: ${rule}`, { retryable: false });
  }
  return { definition: definitionOf(task.definition, place, texts), override };
}

/** Name of the log stream that the `awslogs` driver gives to a task's container. */
export function logStreamOf(taskId: string): string {
  return `${LOG_STREAM_PREFIX}/${CONTAINER_NAME}/${taskId}`;
}

interface Texts {
  readonly command?: readonly string[];
  readonly environment?: Environment;
}

function overrideOf({ command, environment = {} }: Texts): ContainerOverride {
  return {
    name: CONTAINER_NAME,
    ...(command !== undefined && { command: [...command] }),
    environment: pairsOf(environment),
  };
}

function sizeOf(override: ContainerOverride): number {
  return Buffer.byteLength(JSON.stringify({ containerOverrides: [override] }));
}

function pairsOf(environment: Environment): KeyValuePair[] {
  return Object.entries(environment).map(([name, value]) => ({ name, value }));
}

function definitionOf(
  { image, cpu, memoryMb, taskRole, architecture = "arm64", ephemeralStorageGb }: ContainerDefinition,
  { installation, executionRole, logGroup, region }: ContainerPlace,
  { command, environment = {} }: Texts = {},
): ContainerSpec["definition"] {
  const content = {
    requiresCompatibilities: ["FARGATE" as const],
    networkMode: "awsvpc" as const,
    cpu: String(cpu),
    memory: String(memoryMb),
    runtimePlatform: {
      cpuArchitecture: architecture === "arm64" ? ("ARM64" as const) : ("X86_64" as const),
      operatingSystemFamily: "LINUX" as const,
    },
    executionRoleArn: executionRole,
    ...(taskRole !== undefined && { taskRoleArn: taskRole }),
    ...(ephemeralStorageGb !== undefined && { ephemeralStorage: { sizeInGiB: ephemeralStorageGb } }),
    containerDefinitions: [
      {
        name: CONTAINER_NAME,
        image,
        essential: true,
        ...(command !== undefined && { command: [...command] }),
        environment: pairsOf(environment),
        stopTimeout: STOP_TIMEOUT_SECONDS,
        // Ends orphans and passes signals on, so that an image need not bring an init of its own.
        linuxParameters: { initProcessEnabled: true },
        logConfiguration: {
          logDriver: "awslogs" as const,
          options: {
            "awslogs-group": logGroup,
            "awslogs-region": region,
            "awslogs-stream-prefix": LOG_STREAM_PREFIX,
          },
        },
      },
    ],
  };
  const hash = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  return { family: `${installation}-run-${hash}`, ...content };
}
