import { randomBytes } from 'node:crypto';
import { canonicalName } from '@strongroom/schema/text';
import { localAccountName } from './account-name.ts';
import { isWithin, parseMasks } from './address-masks.ts';
import type { Subject } from './subject.ts';

/** By which a program signs in as somebody; the key itself is shown once. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly subject: Subject & { readonly name: string };
  /** Addresses and CIDR blocks; none: from anywhere. */
  readonly networks: readonly string[];
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** 128 hexadecimal characters, which is what clients of Secrets Safe take for a key (contract secrets-safe.md 2.2). */
export const newApiKey = (): string => randomBytes(64).toString('hex');

/** Why a key does not admit who states it from this address; undefined: it does. */
export function refusalOf(
  key: ApiKey,
  { runas, address, now }: { readonly runas: string; readonly address: string; readonly now: Date },
): 'account' | 'expired' | 'address' | undefined {
  if (!isNamed(key, runas)) return 'account';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  if (key.networks.length === 0) return undefined;
  const networks = parseMasks(key.networks);
  // What cannot be read admits nobody.
  return networks !== undefined && isWithin(networks, address) ? undefined : 'address';
}

/** An account by its name; an API client by its name or id. */
function isNamed({ subject }: ApiKey, runas: string): boolean {
  // Where a shell or a JSON text doubled the backslash.
  const name = localAccountName(runas.replace('\\\\', '\\'), '');
  if (name === undefined) return false;
  const names = subject.kind === 'user' ? [subject.name] : [subject.name, subject.id];
  return names.some(known => canonicalName(known) === canonicalName(name));
}
