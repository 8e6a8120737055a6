import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameOfCommand } from "../../../client/import/command-name.ts";
import { splitPercent } from "../../../client/import/crontab-line.ts";
import { escapeMacros } from "../../../client/import/escape-macros.ts";
import { slugify } from "../../../client/import/unique-names.ts";
import { nameSchema } from "../../../core/job/name.ts";
import { parseMacros } from "../../../core/run/macro-parser.ts";

describe("splitPercent", () => {
  it.each<[string, { command: string; stdin?: string }]>([
    ["true", { command: "true" }],
    [String.raw`date +\%F`, { command: "date +%F" }],
    ["cat%one%two", { command: "cat", stdin: "one\ntwo\n" }],
    [String.raw`cat %50\% off%`, { command: "cat", stdin: "50% off\n" }],
    ["cat%", { command: "cat", stdin: "" }],
    [String.raw`echo a\b\\%c`, { command: String.raw`echo a\b\\`, stdin: "c\n" }],
    [String.raw`echo \\\%`, { command: String.raw`echo \\%` }],
    ["echo \\", { command: "echo \\" }],
  ])("splits %j", (text, expected) => {
    expect(splitPercent(text)).toEqual(expected);
  });
});

describe("nameOfCommand", () => {
  it.each([
    ["/usr/local/bin/backup.sh --full", "backup"],
    ["cd /srv/app && ./bin/console cache:clear --env=prod >> /var/log/app.log 2>&1", "console-cache-clear"],
    ["/usr/bin/env python3 /opt/etl/load_orders.py 7", "load-orders"],
    ["LANG=C nice -n 19 ionice -c2 -n7 tar -czf /backup/home.tgz /home", "tar-home-tgz-home"],
    ["sudo -u postgres pg_dump shop | gzip > /backup/shop.gz", "pg-dump-shop"],
    ["timeout 60 curl -fsS https://example.org/ping", "curl-ping"],
    ["flock -n /tmp/x.lock -c 'run all'", "c"],
    ["php -r 'echo 1;'", "php"],
    ["bash -lc 'source ~/.profile; run'", "bash"],
    ["(cd /x; make nightly)", "make-nightly"],
    ["if [ -f /x ]; then refresh; fi", "refresh"],
    ["sleep 10", "sleep"],
    ["echo 'unbalanced", "echo"],
    ["/opt/größe/prüfen.sh", "prufen"],
    ["备份", "job"],
    ["", "job"],
  ])("names %j %j", (command, expected) => {
    expect(nameOfCommand(command)).toBe(expected);
  });

  it("makes a valid name of any command", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab/. -_;&|<>'\"(){}$`\\=\n%é备".split("")) }), (command) => {
        expect(nameSchema.safeParse(nameOfCommand(command)).success).toBe(true);
      }),
      { seed: 5 },
    );
  });
});

describe("slugify", () => {
  it.each([
    ["Größe (täglich)", "grosse-taglich"],
    ["a--b__c..d", "a-b-c-d"],
    [`${"a".repeat(62)}-b`, "a".repeat(62)],
    ["夜间", undefined],
  ])("writes %j as %j", (text, expected) => {
    expect(slugify(text)).toBe(expected);
  });
});

describe("escapeMacros", () => {
  it("makes a text that holds no macro and reads as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("{", "}", "a", ".") }), (text) => {
        const parts = parseMacros(escapeMacros(text));
        expect(parts.map((part) => (typeof part === "string" ? part : "a macro")).join("")).toBe(text);
      }),
      { seed: 4 },
    );
  });
});
