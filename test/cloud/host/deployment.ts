import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNT, REGION, type Identity, identify } from "./identity.ts";
import { NO_VALUE, resolveValue, type Scope } from "./intrinsics.ts";

/** A resource as it would be deployed: its properties without intrinsic functions, and what it is known by. */
export interface Resource extends Identity {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly arn: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly Resources: Readonly<Record<string, RawResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

interface RawResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

interface Stack {
  readonly name: string;
  readonly template: Template;
  /** Sources of the assets of the stack, by their hashes. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * The stacks of a synthesised app, read as CloudFormation reads them when it deploys: intrinsic functions resolved,
 * references between stacks followed, names made up where none is given.
 */
export class Deployment {
  readonly #stacks: readonly Stack[];
  readonly #identities = new Map<string, Identity>();

  private constructor(stacks: readonly Stack[]) {
    this.#stacks = stacks;
  }

  /** @param folder - the cloud assembly, `cdk.out` */
  static read(folder: string): Deployment {
    const { artifacts } = readJson(folder, "manifest.json") as { artifacts: Record<string, Artifact> };
    const stacks = Object.entries(artifacts).flatMap(([id, { type, properties }]) => {
      if (type !== "aws:cloudformation:stack" || properties?.templateFile === undefined) return [];
      const template = readJson(folder, properties.templateFile) as Template;
      return [{ name: properties.stackName ?? id, template, assets: readAssets(folder, id) }];
    });
    return new Deployment(stacks);
  }

  /** All resources of the types given, in the order of the templates. */
  all(...types: readonly string[]): Resource[] {
    return this.#stacks.flatMap((stack) =>
      Object.entries(stack.template.Resources)
        .filter(([, { Type, Condition }]) => types.includes(Type) && this.#holds(stack, Condition))
        .map(([logicalId, raw]) => this.#resource(stack, logicalId, raw)),
    );
  }

  /** The one resource of a type that is known by `text`: its name, its `Ref` or its ARN. */
  get(type: string, text: string): Resource {
    const found = this.all(type).find(({ name, ref, arn }) => [name, ref, arn].includes(text));
    if (found === undefined) throw new Error(`Cannot find ${type} "${text}" in the templates`);
    return found;
  }

  /** Outputs of all stacks, by their names. */
  outputs(): ReadonlyMap<string, string> {
    return new Map(
      this.#stacks.flatMap((stack) =>
        Object.entries(stack.template.Outputs ?? {}).map(
          ([name, { Value }]) => [name, String(resolveValue(Value, this.#scope(stack)))] as const,
        ),
      ),
    );
  }

  /** The folder or file that an asset is made of. */
  assetOf(hash: string): string {
    for (const { assets } of this.#stacks) {
      const source = assets.get(hash);
      if (source !== undefined) return source;
    }
    throw new Error(`Cannot find the asset ${hash} in the cloud assembly`);
  }

  #resource(stack: Stack, logicalId: string, { Type, Properties = {} }: RawResource): Resource {
    const properties = resolveValue(Properties, this.#scope(stack)) as Record<string, unknown>;
    const identity = this.#identity(stack, logicalId);
    return { ...identity, stack: stack.name, logicalId, type: Type, arn: identity.attributes["Arn"] ?? "", properties };
  }

  /** Names alone are resolved for it: a resource may refer to another that refers to it. */
  #identity(stack: Stack, logicalId: string): Identity {
    const key = `${stack.name}/${logicalId}`;
    const known = this.#identities.get(key);
    if (known !== undefined) return known;
    const raw = stack.template.Resources[logicalId];
    if (raw === undefined) throw new Error(`Cannot resolve a reference of ${stack.name}: it has no "${logicalId}"`);
    const naming = Object.entries(raw.Properties ?? {}).filter(([name]) => /Name$|^Family$|^Cluster$/.test(name));
    const properties = resolveValue(Object.fromEntries(naming), this.#scope(stack)) as Record<string, unknown>;
    const identity = identify(raw.Type, { stack: stack.name, logicalId, properties });
    this.#identities.set(key, identity);
    return identity;
  }

  #holds(stack: Stack, condition: string | undefined): boolean {
    if (condition === undefined) return true;
    return resolveValue(stack.template.Conditions?.[condition], this.#scope(stack)) === true;
  }

  #scope(stack: Stack): Scope {
    return {
      ref: (name) => {
        if (name in PSEUDO_PARAMETERS) return PSEUDO_PARAMETERS[name];
        if (name === "AWS::StackName") return stack.name;
        if (name === "AWS::StackId")
          return `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stack.name}/00000000-0000-4000-8000-000000000000`;
        const parameter = stack.template.Parameters?.[name];
        return parameter === undefined ? this.#identity(stack, name).ref : (parameter.Default ?? "");
      },
      attribute: (logicalId, name) => {
        const { attributes } = this.#identity(stack, logicalId);
        return attributes[name] ?? `${logicalId}.${name}`;
      },
      exported: (name) => this.#exported(name),
      condition: (name) => this.#holds(stack, name),
      mapped: (map, key, name) => stack.template.Mappings?.[map]?.[key]?.[name],
    };
  }

  #exported(name: string): unknown {
    for (const stack of this.#stacks) {
      const scope = this.#scope(stack);
      for (const { Value, Export } of Object.values(stack.template.Outputs ?? {})) {
        if (Export !== undefined && resolveValue(Export.Name, scope) === name) return resolveValue(Value, scope);
      }
    }
    throw new Error(`Cannot resolve the import of "${name}": no stack exports it`);
  }
}

interface Artifact {
  readonly type: string;
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
}

const PSEUDO_PARAMETERS: Readonly<Record<string, unknown>> = {
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
  "AWS::Partition": "aws",
  "AWS::URLSuffix": "amazonaws.com",
  "AWS::NotificationARNs": [],
  "AWS::NoValue": NO_VALUE,
};

function readAssets(folder: string, artifactId: string): ReadonlyMap<string, string> {
  const { files } = readJson(folder, `${artifactId}.assets.json`) as {
    files: Record<string, { source: { path?: string } }>;
  };
  return new Map(
    Object.entries(files).flatMap(([hash, { source }]) =>
      source.path === undefined ? [] : [[hash, join(folder, source.path)] as const],
    ),
  );
}

function readJson(folder: string, file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}
