import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { EventBridgeTimer } from "../../adapters/aws/event-bridge-timer.ts";

/** The timer over the schedules that wake the tick. */
export function openTimer({ timerGroup, timerSchedule }: { timerGroup: string; timerSchedule: string }) {
  const client = new SchedulerClient(clientConfig());
  return new EventBridgeTimer({ client, groupName: timerGroup, scheduleName: timerSchedule });
}
