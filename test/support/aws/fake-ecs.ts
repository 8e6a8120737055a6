import type { z } from "zod";
import type { FakeReply, FakeRequest } from "./fake-service.ts";
import { type FakeDefinition, type Operation, type RequestOf, requestSchemas } from "./fake-ecs-requests.ts";
import { ARN, type FakeProcess, type FakeStart, FakeTask } from "./fake-ecs-task.ts";

export interface FakeEcsOptions {
  /** Name of the one cluster. */
  readonly cluster: string;
  /** Runs what a task is to run. An error means that it can't be started. */
  readonly onStart: (start: FakeStart) => FakeProcess | Promise<FakeProcess>;
  /** In place of the `stopTimeout` of definitions, for tests that wait for a kill. */
  readonly stopTimeoutMs?: number;
}

interface Service {
  readonly name: string;
  /** ARN that new tasks are started from. */
  taskDefinition: string;
  desiredCount: number;
}

/** An error of the service in its own shape. */
export class EcsError extends Error {
  /** What the service adds to some errors. */
  readonly fields: object;

  constructor(name: string, message: string, fields: object = {}) {
    super(message);
    this.name = name;
    this.fields = fields;
  }
}

const TARGET = "AmazonEC2ContainerServiceV20141113.";

/**
 * ECS in memory, as far as Carillon uses it: protocol AwsJson1.1, services that keep their desired count, single tasks,
 * task definitions, and the endpoints that a container finds in its environment (task protection, metadata).
 *
 * `handle` is for `requestHandler` and `serve` of fake-service.ts. Once it is served, `agentUrl` is to be set to that
 * address: tasks started from then on get `ECS_AGENT_URI` and `ECS_CONTAINER_METADATA_URI_V4`.
 */
export class FakeEcs {
  /** Names of the operations that were asked for, in order; also of those that failed. */
  readonly calls: string[] = [];
  agentUrl: string | undefined;
  readonly #options: FakeEcsOptions;
  readonly #definitions = new Map<string, FakeDefinition[]>();
  readonly #services = new Map<string, Service>();
  readonly #tasks = new Map<string, FakeTask>();
  readonly #tokens = new Map<string, { readonly request: string; readonly tasks: readonly FakeTask[] }>();
  readonly #failures: { readonly operation: Operation; readonly error: EcsError; readonly isApplied: boolean }[] = [];
  #isClosed = false;

  constructor(options: FakeEcsOptions) {
    this.#options = options;
  }

  /** Registers a task definition, as a stack does. Checked as the service checks it. @returns its ARN */
  register(definition: z.input<(typeof requestSchemas)["RegisterTaskDefinition"]>): string {
    const checked = requestSchemas.RegisterTaskDefinition.parse(definition);
    const revisions = this.#definitions.get(checked.family) ?? [];
    this.#definitions.set(checked.family, [...revisions, checked]);
    return `${ARN}:task-definition/${checked.family}:${revisions.length + 1}`;
  }

  /** Makes a service over a family that is registered. */
  createService({ name, family, desiredCount = 0 }: { name: string; family: string; desiredCount?: number }): void {
    this.#services.set(name, { name, taskDefinition: this.#latest(family).arn, desiredCount });
    this.#reconcile();
  }

  /** Lets a service have tasks of another definition, as a stack does that is deployed anew. */
  deploy(service: string, taskDefinition: string): void {
    const found = this.#services.get(service);
    if (found === undefined) throw new EcsError("ServiceNotFoundException", "Service not found.");
    found.taskDefinition = this.#latest(taskDefinition).arn;
    this.#reconcile();
  }

  /** Lets the next request for an operation fail; `isApplied`: after it has been carried out, as when an answer is lost. */
  failNext(operation: Operation, error: EcsError, { isApplied = false }: { readonly isApplied?: boolean } = {}): void {
    this.#failures.push({ operation, error, isApplied });
  }

  definitionsOf(family: string): readonly FakeDefinition[] {
    return this.#definitions.get(family) ?? [];
  }

  families(): readonly string[] {
    return [...this.#definitions.keys()];
  }

  tasks(): readonly FakeTask[] {
    return [...this.#tasks.values()];
  }

  /** As for Spot capacity that is taken back. */
  interrupt(taskId: string): void {
    this.#tasks.get(taskId)?.stop("SpotInterruption", "Your Spot Task was interrupted.");
  }

  /** Forgets a task that has stopped, as ECS does after about an hour. */
  forget(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  /** Stops all tasks and waits until they have. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const task of this.#tasks.values()) task.stop("UserInitiated", "Closed");
    await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
  }

  readonly handle = (request: FakeRequest): FakeReply => {
    const [, area, taskId = ""] = request.path.split("/");
    if (area === "agent") return this.#protect(taskId, request);
    if (area === "metadata") return this.#metadata(taskId);
    const operation = (request.headers["x-amz-target"] ?? "").replace(TARGET, "");
    this.calls.push(operation);
    try {
      return json(200, this.#answer(operation, JSON.parse(request.body)));
    } catch (error) {
      if (!(error instanceof EcsError)) throw error;
      return json(error.name === "ServerException" ? 500 : 400, {
        __type: error.name,
        message: error.message,
        ...error.fields,
      });
    }
  };

  #answer(operation: string, body: unknown): object {
    const failure = this.#failures.findIndex((each) => each.operation === operation);
    if (failure < 0) return this.#carryOut(operation, body);
    const [planned] = this.#failures.splice(failure, 1);
    if (planned?.isApplied === true) this.#carryOut(operation, body);
    throw planned?.error ?? new EcsError("ServerException", "");
  }

  #carryOut(operation: string, body: unknown): object {
    switch (operation) {
      case "DescribeServices":
        return this.#describeServices(this.#parse(operation, body));
      case "UpdateService":
        return this.#updateService(this.#parse(operation, body));
      case "ListTasks":
        return this.#listTasks(this.#parse(operation, body));
      case "DescribeTasks":
        return this.#describeTasks(this.#parse(operation, body));
      case "StopTask":
        return this.#stopTask(this.#parse(operation, body));
      case "RunTask":
        return this.#runTask(this.#parse(operation, body));
      case "RegisterTaskDefinition":
        return { taskDefinition: { taskDefinitionArn: this.register(this.#parse(operation, body)), status: "ACTIVE" } };
      case "DescribeTaskDefinition": {
        const { arn, definition } = this.#latest(this.#parse(operation, body).taskDefinition);
        return { taskDefinition: { ...definition, taskDefinitionArn: arn, status: "ACTIVE" } };
      }
      default:
        throw new EcsError("UnknownOperationException", operation);
    }
  }

  #parse<O extends Operation>(operation: O, body: unknown): RequestOf<O> {
    const parsed = requestSchemas[operation].safeParse(body);
    if (!parsed.success) throw new EcsError("InvalidParameterException", parsed.error.message);
    const data = parsed.data as RequestOf<O>;
    if ("cluster" in data && nameOf(data.cluster) !== this.#options.cluster) {
      throw new EcsError("ClusterNotFoundException", "Cluster not found.");
    }
    return data;
  }

  #describeServices({ services }: RequestOf<"DescribeServices">): object {
    const found = services.flatMap((name) => this.#services.get(nameOf(name)) ?? []);
    const missing = services.filter((name) => !this.#services.has(nameOf(name)));
    return {
      services: found.map((service) => ({
        ...countsOf(this.#tasksOf(service.name)),
        desiredCount: service.desiredCount,
        serviceName: service.name,
        status: "ACTIVE",
        deployments: this.#deploymentsOf(service),
      })),
      failures: missing.map((name) => ({ arn: `${ARN}:service/${name}`, reason: "MISSING" })),
    };
  }

  /** The one that new tasks belong to, and those that have tasks left. */
  #deploymentsOf({ name, taskDefinition, desiredCount }: Service): object[] {
    const tasks = this.#tasksOf(name);
    const definitions = new Set([taskDefinition, ...tasks.map(({ options }) => options.definitionArn)]);
    return [...definitions].map((definition) => ({
      ...countsOf(tasks.filter(({ options }) => options.definitionArn === definition)),
      status: definition === taskDefinition ? "PRIMARY" : "ACTIVE",
      taskDefinition: definition,
      desiredCount: definition === taskDefinition ? desiredCount : 0,
    }));
  }

  #updateService({ service: name, desiredCount }: RequestOf<"UpdateService">): object {
    const service = this.#services.get(nameOf(name));
    if (service === undefined) throw new EcsError("ServiceNotFoundException", "Service not found.");
    service.desiredCount = desiredCount;
    this.#reconcile();
    return { service: { serviceName: service.name, desiredCount } };
  }

  #listTasks({ maxResults, nextToken, ...filter }: RequestOf<"ListTasks">): object {
    const { serviceName, family, startedBy, desiredStatus = "RUNNING" } = filter;
    const found = this.tasks().filter(
      (task) =>
        task.desiredStatus === desiredStatus &&
        (startedBy === undefined || task.options.startedBy === startedBy) &&
        (family === undefined || task.options.definition.family === family) &&
        (serviceName === undefined || task.options.group === `service:${nameOf(serviceName)}`),
    );
    const start = Number(nextToken ?? 0);
    const end = start + maxResults;
    const page = found.slice(start, end).map(({ arn }) => arn);
    return { taskArns: page, ...(end < found.length && { nextToken: String(end) }) };
  }

  #describeTasks({ tasks, include = [] }: RequestOf<"DescribeTasks">): object {
    const asked = tasks.map((task) => ({ task, found: this.#tasks.get(nameOf(task)) }));
    const malformed = tasks.find((task) => !/^[0-9a-f]{32}$/.test(nameOf(task)));
    if (malformed !== undefined) throw new EcsError("InvalidParameterException", `taskId longer than 36: ${malformed}`);
    return {
      tasks: asked.flatMap(({ found }) => found?.describe({ withTags: include.includes("TAGS") }) ?? []),
      failures: asked.flatMap(({ task, found }) => (found === undefined ? [{ arn: task, reason: "MISSING" }] : [])),
    };
  }

  #stopTask({ task, reason = "Task stopped by user" }: RequestOf<"StopTask">): object {
    const found = this.#tasks.get(nameOf(task));
    if (found === undefined) throw new EcsError("InvalidParameterException", "The referenced task was not found.");
    found.stop("UserInitiated", reason);
    return { task: found.describe({ withTags: false }) };
  }

  #runTask(request: RequestOf<"RunTask">): object {
    const { clientToken, count, taskDefinition, startedBy, overrides, tags } = request;
    const { arn, definition } = this.#latest(taskDefinition);
    const known = clientToken === undefined ? undefined : this.#tokens.get(clientToken);
    if (known !== undefined && known.request !== JSON.stringify(request)) {
      const resourceIds = known.tasks.map((task) => task.arn);
      throw new EcsError("ConflictException", "The clientToken was used with other parameters.", { resourceIds });
    }
    const group = `family:${definition.family}`;
    const tasks =
      known?.tasks ??
      Array.from({ length: count }, () => this.#start({ definition, arn, group, startedBy, overrides, tags }));
    if (clientToken !== undefined) this.#tokens.set(clientToken, { request: JSON.stringify(request), tasks });
    return { tasks: tasks.map((task) => task.describe({ withTags: true })), failures: [] };
  }

  #start({
    arn: definitionArn,
    ...rest
  }: { readonly arn: string } & Pick<
    FakeTask["options"],
    "definition" | "group" | "startedBy" | "overrides" | "tags"
  >): FakeTask {
    const { cluster, stopTimeoutMs, onStart } = this.#options;
    const task = new FakeTask({ ...rest, definitionArn, cluster, stopTimeoutMs });
    this.#tasks.set(task.id, task);
    const uris: Record<string, string> =
      this.agentUrl === undefined
        ? {}
        : {
            ECS_AGENT_URI: `${this.agentUrl}/agent/${task.id}`,
            ECS_CONTAINER_METADATA_URI_V4: `${this.agentUrl}/metadata/${task.id}`,
          };
    void task.run(onStart, uris).then(() => setTimeout(() => this.#reconcile(), RESTART_MS));
    return task;
  }

  /**
   * Starts what services lack, and stops what they have too much of, except what protects itself. While tasks of a former
   * definition are left there are up to twice as many; those are stopped first.
   */
  #reconcile(): void {
    if (this.#isClosed) return;
    for (const { name, taskDefinition, desiredCount } of this.#services.values()) {
      const { arn, definition } = this.#latest(taskDefinition);
      const tasks = this.#tasksOf(name);
      const former = tasks.filter(({ options }) => options.definitionArn !== arn);
      const lacking = desiredCount - (tasks.length - former.length);
      for (let room = Math.min(lacking, desiredCount * 2 - tasks.length); room > 0; room -= 1) {
        this.#start({ definition, arn, group: `service:${name}`, startedBy: "ecs-svc/1234567890" });
      }
      const surplus = this.#tasksOf(name).length - desiredCount;
      const stoppable = [...new Set([...former, ...tasks])].filter(({ isProtected }) => !isProtected);
      for (const task of stoppable.slice(0, Math.max(0, surplus)))
        task.stop("ServiceSchedulerInitiated", "Scaling activity initiated by deployment");
    }
  }

  /** The tasks that a service counts as its own. */
  #tasksOf(service: string): FakeTask[] {
    return this.tasks().filter(
      ({ options, desiredStatus }) => options.group === `service:${service}` && desiredStatus === "RUNNING",
    );
  }

  /** The newest revision of a family, or the one that an ARN or `family:revision` names. */
  #latest(text: string): { readonly arn: string; readonly definition: FakeDefinition } {
    const [family = "", revision] = nameOf(text).split(":");
    const revisions = this.#definitions.get(family) ?? [];
    const number = revision === undefined ? revisions.length : Number(revision);
    const definition = revisions[number - 1];
    if (definition === undefined) throw new EcsError("ClientException", "Unable to describe task definition.");
    return { arn: `${ARN}:task-definition/${family}:${number}`, definition };
  }

  #metadata(taskId: string): FakeReply {
    const task = this.#tasks.get(taskId);
    if (task === undefined) return json(404, {});
    const [Family, Revision] = nameOf(task.options.definitionArn).split(":");
    return json(200, { Cluster: this.#options.cluster, TaskARN: task.arn, Family, Revision });
  }

  #protect(taskId: string, { method, body }: FakeRequest): FakeReply {
    const task = this.#tasks.get(taskId);
    this.calls.push("UpdateTaskProtection");
    if (task === undefined || method !== "PUT") return json(404, { error: { Code: "ResourceNotFound" } });
    const { ProtectionEnabled: isOn, ExpiresInMinutes: minutes = 120 } = JSON.parse(body) as Record<string, unknown>;
    if (typeof isOn !== "boolean" || !Number.isInteger(minutes) || Number(minutes) < 1 || Number(minutes) > 2_880) {
      return json(400, { error: { Code: "InvalidParameterException" } });
    }
    if (!task.options.group.startsWith("service:"))
      return json(200, { failure: { Arn: task.arn, Reason: "TASK_NOT_VALID" } });
    task.isProtected = isOn;
    this.#reconcile();
    return json(200, { protection: { TaskArn: task.arn, ProtectionEnabled: isOn } });
  }
}

/** Between the end of a service's task and the start of another. */
const RESTART_MS = 20;

function countsOf(tasks: readonly FakeTask[]): { readonly runningCount: number; readonly pendingCount: number } {
  const runningCount = tasks.filter(({ lastStatus }) => lastStatus === "RUNNING").length;
  return { runningCount, pendingCount: tasks.length - runningCount };
}

/** The last part of an ARN, or the name itself. */
function nameOf(text: string): string {
  return text.slice(text.lastIndexOf("/") + 1);
}

function json(status: number, value: object): FakeReply {
  return { status, headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(value) };
}
