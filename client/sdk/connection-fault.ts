/** Why a connection failed, in words for people. `fetch` hides the reason two levels down. */
export function faultOf(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = "code" in inner ? REASONS[String(inner.code)] : undefined;
    if (code !== undefined) return code;
    if (inner.cause === undefined) return inner.message;
  }
  return "the connection failed";
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused; is the server running?",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name could not be looked up",
  EHOSTUNREACH: "no route to the host",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  UND_ERR_SOCKET: "the connection was closed",
};
