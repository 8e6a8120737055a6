import type { StateMachine } from "../../../core/workflow/asl/state-machine.ts";
import { problemsOf } from "../states-language.ts";

interface Version {
  readonly number: number;
  readonly definition: string;
  readonly roleArn: string;
  readonly description: string | undefined;
  readonly revision: number;
}

/** A state machine as it was made; the rest changes with each update. */
export interface FakeMachine {
  readonly name: string;
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  status: "ACTIVE" | "DELETING";
  definition: string;
  roleArn: string;
  /** Counts what was changed; the first one has no name at the service. */
  revision: number;
  /** The last one first. */
  versions: Version[];
  published: number;
}

export type Input = Readonly<Record<string, unknown>>;

/** An error of the service: its name as the message, and its words as the cause. */
export class Refusal extends Error {}

/** Of what can be logged. */
export const NAME = /^[0-9A-Za-z_-]{1,80}$/;
const MAX_DESCRIPTION_LENGTH = 256;
const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
/** Definitions that the validator has found right: it takes a tenth of a second for each. */
const VALID = new Set<string>();

export interface FakeStateMachinesOptions {
  /** ARN of a state machine up to its name. */
  readonly arnPrefix: string;
  /** Whether Step Functions may take a role. @default any */
  readonly mayAssume?: (roleArn: string) => boolean;
}

/** State machines with published versions, as requests of the service make and change them. */
export class FakeStateMachines {
  readonly byName = new Map<string, FakeMachine>();
  readonly #options: FakeStateMachinesOptions;

  constructor(options: FakeStateMachinesOptions) {
    this.#options = options;
  }

  /** Idempotent: whatever role and tags are given, an equal one that is there is told. */
  create(input: Input): object {
    const { name, definition, roleArn, type, publish, versionDescription, tags = [] } = input as unknown as CreateInput;
    if (!NAME.test(name)) throw refused("InvalidName", name);
    this.#check(definition, roleArn);
    if (type !== "STANDARD") throw refused("StateMachineTypeNotSupported", type);
    for (const { key, value } of tags)
      if (!TAG.test(value) || !TAG.test(key)) throw refused("ValidationException", `tag ${key}`);
    const known = this.byName.get(name);
    if (known?.status === "DELETING") throw refused("StateMachineDeleting", name);
    const first = known?.versions.at(-1);
    const isSame = known?.definition === definition && first?.number === 1 && first.description === versionDescription;
    if (known !== undefined && !isSame) throw refused("StateMachineAlreadyExists", name);
    const machine = known ?? {
      name,
      arn: this.#options.arnPrefix + name,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      status: "ACTIVE",
      definition,
      roleArn,
      revision: 0,
      versions: [],
      published: 0,
    };
    this.byName.set(name, machine);
    const version = publish === true ? this.#versionOf(machine, versionDescription) : undefined;
    return {
      stateMachineArn: machine.arn,
      creationDate: 1.7e9,
      ...(version && { stateMachineVersionArn: `${machine.arn}:${version.number}` }),
    };
  }

  update(input: Input): object {
    const { definition, roleArn, publish, versionDescription } = input as unknown as UpdateInput;
    const machine = this.#active(input);
    this.#check(definition, roleArn);
    if (machine.definition !== definition || machine.roleArn !== roleArn) {
      machine.revision += 1;
      machine.definition = definition;
      machine.roleArn = roleArn;
    }
    const version = publish === true ? this.#versionOf(machine, versionDescription) : undefined;
    return {
      updateDate: 1.7e9,
      ...revisionId(machine),
      ...(version && { stateMachineVersionArn: `${machine.arn}:${version.number}` }),
    };
  }

  describe(input: Input): object {
    const { machine, version } = this.find(text(input, "stateMachineArn"));
    const { definition, roleArn, revision } = version ?? machine;
    return {
      stateMachineArn: text(input, "stateMachineArn"),
      name: machine.name,
      status: machine.status,
      definition,
      roleArn,
      type: "STANDARD",
      creationDate: 1.7e9,
      ...(version?.description !== undefined && { description: version.description }),
      ...revisionId({ revision }),
    };
  }

  listVersions(input: Input): object {
    const { machine } = this.find(text(input, "stateMachineArn"));
    const { maxResults = 100 } = input as { readonly maxResults?: number };
    const stateMachineVersions = machine.versions
      .slice(0, maxResults)
      .map(({ number }) => ({ stateMachineVersionArn: `${machine.arn}:${number}`, creationDate: 1.7e9 }));
    return { stateMachineVersions };
  }

  deleteVersion(input: Input): object {
    const [name, number] = this.nameIn(text(input, "stateMachineVersionArn"));
    const machine = this.byName.get(name);
    if (machine !== undefined) machine.versions = machine.versions.filter((each) => each.number !== Number(number));
    return {};
  }

  /** The version of the present revision, which is published if it is not. */
  #versionOf(machine: FakeMachine, description: string | undefined): Version {
    if ((description?.length ?? 0) > MAX_DESCRIPTION_LENGTH) throw refused("ValidationException", "description");
    const { definition, roleArn, revision } = machine;
    const known = machine.versions.find((each) => each.revision === revision);
    if (known !== undefined) return known;
    machine.published += 1;
    const version = { number: machine.published, definition, roleArn, description, revision };
    machine.versions.unshift(version);
    return version;
  }

  #check(definition: string, roleArn: string): void {
    const { mayAssume = () => true } = this.#options;
    if (!mayAssume(roleArn))
      throw refused("AccessDeniedException", `states.amazonaws.com is not authorized to assume the role ${roleArn}`);
    if (VALID.has(definition)) return;
    const [problem] = problemsOf(JSON.parse(definition) as StateMachine);
    if (problem !== undefined) throw refused("InvalidDefinition", JSON.stringify(problem));
    VALID.add(definition);
  }

  #active(input: Input): FakeMachine {
    const { machine } = this.find(text(input, "stateMachineArn"));
    if (machine.status === "DELETING") throw refused("StateMachineDeleting", machine.name);
    return machine;
  }

  find(arn: string): { readonly machine: FakeMachine; readonly version: Version | undefined } {
    const [name, number] = this.nameIn(arn);
    const machine = this.byName.get(name);
    const version = machine?.versions.find((each) => each.number === Number(number));
    if (machine === undefined || (number !== undefined && version === undefined))
      throw refused("StateMachineDoesNotExist", arn);
    return { machine, version };
  }

  nameIn(arn: string): readonly [name: string, version: string | undefined] {
    const { arnPrefix } = this.#options;
    if (!arn.startsWith(arnPrefix)) throw refused("InvalidArn", arn);
    const [name = "", number] = arn.slice(arnPrefix.length).split(":");
    return [name, number];
  }
}

interface CreateInput {
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly type: string;
  readonly publish?: boolean;
  readonly versionDescription?: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

type UpdateInput = Pick<CreateInput, "definition" | "roleArn" | "publish" | "versionDescription">;

/** The first revision has none. */
function revisionId({ revision }: { readonly revision: number }): { readonly revisionId?: string } {
  return revision === 0 ? {} : { revisionId: `revision-${revision}` };
}

export function text(input: Input, field: string): string {
  const value = input[field];
  if (typeof value !== "string") throw refused("ValidationException", `${field} must be there`);
  return value;
}

export function refused(error: string, detail: string): Refusal {
  return new Refusal(error, { cause: detail });
}
