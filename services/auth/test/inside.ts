import { randomUUID } from 'node:crypto';
import { createAudit } from '@strongroom/audit/audit';
import type { Cache } from '@strongroom/cache/cache';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { openDatabase, type Transaction } from '@strongroom/db/database';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import { silentLogger } from '@strongroom/log/logger';
import { createRelayBell } from '@strongroom/outbox/outbox';
import type { AuthConfig, AuthSecrets } from '../src/config.ts';
import type { Subject } from '../src/domain/subject.ts';
import { endSessions } from '../src/operations/effects-at-once.ts';
import { rightsOf } from '../src/operations/rights.ts';
import { createTokenSigner } from '../src/operations/token-signer.ts';
import { insertSession, type SessionFilter } from '../src/store/sessions.ts';
import { claimsFor, sessionOf } from './sessions.ts';

/** Auth's own operations, on the database of an auth that runs: as a replica that serves nobody. */
export async function openInside(
  config: AuthConfig,
  secrets: AuthSecrets,
  now: () => Date = () => new Date(),
  cache: Cache = createMemoryCache(),
) {
  const db = openDatabase(
    {
      url: config.databaseUrl,
      password: secrets.databasePassword,
      schema: config.schema,
      poolSize: 3,
      deadlineMs: 5_000,
    },
    silentLogger,
  );
  const keyring = await openLiveKeyring({
    db: db,
    schema: config.schema,
    rootKeys: staticRootKey(secrets.rootKey),
    now,
  });
  const newId = () => randomUUID();
  const bell = createRelayBell(db, config.schema, 0);
  const signer = await createTokenSigner({ db, now, newId, config, keyring });
  const audit = createAudit({ service: config.service, db, newId, now, ring: bell.ring });
  const ctx = { cache, config, db, keyring, newId, now, signer, audit, ring: bell.ring, log: silentLogger };

  /** A session of the subject with its rights of now, and the Authorization header of its token. */
  async function signIn(subject: Subject, lifetimeSeconds = 1_800) {
    const time = now();
    const end = new Date(time.getTime() + lifetimeSeconds * 1_000);
    const session = sessionOf(subject, time, {
      clientId: 'privx-external',
      expiresAt: end,
      tokenExpiresAt: end,
    });
    const rights = await rightsOf(db, subject, { now: time, address: null });
    await insertSession(db, session, rights.roles);
    const claims = claimsFor(session, rights);
    const token = await signer.sign(claims, session.id, lifetimeSeconds);
    return { sid: session.id, claims, bearer: `Bearer ${token}` };
  }

  /** A change with its events, told as soon as it has committed. */
  async function change<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const result = await db.transaction(work);
    ctx.ring();
    return result;
  }

  return {
    ctx,
    signIn,
    change,
    end: (filter: SessionFilter) => change(tx => endSessions(ctx, tx, filter)),
    async close() {
      bell.stop();
      await db.close();
    },
  };
}

export type Inside = Awaited<ReturnType<typeof openInside>>;
