import { join } from "node:path";
import { IgnoreMode } from "aws-cdk-lib";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import { Repository } from "aws-cdk-lib/aws-ecr";
import { ContainerImage } from "aws-cdk-lib/aws-ecs";
import type { Construct } from "constructs";
import type { PoolConfiguration } from "../configuration.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** What the build of the image needs; whatever else changes does not make a new one. */
const CONTEXT = ["package.json", "package-lock.json", ".npmrc", "adapters", "core", "docker", "worker"];

/** An image in ECR, which a task may only pull with permission: its account, region, repository, tag or digest. */
const ECR_IMAGE =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(?<repository>[^:@]+)[:@](?<version>.+)$/;

/**
 * The image that workers run: the one at `uri`, or else one that is built from `docker/worker/Dockerfile` when it is
 * deployed. To synthesise takes no Docker.
 */
export function workerImage(
  scope: Construct,
  id: string,
  { uri, architecture }: { readonly uri?: string; readonly architecture: PoolConfiguration["architecture"] },
): ContainerImage {
  if (uri === undefined) {
    return ContainerImage.fromAsset(ROOT, {
      file: join("docker", "worker", "Dockerfile"),
      platform: architecture === "arm64" ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      ignoreMode: IgnoreMode.DOCKER,
      exclude: ["*", ...CONTEXT.map((path) => `!${path}`)],
    });
  }
  const { account, region, repository, version } = ECR_IMAGE.exec(uri)?.groups ?? {};
  if (repository === undefined || version === undefined) return ContainerImage.fromRegistry(uri);
  const repositoryArn = `arn:aws:ecr:${region}:${account}:repository/${repository}`;
  const source = Repository.fromRepositoryAttributes(scope, id, { repositoryArn, repositoryName: repository });
  return ContainerImage.fromEcrRepository(source, version);
}
