/** The environment variables of a worker on Fargate, by what they hold. */
const VARIABLES = {
  installation: "CARILLON_INSTALLATION",
  table: "CARILLON_TABLE",
  queueUrlPrefix: "CARILLON_QUEUE_URL_PREFIX",
  logGroup: "CARILLON_LOG_GROUP",
  knobs: "CARILLON_KNOBS",
  allow: "CARILLON_ALLOW",
  executors: "CARILLON_EXECUTORS",
  pool: "CARILLON_POOL",
  slots: "CARILLON_SLOTS",
  drainMs: "CARILLON_DRAIN_MS",
  cluster: "CARILLON_CLUSTER",
  subnets: "CARILLON_SUBNETS",
  securityGroups: "CARILLON_SECURITY_GROUPS",
  assignPublicIp: "CARILLON_ASSIGN_PUBLIC_IP",
  executionRole: "CARILLON_CONTAINER_EXECUTION_ROLE",
  containerLogGroup: "CARILLON_CONTAINER_LOG_GROUP",
} as const;

/** Values of the variables of a worker; those that are undefined are not set. */
export function workerEnvironment(
  values: Readonly<Record<keyof typeof VARIABLES, string | undefined>>,
): Record<string, string> {
  const names = Object.entries(VARIABLES) as [keyof typeof VARIABLES, string][];
  const entries = names.map(([key, name]) => [name, values[key]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
