import { describe, expect, it } from "vitest";
import { selectSuites, SUITES } from "./select-suites.ts";

describe("selectSuites()", () => {
  it("takes every suite where one endpoint stands for all services", () => {
    expect(selectSuites({ AWS_ENDPOINT_URL: "http://127.0.0.1:5000" })).toEqual({ suites: SUITES, leftOut: [] });
  });

  it("takes every suite of a real account, only when it is asked for by name", () => {
    const credentials = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret" };

    expect(selectSuites({ ...credentials, CARILLON_TEST_REAL: "1" }).suites).toEqual(SUITES);
    expect(() => selectSuites(credentials)).toThrow("Cannot test against AWS: nothing is named to test against");
  });

  it("leaves out what has no endpoint, and says so", () => {
    const { suites, leftOut } = selectSuites({
      AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:9324",
      AWS_ENDPOINT_URL_DYNAMODB: "",
    });

    expect(suites.map(({ file }) => file)).toEqual(["sqs-queue.ts"]);
    expect(leftOut).toContain("dynamo-table.ts: no endpoint of dynamodb");
    expect(leftOut).toContain("sns-notifier.ts: no endpoint of sns");
    expect(leftOut).toContain("sfn-executions.ts: no endpoint of sfn");
  });

  it("narrows to the services listed", () => {
    const environment = { AWS_ENDPOINT_URL: "http://127.0.0.1:5000", CARILLON_TEST_SERVICES: "dynamodb, sns" };
    const { suites, leftOut } = selectSuites(environment);

    expect(suites.map(({ file }) => file)).toEqual(["dynamo-table.ts", "dynamo-differential.ts"]);
    expect(leftOut).toContain("sns-notifier.ts: sqs is not in CARILLON_TEST_SERVICES");
  });

  it.each(["logs", "dynamodb,,sqs"])("refuses the list of services %j", (list) => {
    expect(() => selectSuites({ AWS_ENDPOINT_URL: "http://127.0.0.1:5000", CARILLON_TEST_SERVICES: list })).toThrow(
      /Cannot test service ".*" of CARILLON_TEST_SERVICES: services are dynamodb, /,
    );
  });

  it("names no service and no list alike", () => {
    expect(() => selectSuites({ CARILLON_TEST_SERVICES: "", AWS_ENDPOINT_URL: "" })).toThrow("Set AWS_ENDPOINT_URL");
  });
});
