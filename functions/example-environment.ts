/** Variables with which every function starts, for measurements and tests. Nothing answers at what they name. */
export const EXAMPLE_ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "example",
  AWS_SECRET_ACCESS_KEY: "example",
  CARILLON_INSTALLATION: "carillon",
  CARILLON_TABLE: "carillon",
  CARILLON_QUEUE_URL_PREFIX: "https://sqs.eu-west-1.amazonaws.com/123456789012/carillon-",
  CARILLON_LOG_GROUP: "/carillon/carillon/runs",
  CARILLON_CLUSTER: "carillon",
  CARILLON_POOLS: '{"default":{"slots":8,"minTasks":0,"maxTasks":10}}',
  CARILLON_TIMER_GROUP: "carillon",
  CARILLON_TIMER_SCHEDULE: "carillon-tick",
  NODE_OPTIONS: "--enable-source-maps",
  POWERTOOLS_SERVICE_NAME: "example",
  POWERTOOLS_TRACE_ENABLED: "false",
};
