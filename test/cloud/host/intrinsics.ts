/** What a template's expressions are resolved with. */
export interface Scope {
  ref(logicalId: string): unknown;
  attribute(logicalId: string, name: string): unknown;
  exported(name: string): unknown;
  condition(name: string): boolean;
  mapped(map: string, key: string, name: string): unknown;
}

/** A value of a template with every intrinsic function replaced by what CloudFormation would put there. */
export function resolveValue(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveValue(item, scope)).filter((item) => item !== NO_VALUE);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && isIntrinsic(first[0])) return call(first[0], first[1], scope);
  const resolved = entries.map(([key, item]) => [key, resolveValue(item, scope)] as const);
  return Object.fromEntries(resolved.filter(([, item]) => item !== NO_VALUE));
}

/** What `Ref: AWS::NoValue` gives: the property that holds it is left out. */
export const NO_VALUE = Symbol("AWS::NoValue");

function isIntrinsic(key: string): boolean {
  return key === "Ref" || key === "Condition" || key.startsWith("Fn::");
}

function call(name: string, raw: unknown, scope: Scope): unknown {
  if (name === "Fn::If") {
    const [condition, whenTrue, whenFalse] = raw as [string, unknown, unknown];
    return resolveValue(scope.condition(condition) ? whenTrue : whenFalse, scope);
  }
  if (name === "Fn::Sub") return substitute(raw, scope);
  const argument = resolveValue(raw, scope);
  switch (name) {
    case "Ref":
      return scope.ref(argument as string);
    case "Condition":
      return scope.condition(argument as string);
    case "Fn::GetAtt": {
      const [logicalId = "", ...path] = typeof argument === "string" ? argument.split(".") : (argument as string[]);
      return scope.attribute(logicalId, path.join("."));
    }
    case "Fn::ImportValue":
      return scope.exported(argument as string);
    case "Fn::FindInMap":
      return scope.mapped(...(argument as [string, string, string]));
    case "Fn::Join": {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(String).join(separator);
    }
    case "Fn::Split": {
      const [separator, text] = argument as [string, string];
      return text.split(separator);
    }
    case "Fn::Select": {
      const [index, list] = argument as [string | number, unknown[]];
      return list[Number(index)];
    }
    case "Fn::Base64":
      return Buffer.from(argument as string).toString("base64");
    case "Fn::ToJsonString":
      return JSON.stringify(argument);
    case "Fn::GetAZs":
      return ["a", "b", "c"].map((zone) => `${String(scope.ref("AWS::Region"))}${zone}`);
    case "Fn::Equals": {
      const [left, right] = argument as [unknown, unknown];
      return left === right;
    }
    case "Fn::Not":
      return (argument as unknown[])[0] !== true;
    case "Fn::And":
      return (argument as unknown[]).every((part) => part === true);
    case "Fn::Or":
      return (argument as unknown[]).includes(true);
    case "Fn::Cidr":
      return (argument as unknown[]).map((_, index) => `10.0.${index}.0/24`);
    default:
      throw new Error(`Cannot resolve a template: it does not know the intrinsic function ${name}`);
  }
}

function substitute(raw: unknown, scope: Scope): string {
  const [text, given] = typeof raw === "string" ? [raw, {}] : (raw as [string, Record<string, unknown>]);
  return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === "!") return `\${${name}}`;
    if (name in given) return String(resolveValue(given[name], scope));
    const [logicalId = "", ...path] = name.split(".");
    return String(path.length === 0 ? scope.ref(logicalId) : scope.attribute(logicalId, path.join(".")));
  });
}
