import { z } from "zod";
import { auditPageSchema } from "./audit.ts";
import { pageSchemaOf, pageQuery } from "./common.ts";
import { namespaceParams, tokenParams } from "./params.ts";
import { routes } from "./route.ts";
import { newTokenSchema, tokenPageSchema, tokenRequestSchema, tokenSchema } from "./token.ts";

const namespacePageSchema = pageSchemaOf("NamespacePage", z.object({ name: z.string() }));

export const accessRoutes = routes({
  listNamespaces: {
    method: "get",
    path: "/v1/namespaces",
    summary: "List the namespaces that the token may see",
    role: "viewer",
    scope: "token",
    query: z.strictObject(pageQuery),
    responses: { 200: { description: "A page of namespaces, by name", schema: namespacePageSchema } },
    problems: ["cursor-invalid"],
  },
  createToken: {
    method: "post",
    path: "/v1/tokens",
    summary: "Create a token; it is shown in this answer only",
    role: "admin",
    scope: "platform",
    body: tokenRequestSchema,
    responses: { 201: { description: "The token", schema: newTokenSchema, headers: ["Location"] } },
    problems: ["name-invalid", "quota-exceeded"],
    action: "token.create",
  },
  listTokens: {
    method: "get",
    path: "/v1/tokens",
    summary: "List tokens, without their secrets",
    role: "admin",
    scope: "platform",
    query: z.strictObject(pageQuery),
    responses: { 200: { description: "A page of tokens", schema: tokenPageSchema } },
    problems: ["cursor-invalid"],
  },
  revokeToken: {
    method: "delete",
    path: "/v1/tokens/:token",
    summary: "Revoke a token",
    role: "admin",
    scope: "platform",
    params: tokenParams,
    responses: { 204: { description: "Revoked; other servers may accept it for another 5 s" } },
    action: "token.revoke",
  },
  whoami: {
    method: "get",
    path: "/v1/whoami",
    summary: "Tell what the token may do",
    role: "viewer",
    scope: "token",
    responses: { 200: { description: "The token", schema: tokenSchema } },
  },
  listAudit: {
    method: "get",
    path: "/v1/namespaces/:namespace/audit",
    summary: "List the changes in a namespace, newest first",
    role: "viewer",
    scope: "namespace",
    params: namespaceParams,
    query: z.strictObject(pageQuery),
    responses: { 200: { description: "A page of changes", schema: auditPageSchema } },
    problems: ["cursor-invalid"],
  },
  listPlatformAudit: {
    method: "get",
    path: "/v1/audit",
    summary: "List the changes outside of namespaces, newest first",
    role: "admin",
    scope: "platform",
    query: z.strictObject(pageQuery),
    responses: { 200: { description: "A page of changes", schema: auditPageSchema } },
    problems: ["cursor-invalid"],
  },
});
