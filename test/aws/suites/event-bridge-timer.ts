import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  SchedulerClient,
} from "@aws-sdk/client-scheduler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { EventBridgeTimer } from "../../../adapters/aws/event-bridge-timer.ts";
import type { Pace } from "../../../core/ports/timer.ts";
import { installation } from "../installation.ts";

/** Nothing is delivered: the schedules begin in a year. */
const START_DATE = new Date(Date.now() + 365 * 86_400_000);
const NAMES = ["tick", "tick-safety"];

const client = new SchedulerClient(clientConfig());
const groupName = installation;
const target = {
  Arn: process.env["CARILLON_TEST_TARGET_ARN"] ?? "arn:aws:lambda:us-east-1:123456789012:function:carillon-test",
  RoleArn: process.env["CARILLON_TEST_ROLE_ARN"] ?? "arn:aws:iam::123456789012:role/carillon-test",
  Input: '{"scheduledAt":"<aws.scheduler.scheduled-time>"}',
  RetryPolicy: { MaximumRetryAttempts: 0 },
};

beforeAll(async () => {
  await client.send(new CreateScheduleGroupCommand({ Name: groupName }));
  for (const Name of NAMES) {
    await client.send(
      new CreateScheduleCommand({
        Name,
        GroupName: groupName,
        ScheduleExpression: "rate(1 minute)",
        StartDate: START_DATE,
        FlexibleTimeWindow: { Mode: "OFF" },
        Description: "Wakes the scheduler",
        Target: target,
      }),
    );
  }
});

afterAll(async () => {
  for (const Name of NAMES) await client.send(new DeleteScheduleCommand({ Name, GroupName: groupName }));
  await client.send(new DeleteScheduleGroupCommand({ Name: groupName }));
  client.destroy();
});

describe("EventBridgeTimer", () => {
  it.each<{ pace: Pace; minute: string; safety: string }>([
    { pace: "slow", minute: "DISABLED", safety: "ENABLED" },
    { pace: "stopped", minute: "DISABLED", safety: "DISABLED" },
    { pace: "steady", minute: "ENABLED", safety: "ENABLED" },
    { pace: "steady", minute: "ENABLED", safety: "ENABLED" },
  ])("setPace($pace) leaves the minute's schedule $minute, the other $safety, and all else as it was", async (row) => {
    const before = await schedulesNow();
    await aTimer("tick").setPace(row.pace);

    const [minute, safety] = await schedulesNow();
    expect([minute?.State, safety?.State]).toEqual([row.minute, row.safety]);
    expect([minute, safety].map(settingsOf)).toEqual(before.map(settingsOf));
  });

  it("setPace() says which schedule is missing", async () => {
    await expect(aTimer("nowhere").setPace("slow")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(`"${groupName}/nowhere-safety"`) as string,
    });
  });
});

function aTimer(scheduleName: string): EventBridgeTimer {
  return new EventBridgeTimer({ client, groupName, scheduleName });
}

function schedulesNow() {
  return Promise.all(NAMES.map((Name) => client.send(new GetScheduleCommand({ Name, GroupName: groupName }))));
}

type Schedule = Awaited<ReturnType<typeof schedulesNow>>[number];

function settingsOf(schedule: Schedule | undefined): unknown {
  const { Description, ScheduleExpression, StartDate, FlexibleTimeWindow, Target } = schedule ?? {};
  return { Description, ScheduleExpression, StartDate, FlexibleTimeWindow, Target };
}
