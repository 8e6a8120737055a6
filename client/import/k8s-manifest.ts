import { z } from "zod";

/**
 * The parts of a CronJob (batch/v1) that a job can be made of. Other fields are kept as they are, so that those without
 * an equivalent can be named.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/
 */
const variableSchema = z.looseObject({ name: z.string().min(1), value: z.string().nullish() });

const containerSchema = z.looseObject({
  name: z.string().nullish(),
  image: z.string().nullish(),
  command: z.array(z.string()).nullish(),
  args: z.array(z.string()).nullish(),
  workingDir: z.string().nullish(),
  env: z.array(variableSchema).nullish(),
  envFrom: z.array(z.unknown()).nullish(),
  resources: z.looseObject({ limits: z.record(z.string(), z.union([z.string(), z.number()])).nullish() }).nullish(),
});

const podSchema = z.looseObject({
  containers: z.array(containerSchema).min(1),
  activeDeadlineSeconds: z.number().int().min(0).nullish(),
  terminationGracePeriodSeconds: z.number().int().min(0).nullish(),
});

const jobSchema = z.looseObject({
  backoffLimit: z.number().int().min(0).nullish(),
  activeDeadlineSeconds: z.number().int().min(0).nullish(),
  parallelism: z.number().int().min(0).nullish(),
  completions: z.number().int().min(0).nullish(),
  template: z.looseObject({ spec: podSchema }),
});

export const cronJobSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.looseObject({
    schedule: z.string().min(1),
    timeZone: z.string().nullish(),
    concurrencyPolicy: z.enum(["Allow", "Forbid", "Replace"]).nullish(),
    suspend: z.boolean().nullish(),
    startingDeadlineSeconds: z.number().int().min(0).nullish(),
    jobTemplate: z.looseObject({ spec: jobSchema }),
  }),
});

export type CronJob = z.infer<typeof cronJobSchema>;
export type Container = z.infer<typeof containerSchema>;

/** What a CronJob says without an equivalent here. Fields without effect on what runs are not counted. */
export function unusedFields(cronJob: CronJob): string[] {
  const job = cronJob.spec.jobTemplate.spec;
  const pod = job.template.spec;
  return [
    ...beyond(cronJob.spec, [
      ...Object.keys(cronJobSchema.shape.spec.shape),
      "successfulJobsHistoryLimit",
      "failedJobsHistoryLimit",
    ]),
    ...beyond(job, [...Object.keys(jobSchema.shape), "ttlSecondsAfterFinished", "completionMode", "manualSelector"]),
    ...beyond(pod, [
      ...Object.keys(podSchema.shape),
      "restartPolicy",
      "imagePullSecrets",
      "dnsPolicy",
      "schedulerName",
    ]),
    ...pod.containers.flatMap((container) =>
      beyond(container, [
        ...Object.keys(containerSchema.shape),
        "imagePullPolicy",
        "terminationMessagePath",
        "terminationMessagePolicy",
      ]),
    ),
  ];
}

function beyond(object: Readonly<Record<string, unknown>>, known: readonly string[]): string[] {
  return Object.keys(object).filter((key) => !known.includes(key));
}
