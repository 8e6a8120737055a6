import { ListQueuesCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, it, onTestFinished, vi } from "vitest";
import { sqsClientConfig } from "../../../adapters/aws/sqs-client-config.ts";

it.each([
  { what: "the endpoint of the environment, whatever host the queue's URL names", variable: "http://127.0.0.1:4566" },
  { what: "the endpoint of its region otherwise", variable: undefined },
])("a client of SqsQueue speaks to $what", async ({ variable }) => {
  vi.stubEnv("AWS_ENDPOINT_URL_SQS", variable);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const hosts: string[] = [];
  const requestHandler = {
    handle: async ({ protocol, hostname, port }: { protocol: string; hostname: string; port?: number }) => {
      hosts.push(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`);
      const body = new TextEncoder().encode('{"QueueUrls":[],"Successful":[],"Failed":[]}');
      return { response: { statusCode: 200, headers: {}, body } };
    },
  };
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new SQSClient({ ...sqsClientConfig({ requestHandler }), region: "eu-west-1", credentials });

  await client.send(new ListQueuesCommand({}));
  const QueueUrl = "https://sqs.us-east-1.amazonaws.com/000000000000/carillon-default-normal";
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "0", MessageBody: "0" }] }));

  const expected = variable ?? "https://sqs.eu-west-1.amazonaws.com";
  expect(hosts).toEqual([expected, expected]);
});
