import type { Id } from "./ids.ts";
import { field, type Row } from "./row.ts";

/** An HTTP job whose address is refused when it is defined; nothing is resolved and no packet is sent. */
function url(id: Id, address: string, says: string): Row {
  const at = ["/executor/url url-not-allowed"];
  return field(
    id,
    `a job for ${address}`,
    { executor: { type: "http", url: address } },
    "422 url-not-allowed",
    says,
    at,
  );
}

function headers(name: string, value: string, slug: string, says: string): Row {
  const executor = { type: "http", url: "https://example.org/", headers: { [name]: value } };
  const at = [`/executor/headers/${name} ${slug}`];
  return field(
    "B96",
    `header ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
    { executor },
    `422 ${slug}`,
    says,
    at,
  );
}

const METADATA = "is a metadata service";

/** HTTP jobs that would reach what only the worker can. */
export const TARGETS: readonly Row[] = [
  ...["169.254.169.254/latest/meta-data", "169.254.170.2/v2/credentials", "169.254.170.23/", "[fd00:ec2::254]/"].map(
    (target) => url("B91", `http://${target}`, METADATA),
  ),
  url("B91", "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next", "is not a public address (loopback)"),
  url("B91", "http://localhost/", "localhost is a local name"),
  url("B91", "http://0.0.0.0/", "is not a public address (unspecified)"),
  ...["10.0.0.1", "172.16.0.1", "192.168.0.1"].map((host) => url("B91", `http://${host}/`, "address (private)")),
  url("B91", "http://100.64.0.1/", "is not a public address (carrierGradeNat)"),
  url("B91", "http://[::1]/", "is not a public address (loopback)"),
  url("B91", "http://[fe80::1]/", "is not a public address (linkLocal)"),
  url("B91", "http://[fc00::1]/", "is not a public address (uniqueLocal)"),
  ...["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "１６９.２５４.１６９.２５４", "169.254.169.254.", "[::ffff:a9fe:a9fe]"].map(
    (host) => url("B92", `http://${host}/`, METADATA),
  ),
  url("B92", "http://[64:ff9b::a9fe:a9fe]/", "is not a public address"),
  url("B92", "http://[2002:a9fe:a9fe::]/", "is not a public address"),
  ...["file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "data:text/plain,x", "unix:/var/run/docker.sock"].map(
    (address) => url("B95", address, "http"),
  ),
  url("B95", "http://user:pass@example.org/", "user"),
  url("B95", "http://example.org:25/", "port 25 is not allowed"),
  url("B95", "http://example.org:6379/", "port 6379 is not allowed"),
  headers("X-A", "b\r\nHost: evil", "header-not-allowed", "must not contain control characters"),
  ...["Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Upgrade", "Proxy-Authorization"].map(
    (name) => headers(name, "x", "header-not-allowed", "is set by the client, not by a job"),
  ),
  headers("a b", "x", "header-not-allowed", "must be an HTTP header name"),
  field("B98", "a job that does not look at certificates", { executor: { type: "http", url: "https://example.org/", insecure: true } }, "422 unknown-field", '"insecure" is unknown', ["/executor/insecure unknown-field"]),
  url("B100", "http://127.0.0.1:4680/v1/namespaces/default/jobs/report/runs", "is not a public address (loopback)"),
]; // prettier-ignore
