import {
  CreateStateMachineCommand,
  DeleteStateMachineVersionCommand,
  DescribeStateMachineCommand,
  type DescribeStateMachineOutput,
  ListStateMachineVersionsCommand,
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
/** More than are kept, so that those go too whose deletion has failed at its time. */
const MAX_LISTED = 100;

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
    const { arn, definition } = wanted;
    if ((await this.#describe(arn)) === undefined) return this.#create(wanted);
    const command = { stateMachineArn: arn, maxResults: MAX_LISTED };
    const { stateMachineVersions = [] } = await this.#client.send(new ListStateMachineVersionsCommand(command));
    const versions = stateMachineVersions.flatMap(({ stateMachineVersionArn = [] }) => stateMachineVersionArn);
    return (await this.#find(versions, definition)) ?? this.#update(wanted, versions);
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

  async #find(versions: readonly string[], definition: string): Promise<string | undefined> {
    for (const version of versions.slice(0, MAX_LOOKED_THROUGH)) {
      const described = await this.#describe(version);
      if (described?.definition === definition && described.roleArn === this.#roleArn) return version;
    }
    return undefined;
  }

  /** @param former - versions that there were, the last one first */
  async #update({ arn, definition, description }: MachineWanted, former: readonly string[]): Promise<string> {
    // In one request: what is published apart may be what somebody else has put there in between.
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
    // Executions of a deleted version go on.
    for (const stateMachineVersionArn of former.filter((each) => each !== version).slice(MAX_VERSIONS - 1))
      await this.#client.send(new DeleteStateMachineVersionCommand({ stateMachineVersionArn }));
    return version;
  }
}

function told(versionArn: string | undefined): string {
  if (versionArn !== undefined) return versionArn;
  throw new PortError("UNAVAILABLE", "Cannot tell which version of a state machine was published: none was told");
}
