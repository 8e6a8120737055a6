import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { EventBridgeTimer } from "../../../adapters/aws/event-bridge-timer.ts";
import { timerConformance } from "../../conformance/timer-conformance.ts";
import { type FakeSchedule, FakeScheduler } from "../../support/aws/fake-scheduler.ts";
import { OFFLINE, requestHandler, serve } from "../../support/aws/fake-service.ts";

const MINUTE: FakeSchedule = {
  ScheduleExpression: "rate(1 minute)",
  Description: "Wakes the tick",
  StartDate: 1_770_000_000,
  FlexibleTimeWindow: { Mode: "OFF" },
  Target: {
    Arn: "arn:aws:lambda:eu-central-1:123456789012:function:tick",
    RoleArn: "arn:aws:iam::123456789012:role/tick",
    Input: '{"scheduledAt":"<aws.scheduler.scheduled-time>"}',
    RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
  },
};
const SAFETY: FakeSchedule = { ...MINUTE, ScheduleExpression: "rate(15 minutes)", StartDate: undefined };

function openTimer() {
  const scheduler = new FakeScheduler();
  scheduler.create("carillon", "tick", MINUTE);
  scheduler.create("carillon", "tick-safety", SAFETY);
  const client = new SchedulerClient({
    ...OFFLINE,
    ...clientConfig({ requestHandler: requestHandler(scheduler.handle), maxAttempts: 1 }),
  });
  return { scheduler, timer: new EventBridgeTimer({ client, groupName: "carillon", scheduleName: "tick" }) };
}

timerConformance("EventBridge", () => {
  const { scheduler, timer } = openTimer();
  const periodOf: Record<string, number> = { "rate(1 minute)": 60_000, "rate(15 minutes)": 900_000 };
  const periodsMs = () =>
    Promise.resolve(
      ["tick", "tick-safety"].flatMap((name) => {
        const schedule = scheduler.find("carillon", name);
        return schedule?.State === "ENABLED" ? (periodOf[schedule.ScheduleExpression] ?? []) : [];
      }),
    );
  return Promise.resolve({ timer, periodsMs });
});

describe("EventBridgeTimer", () => {
  it("changes the state of a schedule and nothing else of it", async () => {
    const { scheduler, timer } = openTimer();
    const before = scheduler.find("carillon", "tick");
    await timer.setPace("slow");

    expect(scheduler.find("carillon", "tick")).toEqual({ ...before, State: "DISABLED" });
    await timer.setPace("steady");
    expect(scheduler.find("carillon", "tick")).toEqual(before);
  });

  it("writes nothing when the pace is right already", async () => {
    const { scheduler, timer } = openTimer();
    await timer.setPace("steady");

    expect(scheduler.calls).toEqual(["GET /schedules/tick-safety", "GET /schedules/tick"]);
  });

  it("names the schedule that is missing", async () => {
    const { scheduler } = openTimer();
    const client = new SchedulerClient({ ...OFFLINE, requestHandler: requestHandler(scheduler.handle) });
    const timer = new EventBridgeTimer({ client, groupName: "carillon", scheduleName: "tock" });

    await expect(timer.setPace("slow")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining('Cannot read schedule "carillon/tock-safety"'),
    });
  });

  it("says when a change was throttled, and sets the next pace all the same", async () => {
    const { scheduler, timer } = openTimer();
    scheduler.failNext("PUT", 429, "ThrottlingException");

    const [slow, stopped] = await Promise.allSettled([timer.setPace("slow"), timer.setPace("stopped")]);

    expect(slow).toMatchObject({ status: "rejected", reason: { code: "THROTTLED" } });
    expect(stopped.status).toBe("fulfilled");
    expect(scheduler.find("carillon", "tick")?.State).toBe("DISABLED");
  });

  it("speaks the service's protocol over HTTP", async () => {
    const { scheduler } = openTimer();
    const server = await serve(scheduler.handle);
    const client = new SchedulerClient({ ...OFFLINE, ...clientConfig(), endpoint: server.url });

    await new EventBridgeTimer({ client, groupName: "carillon", scheduleName: "tick" }).setPace("stopped");

    expect(scheduler.find("carillon", "tick-safety")?.State).toBe("DISABLED");
    client.destroy();
    await server.close();
  });
});
