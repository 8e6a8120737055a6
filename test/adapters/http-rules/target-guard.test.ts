import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkAddresses, checkTarget, checkUrl } from "../../../adapters/http-rules/target-guard.ts";

const NONE: readonly string[] = [];

function hex(part: number): string {
  return part.toString(16);
}

describe("checkUrl()", () => {
  it.each([
    "https://example.org/",
    "http://example.org:8080/path?query#fragment",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://sub.localhost.example.org/",
    "https://{{parameters.host}}/v1/{{slot.date -1d}}?customer={{uri parameters.customer}}",
    "https://example.org/{{{{literal}}",
  ])("accepts %s", (url) => {
    expect(checkUrl(url, NONE)).toBeUndefined();
  });

  it.each([
    // Metadata services and credentials of containers, the runtime API of functions
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://169.254.170.23/",
    "http://[fd00:ec2::254]/",
    "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    // This machine, this network
    "http://localhost/",
    "http://LOCALHOST/",
    "http://anything.localhost/",
    "http://printer.local/",
    "http://ip-10-0-0-1.ec2.internal/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://127.1.2.3/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    // No single host, not in use, for documentation
    "http://224.0.0.1/",
    "http://239.1.1.1/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[100::1]/",
  ])("refuses %s", (url) => {
    expect(checkUrl(url, NONE)).toBeDefined();
  });

  it.each([
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://169.254.43518/",
    "http://１６９.２５４.１６９.２５４/",
    "http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/",
    "http://169。254。169。254/",
    "http://169.254.169.254./",
    "http://%31%36%39.254.169.254/",
    "http://169.254.169.254%2f/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://localhost./",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2002:7f00:1::1]/",
    "http://[2001:0:a9fe:a9fe::1]/",
    "http://[5f00::1]/",
  ])("refuses %s, another spelling or a tunnel", (url) => {
    expect(checkUrl(url, NONE)).toBeDefined();
  });

  it.each([
    "file:///etc/passwd",
    "gopher://example.org/",
    "ftp://example.org/",
    "data:text/plain,x",
    "unix:/var/run/docker.sock",
    "javascript:alert(1)",
    "ws://example.org/",
    "{{parameters.scheme}}://example.org/",
    "http://user:pass@example.org/",
    "http://user@example.org/",
    "http://:pass@example.org/",
    "http://example.org@127.0.0.1/",
    "/relative",
    "example.org",
    "//example.org/",
    "http://",
    "http://exa mple.org/",
    "http://example.org:99999/",
    "",
  ])("refuses %j", (url) => {
    expect(checkUrl(url, NONE)).toBeDefined();
  });

  it.each([22, 25, 53, 110, 445, 587, 1433, 2375, 3306, 5432, 6379, 6667, 10250, 11211, 27017])(
    "refuses port %i of a public host",
    (port) => {
      expect(checkUrl(`http://example.org:${port}/`, NONE)).toEqual({ rule: `port ${port} is not allowed` });
    },
  );

  it("reads a URL full of braces in one pass", () => {
    expect(checkUrl(`https://example.org/${"{{".repeat(100_000)}`, NONE)).toBeUndefined();
  });

  it("refuses every spelling of every address that is not public", () => {
    const privateAddress = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127, 224, 240, 255), fc.nat(255), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(192), fc.constant(168), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), fc.nat(255), fc.nat(255)),
    );
    fc.assert(
      fc.property(privateAddress, (octets) => {
        const number = octets.reduce((sum, octet) => sum * 256 + octet, 0);
        const [a, b, c, d] = octets;
        const pair = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
        const hosts = [
          octets.join("."),
          String(number),
          `0x${hex(number)}`,
          `0${number.toString(8)}`,
          octets.map((octet) => `0${octet.toString(8)}`).join("."),
          octets.map((octet) => `0x${hex(octet)}`).join("."),
          `${a}.${b * 65_536 + c * 256 + d}`,
          `[::ffff:${pair}]`,
          `[::${pair}]`,
          `[64:ff9b::${pair}]`,
          `[2002:${pair}::]`,
        ];
        for (const host of hosts) expect(checkUrl(`http://${host}/`, NONE), host).toBeDefined();
      }),
      { seed: 169_254, numRuns: 300 },
    );
  });
});

describe("checkUrl() with what a namespace is allowed", () => {
  it.each([
    ["http://localhost:8080/", "localhost"],
    ["http://localhost:8080/", "localhost:8080"],
    ["http://LOCALHOST.:8080/", "localhost:8080"],
    ["http://127.0.0.1:9001/", "127.0.0.1"],
    ["http://2130706433:9001/", "127.0.0.1:9001"],
    ["http://[::1]:3000/", "[::1]:3000"],
    ["http://[::1]:3000/", "::1"],
    ["http://10.1.2.3/", "10.1.0.0/16"],
    ["http://[fd00::7]/", "fd00::/8"],
    ["http://example.org:25/", "example.org:25"],
    ["http://billing.internal/", "billing.internal"],
  ])("accepts %s by %s", (url, entry) => {
    expect(checkUrl(url, [entry])).toBeUndefined();
  });

  it.each([
    ["http://localhost:8081/", "localhost:8080"],
    ["http://127.0.0.1/", "localhost"],
    ["http://127.0.0.2/", "127.0.0.1"],
    ["http://10.2.0.1/", "10.1.0.0/16"],
    ["http://[::ffff:10.1.0.1]/", "10.1.0.0/16"],
    ["http://10.1.0.1:25/", "10.1.0.0/16"],
    ["http://evil.example.org.internal/", "example.org"],
    ["http://billing.internal.evil.local/", "billing.internal"],
    ["http://x@localhost/", "localhost"],
    ["ftp://localhost/", "localhost"],
    ["http://169.254.169.254/", "169.254.169.254"],
    ["http://169.254.169.254/", "169.254.0.0/16"],
    ["http://[::ffff:169.254.169.254]/", "::/0"],
    ["http://[fd00:ec2::254]/", "fd00::/8"],
    ["http://127.0.0.1/", ""],
    ["http://127.0.0.1/", "not a host"],
    ["http://127.0.0.1/", "10.0.0.0/99"],
  ])("refuses %s by %s", (url, entry) => {
    expect(checkUrl(url, [entry])).toBeDefined();
  });
});

describe("checkAddresses()", () => {
  const url = new URL("https://shop.example.org/");

  it("accepts a name when all its addresses are public", () => {
    expect(checkAddresses(url, ["8.8.8.8", "2606:4700::1111"], NONE)).toBeUndefined();
  });

  it.each([
    [["10.0.0.1"]],
    [["8.8.8.8", "127.0.0.1"]],
    [["8.8.8.8", "::1"]],
    [["fe80::1%eth0"]],
    [["::ffff:169.254.169.254"]],
    [["64:ff9b::a9fe:a9fe"]],
    [["not an address"]],
    [[]],
  ])("refuses a name that resolves to %j", (addresses) => {
    expect(checkAddresses(url, addresses, NONE)).toBeDefined();
  });

  it("lets a listed name resolve to private addresses, but never to link-local or metadata ones", () => {
    expect(checkAddresses(url, ["10.0.0.1", "fd00::1", "127.0.0.1"], ["shop.example.org"])).toBeUndefined();
    expect(checkAddresses(url, ["169.254.1.1"], ["shop.example.org"])).toBeDefined();
    expect(checkAddresses(url, ["169.254.169.254"], ["shop.example.org", "169.254.0.0/16"])).toBeDefined();
    expect(checkAddresses(url, ["10.0.0.1"], ["shop.example.org:8443"])).toBeDefined();
    expect(checkAddresses(url, ["10.0.0.1"], ["10.0.0.0/8"])).toBeUndefined();
  });
});

describe("checkTarget()", () => {
  it("says which rule refuses the target", () => {
    expect(checkTarget(new URL("http://10.0.0.1/"), NONE)).toEqual({
      rule: "10.0.0.1 is not a public address (private)",
    });
    expect(checkTarget(new URL("http://169.254.169.254/"), NONE)).toEqual({
      rule: "169.254.169.254 is a metadata service",
    });
    expect(checkTarget(new URL("http://localhost/"), NONE)).toEqual({ rule: "localhost is a local name" });
  });
});
