import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ClientOptions, clientConfig } from "../../../adapters/aws/clients.ts";

describe("clientConfig", () => {
  it("gives 4 attempts of mode standard, connections of 1 s, and answers of 5 s that are enforced", () => {
    expect(clientConfig()).toEqual({
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
      retryMode: "standard",
      maxAttempts: 4,
    });
  });

  it("takes another time-out and another number of attempts", () => {
    expect(clientConfig({ requestTimeoutMs: 25_000, maxAttempts: 1 })).toMatchObject({
      requestHandler: { requestTimeout: 25_000 },
      maxAttempts: 1,
    });
  });

  it("keeps one connection open over calls that follow each other", async () => {
    const server = await serve((_request, response) => response.end("{}"));
    let connections = 0;
    server.on("connection", () => (connections += 1));
    const client = clientOf(server);

    for (let call = 0; call < 3; call++) await client.send(new DescribeTableCommand({ TableName: "carillon" }));

    expect(connections).toBe(1);
  });

  it("gives up a request that is not answered in time", async () => {
    const server = await serve(() => undefined);
    const client = clientOf(server, { requestTimeoutMs: 50, maxAttempts: 1 });

    await expect(client.send(new DescribeTableCommand({ TableName: "carillon" }))).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });

  it("repeats a request that met a failure of the service", async () => {
    let requests = 0;
    const server = await serve((_request, response) => {
      requests += 1;
      response.statusCode = requests < 4 ? 500 : 200;
      response.end("{}");
    });

    await clientOf(server).send(new DescribeTableCommand({ TableName: "carillon" }));

    expect(requests).toBe(4);
  });
});

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

/** The endpoint comes from the variable, as in production. */
function clientOf(server: Awaited<ReturnType<typeof serve>>, options?: ClientOptions): DynamoDBClient {
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const client = new DynamoDBClient(clientConfig(options));
  onTestFinished(() => {
    client.destroy();
    vi.unstubAllEnvs();
  });
  return client;
}
