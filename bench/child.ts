import type { Order, Reply } from "./messages.ts";
import { runStep } from "./step.ts";

/** The process of one step: started by the harness with an order (JSON) as its argument, ended with it. */
const order = JSON.parse(process.argv[2] ?? "") as Order;
process.on("disconnect", () => process.exit(1));
await runStep(order, send);
process.exit(0);

function send(reply: Reply): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(reply, undefined, undefined, () => resolve());
  });
}
