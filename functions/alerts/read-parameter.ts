import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { portError } from "../../adapters/aws/sdk-errors.ts";

let client: SSMClient | undefined;

/**
 * The value of an SSM parameter, decrypted where it is a SecureString.
 *
 * @throws {PortError}
 */
export async function readParameter(name: string): Promise<string> {
  client ??= new SSMClient(clientConfig());
  const command = new GetParameterCommand({ Name: name, WithDecryption: true });
  const { Parameter } = await client.send(command).catch((error: unknown) => {
    throw portError(`Cannot read SSM parameter "${name}"`, error, { reading: true });
  });
  return Parameter?.Value ?? "";
}
