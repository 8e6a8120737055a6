import type { Context } from "aws-lambda";

/** Where the kinds of events that wake functions say what they are called. */
interface NamedEvent {
  /** A request to the API, or to its authorizer. */
  readonly requestContext?: { readonly requestId?: string };
  /** An event of EventBridge. */
  readonly id?: string;
  /** A notice of SNS. */
  readonly Records?: readonly { readonly Sns?: { readonly MessageId?: string } }[];
}

/** What an event is called beyond the function that it wakes; else the invocation's own id. */
export function correlationIdOf(event: unknown, { awsRequestId }: Pick<Context, "awsRequestId">): string {
  const { requestContext, id, Records } = (event ?? {}) as NamedEvent;
  const name = requestContext?.requestId ?? id ?? Records?.[0]?.Sns?.MessageId;
  return typeof name === "string" ? name : awsRequestId;
}
