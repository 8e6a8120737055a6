import { fileURLToPath } from "node:url";
import { CarillonClient } from "../../../client/sdk/client.ts";
import type { Knobs } from "../../../core/knobs.ts";
import type { ConfigurationInput } from "../../../lib/configuration.ts";
import { FakeLogs } from "../../support/aws/fake-logs.ts";
import { synthesiseOnce } from "./assembly.ts";
import { AwsFront, type Backend } from "./aws-front.ts";
import { accessKeyOf, callersOf, TEST_ACCESS_KEY } from "./callers.ts";
import type { CloudFunction } from "./cloud-function.ts";
import { Cluster } from "./cluster.ts";
import { Deployment } from "./deployment.ts";
import { Emulators } from "./emulators.ts";
import { EventSources } from "./event-sources.ts";
import { openFunctions } from "./functions.ts";
import { HttpApi } from "./http-api.ts";
import { REGION } from "./identity.ts";
import { Journal } from "./journal.ts";
import { lambdaBackend } from "./lambda-service.ts";
import { Meter } from "./meter.ts";
import { Parameters } from "./parameters.ts";
import { Permissions } from "./permissions.ts";
import { Schedules } from "./schedules.ts";
import { StateMachines } from "./state-machines.ts";
import { Subscriptions } from "./subscriptions.ts";

export interface CloudOptions {
  /** What differs from a configuration with one small pool. */
  readonly configuration?: Partial<ConfigurationInput>;
  /** Knobs that differ from `TEST_KNOBS`. */
  readonly knobs?: Partial<Knobs>;
  /** What passes for a minute of a schedule. @default 1,000 */
  readonly minuteMs?: number;
  /** Modules of handler jobs, as an image would bring them. */
  readonly handlersFolder?: string;
  /** Whether schedules wake nobody unless the test does, and no queue is read for a function. @default false */
  readonly isStill?: boolean;
}

/** The product's own, a minute being a second. */
export const TEST_KNOBS: Partial<Knobs> = {
  shards: 2,
  lookAheadMs: 20_000,
  leadMs: 10_000,
  misfireAfterMs: 10_000,
  settleAfterMs: 6_000,
  visibilityMs: 5_000,
  heartbeatMs: 1_000,
  commandPollMs: 500,
  workerDeadAfterMs: 5_000,
  leaseMs: 6_000,
  logFlushMs: 200,
};

const WORKER = fileURLToPath(new URL("../../../worker/aws-main.ts", import.meta.url));

/**
 * The deployed product in this process: what the synthesised templates say, over emulators, with the built bundles in
 * threads of their own and workers that are real processes. Nothing leaves the loopback interface.
 */
export class Cloud {
  readonly meter = new Meter();
  readonly journal = new Journal();
  readonly parameters = new Parameters();
  readonly deployment: Deployment;
  readonly subscriptions: Subscriptions;
  readonly stateMachines: StateMachines;
  readonly #front: AwsFront;
  readonly #emulators: Emulators;
  readonly #functions: ReadonlyMap<string, CloudFunction>;
  readonly #cluster: Cluster;
  readonly #schedules: Schedules;
  readonly #eventSources: EventSources;
  readonly #api: HttpApi;
  #token: string | undefined;

  private constructor(
    deployment: Deployment,
    emulators: Emulators,
    { minuteMs = 1_000, handlersFolder }: Pick<CloudOptions, "minuteMs" | "handlersFolder">,
  ) {
    const { meter, journal } = this;
    this.deployment = deployment;
    this.#emulators = emulators;
    const permissions = new Permissions(deployment);
    const groups = deployment.all("AWS::Logs::LogGroup").map(({ name }) => name);
    const logs = new FakeLogs({ groups });
    this.subscriptions = new Subscriptions(deployment, () => this.#functions);
    this.stateMachines = new StateMachines({
      deployment,
      permissions,
      emulators,
      meter,
      onRefusal: (refusal) => this.#front.refusals.push(refusal),
    });
    this.#front = new AwsFront({
      callers: callersOf(deployment),
      permissions,
      meter,
      backends: {
        dynamodb: emulators.dynamodb,
        sqs: emulators.sqs,
        sns: async (request) => {
          const answer = await emulators.sns(request);
          this.subscriptions.published(request, answer);
          return answer;
        },
        logs: logsBackend(logs),
        ssm: this.parameters.handle,
        ecs: (request) => this.#cluster.backend(request),
        scheduler: (request) => this.#schedules.backend(request),
        lambda: lambdaBackend(() => this.#functions),
        states: this.stateMachines.backend,
      },
    });
    this.#functions = openFunctions({
      deployment,
      environmentOf: (name) => this.environmentOf(name),
      deliver: (destination, event) => {
        const { ref } = deployment.get("AWS::SQS::Queue", destination);
        void emulators.send(ref, JSON.stringify(event));
      },
      journal,
      meter,
    });
    this.#cluster = new Cluster({
      deployment,
      workerCommand: [process.execPath, "--enable-source-maps", WORKER],
      environmentOf: (family) => ({
        ...this.environmentOf(family),
        ...(handlersFolder !== undefined && { CARILLON_HANDLERS: handlersFolder }),
      }),
      onLine: (family, line) => journal.add(family, line),
      logs,
      meter,
    });
    this.#schedules = new Schedules({ deployment, functions: this.#functions, permissions, minuteMs, meter });
    this.#eventSources = new EventSources({ deployment, functions: this.#functions, permissions, emulators, meter });
    this.#api = new HttpApi({ deployment, functions: this.#functions, meter });
  }

  /** Deploys: synthesises the templates once for each configuration, creates what they name, and lets time begin. */
  static async start({ configuration = {}, knobs = {}, isStill = false, ...rest }: CloudOptions = {}): Promise<Cloud> {
    const assembly = await synthesiseOnce({
      pools: { default: { cpu: 256, memoryMb: 512, slots: 8, maxTasks: 2 } },
      ...configuration,
      api: { authorizerCacheSeconds: 0, ...configuration.api },
      knobs: { ...TEST_KNOBS, ...configuration.knobs, ...knobs },
    });
    const deployment = Deployment.read(assembly);
    const cloud = new Cloud(deployment, await Emulators.open(deployment), rest);
    await Promise.all([cloud.#front.listen(), cloud.#api.listen(), cloud.#cluster.open()]);
    if (!isStill) {
      cloud.#schedules.start();
      cloud.#eventSources.start();
    }
    return cloud;
  }

  /** Address of the HTTP API. */
  get url(): string {
    return this.#api.url;
  }

  get schedules(): Schedules {
    return this.#schedules;
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  /** All services' common endpoint, with what was refused there. */
  get front(): AwsFront {
    return this.#front;
  }

  /** The functions of the product by the name of their folder, such as `tick`. */
  function(name: string): CloudFunction {
    const found = [...this.#functions.values()].find((each) => each.serviceName === name);
    if (found === undefined) throw new Error(`Cannot find function "${name}" in the templates`);
    return found;
  }

  /** Invokes a function and waits for its answer. @throws {Error} when it fails */
  async invoke(name: string, event: unknown): Promise<unknown> {
    const outcome = await this.function(name).invoke(event);
    if (outcome?.ok === true) return JSON.parse(outcome.payload) as unknown;
    throw new Error(outcome === undefined ? "Rate Exceeded." : outcome.error.errorMessage);
  }

  /** What the addresses of the queues of pools begin with, as the functions are told. */
  get queueUrlPrefix(): string {
    const functions = this.deployment.all("AWS::Lambda::Function").map(({ properties }) => properties["Environment"]);
    const variables = functions.map((each) => (each as { Variables?: Record<string, string> } | undefined)?.Variables);
    return variables.find((each) => each?.["CARILLON_QUEUE_URL_PREFIX"])?.["CARILLON_QUEUE_URL_PREFIX"] ?? "";
  }

  /** A client with an admin token, made as `aws lambda invoke` makes the first one. */
  async client(): Promise<CarillonClient> {
    return new CarillonClient({ url: this.url, token: await this.token() });
  }

  async token(): Promise<string> {
    if (this.#token === undefined) {
      const { token } = (await this.invoke("admin", { newAdminToken: { name: "test" } })) as { token: string };
      this.#token = token;
    }
    return this.#token;
  }

  /** The environment by which an SDK finds the services here, signing as `name`. */
  environmentOf(name: string): Record<string, string> {
    return {
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: this.#front.url,
      AWS_ACCESS_KEY_ID: accessKeyOf(name),
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_EC2_METADATA_DISABLED: "true",
    };
  }

  /** Settings of an SDK client of the test itself, which may do everything. */
  clientSettings() {
    return {
      region: REGION,
      endpoint: this.#front.url,
      credentials: { accessKeyId: TEST_ACCESS_KEY, secretAccessKey: "secret" },
    };
  }

  /** Ends everything at once: no more wake-ups, and what still runs is killed. */
  async close(): Promise<void> {
    this.#schedules.stop();
    await Promise.all([this.#cluster.close(), this.#eventSources.stop()]);
    await Promise.all([...this.#functions.values()].map((each) => each.close()));
    await Promise.all([this.#api.close(), this.#front.close()]);
    await this.#emulators.close();
  }
}

function logsBackend(logs: FakeLogs): Backend {
  return ({ headers, body }) => {
    const answer = logs.handle(headers["x-amz-target"] ?? "", new TextDecoder().decode(body));
    const type = { "content-type": "application/x-amz-json-1.1" };
    return Promise.resolve({ status: answer.status, headers: type, body: Uint8Array.from(Buffer.from(answer.body)) });
  };
}
