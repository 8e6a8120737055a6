import { describe } from "vitest";
import { describeBounds } from "./queue-bounds.ts";
import { describeDeadLetters, describeDepth } from "./queue-dead-letters.ts";
import { describeDelivery, describeFairness } from "./queue-delivery.ts";
import type { QueueUnderTest } from "./queue-messages.ts";
import { describeVisibility, describeWaiting } from "./queue-time.ts";

/** What a stand-in for a service may lack; whoever says so gives the reason. */
export interface QueueCapabilities {
  /** Shares among groups. @default true */
  readonly sharesFairly?: boolean;
  /** Takes characters beyond the Basic Multilingual Plane in bodies. @default true */
  readonly takesAllCharacters?: boolean;
}

/**
 * What every Queue promises. Written for services that share fairly but not exactly, that may deliver twice and count
 * roughly, and that keep time in whole seconds.
 */
export function queueConformance(
  name: string,
  open: () => Promise<QueueUnderTest>,
  { sharesFairly = true, takesAllCharacters = true }: QueueCapabilities = {},
): void {
  describe(`${name} keeps the Queue port`, () => {
    describeDelivery(open, takesAllCharacters ? "\u{1f514}" : "\u2407");
    describeVisibility(open);
    describeWaiting(open);
    if (sharesFairly) describeFairness(open);
    describeDeadLetters(open);
    describeDepth(open);
    describeBounds(open);
  });
}
