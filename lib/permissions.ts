import { Stack, Validations } from "aws-cdk-lib";
import { Effect, type IGrantable, PolicyStatement, type PolicyStatementProps } from "aws-cdk-lib/aws-iam";
import { Construct, type IConstruct } from "constructs";

export interface Permission extends Pick<PolicyStatementProps, "conditions"> {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Why resources cannot be named one by one; required where one of them holds a `*`. */
  readonly wildcard?: string;
}

/** Adds a permission to the grantee's policy, and puts down why its resources hold wildcards. */
export function allow(grantee: IGrantable, { actions, resources, conditions, wildcard }: Permission): void {
  const { grantPrincipal } = grantee;
  const statement = new PolicyStatement({ actions: [...actions], resources: [...resources], conditions });
  grantPrincipal.addToPrincipalPolicy(statement);
  if (wildcard === undefined || !Construct.isConstruct(grantPrincipal)) return;
  for (const resource of resources) acknowledgeWildcard(grantPrincipal, resource, wildcard);
}

/** Takes a permission away again, whatever else the grantee's policy allows. */
export function deny(grantee: IGrantable, { actions, resources, conditions }: Omit<Permission, "wildcard">): void {
  const statement = new PolicyStatement({
    effect: Effect.DENY,
    actions: [...actions],
    resources: [...resources],
    conditions,
  });
  grantee.grantPrincipal.addToPrincipalPolicy(statement);
}

/** Answers the finding that a policy below `construct` names a resource with a `*` in it. */
export function acknowledgeWildcard(construct: IConstruct, resource: string, reason: string): void {
  const shown = shownByNag(Stack.of(construct).resolve(resource));
  if (shown.includes("*"))
    Validations.of(construct).acknowledge({ id: `AwsSolutions-IAM5[Resource::${shown}]`, reason });
}

/** Findings name references as `<LogicalId>` and attributes as `<LogicalId.Attribute>`. */
function shownByNag(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const {
    Ref,
    "Fn::GetAtt": attribute,
    "Fn::Join": join,
  } = value as { readonly Ref?: string } & Readonly<Record<string, unknown>>;
  if (Ref !== undefined) return `<${Ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join(".")}>`;
  if (!Array.isArray(join)) return JSON.stringify(value);
  const [separator, parts] = join as [string, unknown[]];
  return parts.map(shownByNag).join(separator);
}
