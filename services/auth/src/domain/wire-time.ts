const RFC_3339 =
  /^\d{4}-\d\d-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** A time as clients send it: null, absent and empty mean none. Undefined: it is no RFC 3339 time. */
export function parseTime(text: string | null | undefined): Date | null | undefined {
  if (text === null || text === undefined || text === '') return null;
  const [, day] = RFC_3339.exec(text) ?? [];
  if (day === undefined) return undefined;
  const time = new Date(text.toUpperCase());
  if (Number.isNaN(time.getTime())) return undefined;
  // The engine takes the 31st of February for the 3rd of March.
  const wall = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return wall.getUTCDate() === Number(day) ? time : undefined;
}
