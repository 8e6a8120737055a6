import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { FakeEcs } from "../../support/aws/fake-ecs.ts";
import type { FakeProcess, FakeStart } from "../../support/aws/fake-ecs-task.ts";
import type { FakeLogs } from "../../support/aws/fake-logs.ts";
import { serve } from "../../support/aws/fake-service.ts";
import { type Backend, fakeBackend } from "./aws-front.ts";
import type { Deployment, Resource } from "./deployment.ts";
import type { Meter } from "./meter.ts";

export interface ClusterOptions {
  readonly deployment: Deployment;
  /** Program and arguments that run in place of the worker's image. */
  readonly workerCommand: readonly string[];
  /** What a process finds besides the environment of its task definition: credentials, endpoints. */
  readonly environmentOf: (family: string) => Readonly<Record<string, string>>;
  readonly onLine: (family: string, line: string) => void;
  /** Where containers write that are told to. */
  readonly logs: FakeLogs;
  readonly meter: Meter;
}

/** ECS with the services of the templates, whose tasks are real processes. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #ecs: FakeEcs;
  readonly #processes = new Map<string, ChildProcess>();
  #agent: { readonly url: string; close(): Promise<void> } | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    const [cluster] = options.deployment.all("AWS::ECS::Cluster");
    this.#ecs = new FakeEcs({ cluster: cluster?.name ?? "default", onStart: (start) => this.#start(start) });
  }

  get backend(): Backend {
    return fakeBackend(this.#ecs.handle);
  }

  /** Starts the services, with as many tasks as the templates want. */
  async open(): Promise<void> {
    this.#agent = await serve(this.#ecs.handle);
    this.#ecs.agentUrl = this.#agent.url;
    const { deployment } = this.#options;
    for (const definition of deployment.all("AWS::ECS::TaskDefinition"))
      this.#ecs.register(definitionOf(definition) as Parameters<FakeEcs["register"]>[0]);
    for (const { name, properties } of deployment.all("AWS::ECS::Service")) {
      const { name: family } = deployment.get("AWS::ECS::TaskDefinition", String(properties["TaskDefinition"]));
      this.#ecs.createService({ name, family, desiredCount: Number(properties["DesiredCount"] ?? 0) });
    }
  }

  /** Ids of the tasks that run now. */
  running(): readonly string[] {
    return [...this.#processes.keys()];
  }

  /** Kills a task with all that it has started, as when its machine is gone. @returns whether it was there */
  kill(taskId: string): boolean {
    const child = this.#processes.get(taskId);
    if (child !== undefined) killGroup(child);
    return child !== undefined;
  }

  /** Asks a task to end, as for Spot capacity that is taken back. */
  interrupt(taskId: string): void {
    this.#ecs.interrupt(taskId);
  }

  /** Kills all tasks. */
  async close(): Promise<void> {
    const closed = this.#ecs.close();
    for (const taskId of this.running()) this.kill(taskId);
    await closed;
    await this.#agent?.close();
  }

  #start({ taskId, family, command, environment }: FakeStart): FakeProcess {
    const { workerCommand, environmentOf, onLine } = this.#options;
    const [program = "", ...rest] = command.length === 0 ? workerCommand : command;
    const child = spawn(program, rest, {
      env: { PATH: process.env["PATH"], ...environment, ...environmentOf(family) },
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own stands for the container: what it leaves behind ends with it.
      detached: true,
    });
    this.#processes.set(taskId, child);
    const print = this.#printer(family, taskId);
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on("line", (line) => {
        onLine(family, line);
        print(line);
      });
    const exited = new Promise<number>((resolve) => {
      child.once("error", () => resolve(1));
      child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
    });
    void this.#account(exited, { taskId, family, child, startedAtMs: performance.now() });
    return { exited, stop: (signal) => (signal === "SIGKILL" ? killGroup(child) : child.kill(signal)) };
  }

  /** Writes lines to where the log driver `awslogs` of a task's definition has them. */
  #printer(family: string, taskId: string): (line: string) => void {
    const container = this.#ecs.definitionsOf(family).at(-1)?.containerDefinitions[0];
    const options = container?.logConfiguration?.options;
    if (container === undefined || options === undefined) return () => undefined;
    const { logs } = this.#options;
    const logGroupName = options["awslogs-group"];
    const logStreamName = `${options["awslogs-stream-prefix"]}/${container.name}/${taskId}`;
    let isNew = true;
    return (message) => {
      if (isNew) logs.handle("CreateLogStream", JSON.stringify({ logGroupName, logStreamName }));
      isNew = false;
      const logEvents = [{ timestamp: Date.now(), message }];
      logs.handle("PutLogEvents", JSON.stringify({ logGroupName, logStreamName, logEvents }));
    };
  }

  async #account(
    exited: Promise<number>,
    task: { taskId: string; family: string; child: ChildProcess; startedAtMs: number },
  ): Promise<void> {
    const { taskId, family, child, startedAtMs } = task;
    await exited;
    this.#processes.delete(taskId);
    killGroup(child);
    const { deployment, meter } = this.#options;
    const definition = deployment.all("AWS::ECS::TaskDefinition").find(({ name }) => name === family);
    const memoryMb = Number(definition?.properties["Memory"] ?? 0);
    const computeMs = Math.ceil(performance.now() - startedAtMs);
    const gbMs = (computeMs * memoryMb) / 1_024;
    meter.record({ service: "fargate", action: "task", caller: family }, { requests: 1, computeMs, gbMs });
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

/** A task definition of a template in the words of the service, as far as it matters here. */
function definitionOf({ name, properties }: Resource): object {
  const { ContainerDefinitions, Cpu, Memory, ExecutionRoleArn, TaskRoleArn } = properties as unknown as Definition;
  return {
    family: name,
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: Cpu,
    memory: Memory,
    ...(ExecutionRoleArn !== undefined && { executionRoleArn: ExecutionRoleArn }),
    ...(TaskRoleArn !== undefined && { taskRoleArn: TaskRoleArn }),
    containerDefinitions: ContainerDefinitions.map(({ Name, Image, Environment = [], StopTimeout }) => ({
      name: Name,
      image: Image,
      environment: Environment.map((pair) => ({ name: pair.Name, value: pair.Value })),
      ...(StopTimeout !== undefined && { stopTimeout: StopTimeout }),
    })),
  };
}

interface Definition {
  readonly Cpu: string;
  readonly Memory: string;
  readonly ExecutionRoleArn?: string;
  readonly TaskRoleArn?: string;
  readonly ContainerDefinitions: readonly {
    readonly Name: string;
    readonly Image: string;
    readonly Environment?: readonly { readonly Name: string; readonly Value: string }[];
    readonly StopTimeout?: number;
  }[];
}
