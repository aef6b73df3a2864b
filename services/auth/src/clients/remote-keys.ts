import type { Logger } from '@strongroom/log/logger';
import { keyFromJwk, type VerificationKey } from '../domain/verification-key.ts';
import { fetchOutside, type OutsideRule } from './fetch-outside.ts';

export interface KeySet {
  readonly url: string;
  readonly ca: string | undefined;
}

/** Key sets of identity providers (JWKS, RFC 7517, 5), fetched when they are needed. */
export interface RemoteKeys {
  /** All keys of the set; none when it cannot be had. `keyId`: the one that is looked for. */
  find: (set: KeySet, keyId: string | undefined) => Promise<readonly VerificationKey[]>;
}

/** A key that its owner withdraws counts no longer than this. */
const FRESH_MS = 600_000;
/** Tokens name keys as they like: they do not make us ask more often than this. */
const COOLDOWN_MS = 30_000;
const MAX_BYTES = 262_144;
const MAX_KEYS = 100;
const DEADLINE_MS = 5_000;

interface Entry {
  keys: readonly VerificationKey[];
  freshUntil: number;
  askedAt: number;
  asking: Promise<void>;
}

export function createRemoteKeys({
  now,
  log,
  rule,
}: {
  now: () => Date;
  log: Pick<Logger, 'warn'>;
  rule: OutsideRule;
}): RemoteKeys {
  const entries = new Map<string, Entry>();

  async function ask(entry: Entry, set: KeySet): Promise<void> {
    try {
      const text = await fetchOutside(rule, { ...set, maxBytes: MAX_BYTES, deadlineMs: DEADLINE_MS });
      entry.keys = readKeySet(text);
      entry.freshUntil = now().getTime() + FRESH_MS;
    } catch (error) {
      // What is fresh still counts; what is not, is not used (see `find`).
      log.warn('the key set of an identity provider cannot be had', {
        host: new URL(set.url).host,
        reason: error instanceof Error ? error.message : 'unknown',
      });
    }
  }

  return {
    async find(set, keyId) {
      // The same address asked with other trust is another set.
      const name = JSON.stringify([set.url, set.ca]);
      const entry = entries.get(name) ?? {
        keys: [],
        freshUntil: -Infinity,
        askedAt: -Infinity,
        asking: Promise.resolve(),
      };
      entries.set(name, entry);
      const time = now().getTime();
      const isKnown = keyId === undefined || entry.keys.some(key => key.keyId === keyId);
      if ((time >= entry.freshUntil || !isKnown) && time - entry.askedAt >= COOLDOWN_MS) {
        entry.askedAt = time;
        entry.asking = ask(entry, set);
      }
      await entry.asking;
      return time < entry.freshUntil ? entry.keys : [];
    },
  };
}

function readKeySet(text: string): VerificationKey[] {
  const value: unknown = parse(text);
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new Error('the answer is no key set');
  // Keys of other kinds may stand beside (RFC 7517, 5): they are left out.
  return (keys as unknown[]).map(keyFromJwk).filter(key => key !== undefined);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text.
    throw new Error('the answer is not JSON');
  }
}
