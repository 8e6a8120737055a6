import ipaddr from "ipaddr.js";

/**
 * Decides whether a job may send a request to a target. Refused are all targets by which a job could reach what only the
 * worker can: its own machine, its network, the metadata service of its cloud.
 *
 * A namespace may be allowed more by an entry of its list:
 * - `host` or `host:port`: that name, also where it resolves to private addresses, or that address; any port of it, or
 *   the one that is given
 * - `10.1.0.0/16`, `fd00::/8`: all addresses of the range, also those that a name resolves to
 *
 * Pure: names are not resolved here. The addresses that they resolve to are for `checkAddresses`.
 */

/** Why a target is refused. The text ends a sentence that begins with the target. */
export interface TargetProblem {
  readonly rule: string;
}

const OPEN_PORTS_BELOW_1024 = new Set([80, 443]);
/**
 * Ports from 1024 on at which no web server is to be expected but something that takes harm from a request: those that
 * browsers refuse, databases, caches, queues, remote desktops and the agents of containers.
 *
 * @see https://fetch.spec.whatwg.org/#port-blocking
 */
const SERVICE_PORTS = new Set([
  1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672,
  5900, 6000, 6379, 6380, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092, 10080, 10250, 11211, 27017,
]);

/** Names that mean the worker's machine or its network, whatever a resolver says. */
const LOCAL_NAMES = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home\.arpa)$/;

/** Metadata services and the like, which no list can allow, not even those at public addresses. */
const METADATA_ADDRESSES = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
]);

/** What naming a host allows it to resolve to, besides public addresses; never link-local, multicast or translated ones. */
const PRIVATE_RANGES = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "::1/128",
  "fc00::/7",
];

/** The part of IPv6 that is routed publicly; everything else is special in one way or another. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Checks the text of a URL, as far as that can be done without resolving its name. Macros that are not expanded yet
 * (when a job is defined) count as one letter.
 *
 * @param allow - what the namespace is allowed besides public targets
 * @returns why the URL is refused, or `undefined`
 */
export function checkUrl(text: string, allow: readonly string[]): TargetProblem | undefined {
  const url = URL.parse(text.replaceAll(/\{\{[^{}]*\}\}/g, "x"));
  return url === null ? { rule: "must be an absolute URL such as https://example.org/path" } : checkTarget(url, allow);
}

/** Checks a parsed URL; see `checkUrl`. */
export function checkTarget(url: URL, allow: readonly string[]): TargetProblem | undefined {
  if (url.protocol !== "http:" && url.protocol !== "https:") return { rule: "scheme must be http or https" };
  if (url.username !== "" || url.password !== "") return { rule: "must not hold a user name or password" };
  const host = hostOf(url);
  const port = portOf(url);
  const isListed = allow.some((entry) => namesHost(entry, { host, port }));
  if (!isListed && !isOpenPort(port)) return { rule: `port ${port} is not allowed` };
  if (ipaddr.isValid(host)) return checkAddress(host, isListed ? [...allow, host] : allow);
  return !isListed && LOCAL_NAMES.test(host) ? { rule: `${host} is a local name` } : undefined;
}

/**
 * Checks the addresses that a URL's name resolves to. One that is refused is enough: which of them a client connects to
 * is chance.
 */
export function checkAddresses(
  url: URL,
  addresses: readonly string[],
  allow: readonly string[],
): TargetProblem | undefined {
  const isListed = allow.some((entry) => namesHost(entry, { host: hostOf(url), port: portOf(url) }));
  const allowed = isListed ? [...allow, ...PRIVATE_RANGES] : allow;
  for (const address of addresses) {
    const problem = checkAddress(address, allowed);
    if (problem !== undefined) return { rule: `${hostOf(url)} resolves to ${address}: ${problem.rule}` };
  }
  return addresses.length === 0 ? { rule: `${hostOf(url)} resolves to no address` } : undefined;
}

function checkAddress(text: string, allow: readonly string[]): TargetProblem | undefined {
  if (!ipaddr.isValid(text)) return { rule: `${text} is no address` };
  const address = ipaddr.parse(text);
  if (METADATA_ADDRESSES.has(withoutMapping(address).toString())) return { rule: `${text} is a metadata service` };
  if (allow.some((entry) => holdsAddress(entry, address))) return undefined;
  const range = address.range();
  if (range !== "unicast") return { rule: `${text} is not a public address (${range})` };
  if (address.kind() === "ipv6" && !address.match(GLOBAL_UNICAST)) return { rule: `${text} is not a public address` };
  return undefined;
}

function withoutMapping(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** The host in the form in which it is compared: lower case, without brackets and without the dot of the root. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

function isOpenPort(port: number): boolean {
  return port < 1024 ? OPEN_PORTS_BELOW_1024.has(port) : !SERVICE_PORTS.has(port);
}

/** An entry is read as the URL parser reads a host, so that each spelling of an address means the same. */
function namesHost(entry: string, { host, port }: { readonly host: string; readonly port: number }): boolean {
  if (entry.includes("/")) return false;
  const literal = ipaddr.IPv6.isValid(entry) ? `[${entry}]` : entry;
  const url = URL.parse(`https://${literal}`);
  if (url === null || hostOf(url) !== host) return false;
  const named = /:(\d+)$/.exec(literal)?.[1];
  return named === undefined || Number(named) === port;
}

function holdsAddress(entry: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (ipaddr.isValid(entry)) return ipaddr.parse(entry).toString() === address.toString();
  if (!ipaddr.isValidCIDR(entry)) return false;
  const range = ipaddr.parseCIDR(entry);
  return range[0].kind() === address.kind() && address.match(range);
}
