import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
import { PROBLEM_MEDIA_TYPE } from "./problem.ts";
import { problemSchema } from "./problem-schema.ts";
import type { ResponseContract, Route } from "./route.ts";
import { problemsOf } from "./route-problems.ts";
import { ROUTES } from "./routes.ts";

export type OpenApiDocument = ReturnType<typeof createDocument>;

let document: OpenApiDocument | undefined;

/** The OpenAPI 3.1 document of the API, made from the routes' contracts when it is first asked for. */
export function openApiDocument(): OpenApiDocument {
  document ??= withOneJson(
    createDocument(
      {
        openapi: "3.1.0",
        info: {
          title: "Carillon",
          version: "1",
          description: "A distributed job scheduler. Errors are problem documents as in RFC 9457.",
        },
        paths: allPaths(),
        components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      },
      { override: openResponses },
    ),
  );
  return document;
}

function allPaths(): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [operationId, route] of Object.entries<Route>(ROUTES)) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[route.method] = operationOf(operationId, route);
  }
  return paths;
}

function operationOf(operationId: string, route: Route): ZodOpenApiOperationObject {
  const { params, query, body, isBodyOptional = false, role, summary } = route;
  const header = headersOf(route);
  return {
    operationId,
    summary,
    description: role === "public" ? "Needs no token." : `Needs role \`${role}\` or above.`,
    security: role === "public" ? [] : [{ token: [] }],
    requestParams: {
      ...(params === undefined ? {} : { path: params }),
      ...(query === undefined ? {} : { query }),
      ...(header === undefined ? {} : { header }),
    },
    ...(body === undefined
      ? {}
      : { requestBody: { required: !isBodyOptional, content: { "application/json": { schema: body } } } }),
    responses: { ...responsesOf(route), ...problemResponses(route) },
  };
}

function headersOf({ conditions = [], idempotency }: Route): z.ZodObject | undefined {
  const shape: Record<string, z.ZodType> = {};
  if (conditions.includes("if-match"))
    shape["If-Match"] = z
      .string()
      .optional()
      .meta({ examples: ['"3"'] });
  if (conditions.includes("if-none-match"))
    shape["If-None-Match"] = z
      .string()
      .optional()
      .meta({ examples: ["*"] });
  if (idempotency !== undefined) shape["Idempotency-Key"] = z.string().min(1).max(255).optional();
  return Object.keys(shape).length === 0 ? undefined : z.object(shape);
}

function responsesOf({ responses }: Route): ZodOpenApiOperationObject["responses"] {
  return Object.fromEntries(Object.entries(responses).map(([status, response]) => [status, responseOf(response)]));
}

function responseOf({ description, schema, mediaType = "application/json", headers = [] }: ResponseContract) {
  return {
    description,
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map((name) => [name, { schema: { type: "string" as const } }])) }),
    ...(schema === undefined ? {} : { content: { [mediaType]: { schema } } }),
  };
}

/** Problems by status; the description lists their slugs. */
function problemResponses(route: Route): ZodOpenApiOperationObject["responses"] {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of problemsOf(route)) {
    const { status } = ERROR_CODES[code];
    if (status in route.responses) continue;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content = { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } };
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [String(status), { description: codes.toSorted().join(", "), content }]),
  );
}

type Override = NonNullable<NonNullable<Parameters<typeof createDocument>[1]>["override"]>;

/** Answers may gain fields: a client must not be told that there are no others. */
const openResponses: Override = ({ jsonSchema, zodSchema, io }) => {
  const isOpen = zodSchema instanceof z.ZodObject && zodSchema.def.catchall === undefined;
  if (isOpen && io === "output") delete jsonSchema.additionalProperties;
};

/** Each use of "any JSON value" comes as a recursive schema with a number for a name; one schema says it all. */
function withOneJson(generated: OpenApiDocument): OpenApiDocument {
  const text = JSON.stringify(generated).replaceAll(
    /#\/components\/schemas\/__schema\d+"/g,
    '#/components/schemas/Json"',
  );
  const copy = JSON.parse(text) as OpenApiDocument;
  const schemas = Object.entries(copy.components?.schemas ?? {}).filter(([name]) => !name.startsWith("__schema"));
  const json = { description: "Any JSON value" };
  return { ...copy, components: { ...copy.components, schemas: { ...Object.fromEntries(schemas), Json: json } } };
}
