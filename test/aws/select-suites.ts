/** A service that a suite speaks to, by the name that the SDK gives it in `AWS_ENDPOINT_URL_<NAME>`. */
export type Service = "dynamodb" | "sqs" | "sns" | "cloudwatch_logs" | "scheduler" | "ecs" | "ssm" | "sfn";

export interface Suite {
  /** Beside this file, in `suites/`. */
  readonly file: string;
  readonly services: readonly Service[];
}

export interface Selection {
  readonly suites: readonly Suite[];
  /** One sentence for each suite that does not run, with the reason. */
  readonly leftOut: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

export const SUITES: readonly Suite[] = [
  { file: "dynamo-table.ts", services: ["dynamodb"] },
  { file: "dynamo-differential.ts", services: ["dynamodb"] },
  { file: "sqs-queue.ts", services: ["sqs"] },
  { file: "cloudwatch-run-logs.ts", services: ["cloudwatch_logs"] },
  { file: "sns-notifier.ts", services: ["sns", "sqs"] },
  { file: "event-bridge-timer.ts", services: ["scheduler"] },
  { file: "ecs-fleet.ts", services: ["ecs"] },
  { file: "read-parameter.ts", services: ["ssm"] },
  { file: "sfn-executions.ts", services: ["sfn", "sqs"] },
];

const SERVICES: readonly Service[] = ["dynamodb", "sqs", "sns", "cloudwatch_logs", "scheduler", "ecs", "ssm", "sfn"];

/**
 * Which suites can run against what the environment names. `AWS_ENDPOINT_URL_<SERVICE>` names an endpoint of one service,
 * `AWS_ENDPOINT_URL` of all; `CARILLON_TEST_SERVICES` (a list with commas) narrows them; `CARILLON_TEST_REAL=1` means the
 * account that the credentials belong to, whose services are real and cost money.
 *
 * @throws {Error} when nothing is named, or a service that there is not
 */
export function selectSuites(environment: Environment): Selection {
  const wanted = wantedOf(environment["CARILLON_TEST_SERVICES"]);
  const isReal = environment["CARILLON_TEST_REAL"] === "1";
  const reasons = new Map(
    SERVICES.map((service) => [service, reasonAgainst(service, { environment, wanted, isReal })]),
  );
  const against = ({ services }: Suite) => services.flatMap((service) => reasons.get(service) ?? []);
  const suites = SUITES.filter((suite) => against(suite).length === 0);
  if (suites.length === 0) throw new Error(NOTHING_NAMED);
  const leftOut = SUITES.filter((suite) => against(suite).length > 0).map(
    (suite) => `${suite.file}: ${against(suite).join(", ")}`,
  );
  return { suites, leftOut };
}

const NOTHING_NAMED =
  "Cannot test against AWS: nothing is named to test against. Set AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_<SERVICE> " +
  `(${SERVICES.map((service) => service.toUpperCase()).join(", ")}) to an emulator, or CARILLON_TEST_REAL=1 with ` +
  "credentials of an account. See docs/compatibility.md";

interface Wish {
  readonly environment: Environment;
  readonly wanted: readonly string[] | undefined;
  readonly isReal: boolean;
}

function reasonAgainst(service: Service, { environment, wanted, isReal }: Wish): string | undefined {
  if (wanted?.includes(service) === false) return `${service} is not in CARILLON_TEST_SERVICES`;
  const variable = `AWS_ENDPOINT_URL_${service.toUpperCase()}`;
  const isNamed = [environment["AWS_ENDPOINT_URL"], environment[variable]].some(
    (url) => url !== undefined && url !== "",
  );
  return isNamed || isReal ? undefined : `no endpoint of ${service}`;
}

function wantedOf(list: string | undefined): readonly string[] | undefined {
  if (list === undefined || list === "") return undefined;
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(SERVICES as readonly string[]).includes(name));
  if (unknown === undefined) return names;
  throw new Error(`Cannot test service "${unknown}" of CARILLON_TEST_SERVICES: services are ${SERVICES.join(", ")}`);
}
