const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** API clients are named by UUIDs, people never are. */
export const isUuid = (text: string): boolean => UUID.test(text);
