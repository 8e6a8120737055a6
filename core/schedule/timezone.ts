import { nearest } from "./nearest.ts";
import { quote, ScheduleError } from "./schedule-error.ts";
import { findZone, type Zone } from "./zone.ts";

/** Names in use that the platform's own list gives by an older spelling, or not at all. */
const OTHER_NAMES = [
  "UTC",
  "America/Argentina/Buenos_Aires",
  "America/Nuuk",
  "Asia/Ho_Chi_Minh",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Asia/Yangon",
  "Europe/Kyiv",
];

/**
 * The zone of an IANA name.
 *
 * @throws {ScheduleError} `timezone-unknown`, with the nearest name
 */
export function getTimezone(name: string): Zone {
  const zone = findZone(name);
  if (zone !== undefined) return zone;
  const suggestion = nearestZone(name);
  const hint = suggestion === undefined ? 'write an IANA name such as "Europe/Berlin"' : `did you mean "${suggestion}"`;
  throw new ScheduleError("timezone-unknown", {
    pointer: "/timezone",
    message: `Cannot use timezone ${quote(name)}: it is not in the IANA time zone database; ${hint}`,
  });
}

function nearestZone(name: string): string | undefined {
  const wanted = name.slice(0, 64).trim().replaceAll(" ", "_");
  const names = [...Intl.supportedValuesOf("timeZone"), ...OTHER_NAMES];
  const whole = nearest(wanted, names);
  if (whole !== undefined || wanted.includes("/")) return whole;
  const cities = names.map((zone) => zone.slice(zone.lastIndexOf("/") + 1));
  const city = nearest(wanted, cities);
  return city === undefined ? undefined : names[cities.indexOf(city)];
}
