export interface PsAuth {
  readonly key: string;
  readonly runas: string;
}

/**
 * `PS-Auth key=…; runas=…; pwd=[…]; challenge=…` (contract secrets-safe.md 2.2): parts in any order and case, with or
 * without blanks and a last semicolon. A key proves its holder alone, so password and challenge are passed over.
 * Undefined: it says no key or no account, or one of them twice.
 */
export function readPsAuth(authorization: string): PsAuth | undefined {
  const stated = /^PS-Auth\s+(.+)$/i.exec(authorization)?.[1];
  if (stated === undefined) return undefined;
  const parts = new Map<string, string>();
  // A password may hold whatever it likes between its brackets.
  for (const part of stated.replace(/(^|;)\s*pwd\s*=\s*\[.*\]/i, '').split(';')) {
    const [, name = '', value = ''] = /^\s*([a-z]+)\s*=(.*)$/i.exec(part) ?? [];
    const known = name.toLowerCase();
    if (parts.has(known)) return undefined;
    if (known !== '') parts.set(known, value.trim());
  }
  const key = parts.get('key') ?? '';
  const runas = parts.get('runas') ?? '';
  return key === '' || runas === '' ? undefined : { key, runas };
}
