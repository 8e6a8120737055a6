import { type App, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Configuration } from "./configuration.ts";
import type { Bundles } from "./functions/bundles.ts";
import { StatefulStack } from "./stacks/stateful-stack.ts";
import { StatelessStack } from "./stacks/stateless-stack.ts";

export interface CarillonProps {
  readonly configuration: Configuration;
  readonly bundles: Bundles;
}

/** Puts an installation into the app: two stacks, checked against the rules of AWS Solutions when they are synthesised. */
export function addCarillon(app: App, { configuration, bundles }: CarillonProps): void {
  const { installation, account, region, tags } = configuration;
  const env = { account, region };
  const stateful = new StatefulStack(app, `${installation}-stateful`, { configuration, env });
  new StatelessStack(app, `${installation}-stateless`, { configuration, bundles, stateful, env });
  for (const [key, value] of Object.entries({ ...tags, "carillon:installation": installation })) {
    Tags.of(app).add(key, value);
  }
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}
