import { describe, expect, it } from "vitest";
import type { Alert, Channel, Notifier } from "../../core/ports/notifier.ts";

const ALERT: Alert = {
  id: "alert-1",
  atMs: 1_772_955_000_000,
  namespace: "default",
  subject: "a run failed",
  text: "see the log",
};

/**
 * @param open - a notifier, a channel that takes alerts, one that refuses for now, and one that refuses for good; and the
 *   ids of the alerts that have arrived
 */
export function notifierConformance(
  name: string,
  open: () => Promise<{
    notifier: Notifier;
    taking: Channel;
    busy: Channel;
    refusing: Channel;
    arrived: () => readonly string[];
  }>,
): void {
  describe(`${name} notifier`, () => {
    it("notify() delivers an alert with its id", async () => {
      const { notifier, taking, arrived } = await open();
      expect(await notifier.notify(taking, ALERT)).toEqual({ delivered: true });
      expect(arrived()).toEqual(["alert-1"]);
    });

    it("notify() delivers the same alert again when asked again, under the same id", async () => {
      const { notifier, taking, arrived } = await open();
      await notifier.notify(taking, ALERT);
      await notifier.notify(taking, ALERT);
      expect(arrived()).toEqual(["alert-1", "alert-1"]);
    });

    it("notify() says when trying again may help, and when not, and never throws for either", async () => {
      const { notifier, busy, refusing } = await open();
      expect(await notifier.notify(busy, ALERT)).toMatchObject({ delivered: false, retryable: true });
      expect(await notifier.notify(refusing, ALERT)).toMatchObject({ delivered: false, retryable: false });
    });
  });
}
