import { ApiError } from "./api-error.ts";
import type { z } from "zod";
import type { calendarDefinitionSchema, CalendarEdition } from "../../api/contract/calendar.ts";
import type { Expectation } from "./jobs-api.ts";
import { listAll, type PageOptions } from "./paging.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

/** A calendar as its author writes it. */
export type CalendarDefinition = z.infer<typeof calendarDefinitionSchema>;

/** Calendars, which leave slots out on closed dates. Each change makes an edition. */
export class CalendarsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get(namespace: string, name: string): Promise<CalendarEdition> {
    return this.#transport.json("GET", route`/v1/namespaces/${namespace}/calendars/${name}`);
  }

  /** As `get`; `undefined` when there is no such calendar. */
  async find(namespace: string, name: string): Promise<CalendarEdition | undefined> {
    try {
      return await this.get(namespace, name);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Publishes the calendar that the definition names; jobs that use it follow the new edition. */
  async put(namespace: string, definition: CalendarDefinition, expected: Expectation): Promise<CalendarEdition> {
    return this.#transport.json("PUT", route`/v1/namespaces/${namespace}/calendars/${definition.name}`, {
      body: definition,
      headers: "ifAbsent" in expected ? { "if-none-match": "*" } : { "if-match": `"${expected.ifVersion}"` },
    });
  }

  list(namespace: string, options: PageOptions = {}): AsyncGenerator<CalendarEdition> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/calendars`, options);
  }
}
