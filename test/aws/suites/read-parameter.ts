import { DeleteParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { readParameter } from "../../../functions/alerts/read-parameter.ts";
import { installation } from "../installation.ts";

const client = new SSMClient(clientConfig());
const name = `/${installation}/webhook-secret`;

beforeAll(async () => {
  await client.send(new PutParameterCommand({ Name: name, Type: "SecureString", Value: "whsec_c2VjcmV0" }));
});

afterAll(async () => {
  await client.send(new DeleteParameterCommand({ Name: name }));
  client.destroy();
});

describe("readParameter()", () => {
  it("gives a secret as it was put, decrypted", async () => {
    expect(await readParameter(name)).toBe("whsec_c2VjcmV0");
  });

  it("says which parameter is missing", async () => {
    await expect(readParameter(`${name}-gone`)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(`"${name}-gone"`) as string,
    });
  });
});
