import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { HOST_KEY_REFUSED, type HostKeyRefused } from '@strongroom/contracts/reach-events';
import { appendEvents } from '@strongroom/outbox/outbox';
import type { SecretsManagerContext } from '../context.ts';
import type { HostDocument } from '../domain/host.ts';
import { findTrustedKey, raiseKeyAlarm, trustKey } from '../store/host-keys.ts';
import { describeHostKey, type HostKey } from '../targets/host-key.ts';
import { readHostKey } from '../targets/ssh-target.ts';
import type { Limits, Place } from '../targets/target.ts';

/** The host whose keys they are, as records tell of it. */
export interface KeyedHost {
  readonly id: string;
  readonly name: string;
}

/** Those that came with the host, in lines as `known_hosts` and `*.pub` files have them. */
export const givenKeys = ({ ssh_host_public_keys: given = [] }: HostDocument): HostKey[] =>
  given.flatMap(({ key = '' }) => {
    // The binary form of every key begins with a short length, hence with these letters.
    const encoded = key.split(/\s+/).find(word => word.startsWith('AAAA'));
    return encoded === undefined ? [] : [describeHostKey(Buffer.from(encoded, 'base64'))];
  });

/** Who gave keys has said which ones count, also where none of them can be read. */
export const hasGivenKeys = ({ ssh_host_public_keys: given = [] }: HostDocument): boolean => given.length > 0;

type Trusting = Pick<SecretsManagerContext, 'db' | 'audit' | 'now' | 'ring' | 'rotation'>;

/**
 * The key that the host showed when it was first met: read, stored, and on the record, before anything is said to it.
 * Of several who meet it at once, one decides for all. Rejects with a TargetError when it shows none.
 */
export async function keyOfFirstUse(
  ctx: Trusting,
  host: KeyedHost,
  place: Place,
  limits: Limits,
): Promise<HostKey> {
  const known = await findTrustedKey(ctx.db, host.id);
  if (known !== undefined) return known;
  const shown = await readHostKey(place, ctx.rotation, limits);
  const trusted = await ctx.db.transaction(async tx => {
    if (!(await trustKey(tx, host.id, shown, ctx.now()))) return findTrustedKey(tx, host.id);
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.hostKeyTrusted,
      message: { ...named(host), algorithm: shown.algorithm, fingerprint: shown.fingerprint },
    });
    return shown;
  });
  ctx.ring();
  // An operator may just have said which keys count: the next attempt goes by those.
  if (trusted === undefined) throw new Error('the key of a host was forgotten while it was trusted');
  return trusted;
}

type Alarming = Pick<SecretsManagerContext, 'db' | 'audit' | 'now' | 'newId' | 'ring' | 'config'>;

/** The host shows another key: an event and a record, once a day for as long as it does. */
export async function tellRefusedKey(ctx: Alarming, host: KeyedHost): Promise<void> {
  const now = ctx.now();
  await ctx.db.transaction(async tx => {
    if (!(await raiseKeyAlarm(tx, host.id, now))) return;
    const data: HostKeyRefused = { hostId: host.id, host: host.name };
    await appendEvents(tx, [cloudEvent(ctx.config.service, HOST_KEY_REFUSED, ctx.newId(), now, data)]);
    await ctx.audit.append(tx, { type: AUDIT_EVENTS.hostKeyRefused, message: named(host) });
  });
  ctx.ring();
}

const named = ({ id, name }: KeyedHost) => ({ hostID: id, host: name });
