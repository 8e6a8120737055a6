import type { ConfigurationInput } from "./lib/configuration.ts";

/**
 * What you deploy. This much works as it stands; `lib/configuration.ts` has every field with its default, and
 * docs/deploy.md tells what they cost. What is wrong here fails `cdk synth`, with the field named.
 */
export const configuration: ConfigurationInput = {
  installation: "carillon",

  pools: {
    // Half a vCPU for eight runs at a time, from no task at all to ten.
    default: { cpu: 512, memoryMb: 1_024, slots: 8, minTasks: 0, maxTasks: 10, spotShare: 0, architecture: "arm64" },
  },

  // "public": a network of its own without NAT. Or { vpcId, subnetIds, assignPublicIp } of one that exists.
  network: "public",

  // Who hears when the platform itself is in trouble.
  alarms: {
    // email: "you@example.com",
    // webhooks: [{ url: "https://example.com/hooks/carillon", secretParameter: "/carillon/webhook-secret" }],
    // smsNumbers: ["+441632960001"],
  },

  logRetentionDays: 30,
  api: { rate: 100, burst: 200, authorizerCacheSeconds: 60 },
  scheduler: { groups: 1, memoryMb: 512 },

  // Runs of workflows can be seen in Step Functions, at some $30 a million steps. Without, all else is the same.
  workflows: { stateMachines: true },

  // What jobs can be. Those of type command and handler have all the rights of the workers: see docs/deploy.md.
  executors: ["command", "http", "handler", "lambda", "container"],

  // What jobs may reach beyond the public internet: nothing, unless it is named here.
  allow: [],
  lambdaFunctions: [],
  containerRoles: [],

  // budget: { monthlyUsd: 20, email: "you@example.com" },
  tags: {},
};
