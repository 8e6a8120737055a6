import {
  CreateStateMachineCommand,
  DeleteStateMachineVersionCommand,
  DescribeStateMachineCommand,
  type DescribeStateMachineOutput,
  ListStateMachineVersionsCommand,
  PublishStateMachineVersionCommand,
  type SFNClient,
  StateMachineDoesNotExist,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import { PortError } from "../../core/ports/errors.ts";
import { portError } from "./sdk-errors.ts";

export interface MachineWanted {
  readonly arn: string;
  readonly name: string;
  /** In the States Language, as JSON. */
  readonly definition: string;
  /** Said of a version when it is published. */
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Versions of a state machine that are kept; a definition that comes back after its version is gone is published again. */
const MAX_VERSIONS = 25;
/** So many of the last versions are looked through for a definition: one that runs were still waiting with. */
const MAX_LOOKED_THROUGH = 10;

/** State machines of Step Functions, each with a published version for every definition that it has had of late. */
export class SfnMachines {
  readonly #client: SFNClient;
  readonly #roleArn: string;

  constructor(client: SFNClient, roleArn: string) {
    this.#client = client;
    this.#roleArn = roleArn;
  }

  /**
   * Makes sure that a definition is published. Of several at the same time one wins; the others are refused, and find it when
   * they come again.
   *
   * @returns the ARN of its version, by which executions keep to it whatever comes later
   */
  async publish(wanted: MachineWanted): Promise<string> {
    try {
      return await this.#publish(wanted);
    } catch (error) {
      throw portError(`Cannot publish state machine "${wanted.name}"`, error);
    }
  }

  async #publish(wanted: MachineWanted): Promise<string> {
    const { arn, definition, description } = wanted;
    const latest = await this.#describe(arn);
    if (latest === undefined) return this.#create(wanted);
    if (this.#isWanted(latest, definition)) {
      // Once for each revision: again it gives the version that there is.
      const command = { stateMachineArn: arn, revisionId: latest.revisionId, description };
      const published = await this.#client.send(new PublishStateMachineVersionCommand(command));
      return told(published.stateMachineVersionArn);
    }
    const former = await this.#former(arn, definition);
    if (former !== undefined) return former;
    const updated = await this.#client.send(
      new UpdateStateMachineCommand({
        stateMachineArn: arn,
        definition,
        roleArn: this.#roleArn,
        publish: true,
        versionDescription: description,
      }),
    );
    const version = told(updated.stateMachineVersionArn);
    await this.#prune(arn, version);
    return version;
  }

  async #create({ name, definition, description, tags }: MachineWanted): Promise<string> {
    const created = await this.#client.send(
      new CreateStateMachineCommand({
        name,
        definition,
        roleArn: this.#roleArn,
        type: "STANDARD",
        publish: true,
        versionDescription: description,
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      }),
    );
    return told(created.stateMachineVersionArn);
  }

  async #describe(arn: string): Promise<DescribeStateMachineOutput | undefined> {
    try {
      return await this.#client.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
    } catch (error) {
      if (error instanceof StateMachineDoesNotExist) return undefined;
      throw error;
    }
  }

  async #former(arn: string, definition: string): Promise<string | undefined> {
    const command = { stateMachineArn: arn, maxResults: MAX_LOOKED_THROUGH };
    const { stateMachineVersions = [] } = await this.#client.send(new ListStateMachineVersionsCommand(command));
    for (const { stateMachineVersionArn: version = "" } of stateMachineVersions) {
      const described = await this.#describe(version);
      if (described !== undefined && this.#isWanted(described, definition)) return version;
    }
    return undefined;
  }

  #isWanted({ definition, roleArn }: DescribeStateMachineOutput, wanted: string): boolean {
    return definition === wanted && roleArn === this.#roleArn;
  }

  /** Versions are numbered one by one: each that is published makes room for itself. Executions of a deleted one go on. */
  async #prune(arn: string, version: string): Promise<void> {
    const oldest = Number(version.slice(arn.length + 1)) - MAX_VERSIONS;
    if (!(oldest >= 1)) return;
    await this.#client.send(new DeleteStateMachineVersionCommand({ stateMachineVersionArn: `${arn}:${oldest}` }));
  }
}

function told(versionArn: string | undefined): string {
  if (versionArn !== undefined) return versionArn;
  throw new PortError("UNAVAILABLE", "Cannot tell which version of a state machine was published: none was told");
}
