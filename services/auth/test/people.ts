import path from 'node:path';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { createPasswordHasher, type PasswordHasher } from '@strongroom/crypto/password';
import { staticRootKey } from '@strongroom/crypto/root-key';
import type { Database, Queryable } from '@strongroom/db/database';
import { keyMigrations } from '@strongroom/keys/key-store';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import { silentLogger } from '@strongroom/log/logger';
import { openFoundations } from '@strongroom/service/foundations';
import { createRemoteKeys } from '../src/clients/remote-keys.ts';
import type { AuthContext } from '../src/context.ts';
import { createTokenSigner } from '../src/operations/token-signer.ts';
import { insertSession } from '../src/store/sessions.ts';
import { claimsFor, sessionOf } from './sessions.ts';
import { uniqueName, USERS, type TestAuth } from './support.ts';

const migrations = { name: 'auth', directory: path.join(import.meta.dirname, '../migrations') };

export interface TestContext extends AuthContext {
  readonly passwords: CountingHasher;
}

export interface CountingHasher extends PasswordHasher {
  /** Comparisons that were done. */
  readonly comparisons: () => number;
}

/** What operations use, over the database of a running auth: as one more replica without its routes. */
export async function openContext(auth: TestAuth, now: () => Date): Promise<TestContext> {
  const dependencies = { bus: createMemoryBus([]), log: silentLogger, now };
  const foundations = await openFoundations(auth.config, auth.secrets, dependencies, {
    migrations: [keyMigrations, migrations],
  });
  const rootKey = staticRootKey(auth.secrets.rootKey);
  const keyring = await openLiveKeyring({
    db: foundations.db,
    schema: auth.config.schema,
    rootKeys: rootKey,
    now,
  });
  const passwords = countingHasher();
  return {
    ...foundations,
    config: auth.config,
    keyring,
    signer: await createTokenSigner({ ...foundations, keyring }),
    remoteKeys: createRemoteKeys({ ...foundations, rule: { allowedHosts: new Set() } }),
    machineSecrets: auth.secrets.machineSecrets,
    passwords,
    async close() {
      await passwords.close();
      await foundations.close();
    },
  };
}

function countingHasher(): CountingHasher {
  const hasher = createPasswordHasher({ threads: 1 });
  let comparisons = 0;
  return {
    ...hasher,
    verify(phc, password) {
      comparisons += 1;
      return hasher.verify(phc, password);
    },
    comparisons: () => comparisons,
  };
}

/** The same database, which tells how many statements it was given. */
export function countingDatabase(db: Database): Database & { statements: () => number } {
  let statements = 0;
  const counting = (to: Queryable): Queryable => ({
    query(text, values) {
      statements += 1;
      return to.query(text, values);
    },
  });
  return {
    ...db,
    ...counting(db),
    transaction: work => db.transaction(tx => work({ ...tx, ...counting(tx) })),
    statements: () => statements,
  };
}

/** A person made by the API; the id. */
export async function makePerson(auth: TestAuth, body: Record<string, unknown> = {}): Promise<string> {
  const made = await auth.call('POST', USERS, { body: { username: uniqueName('person'), ...body } });
  if (made.status !== 201) throw new Error(`no person: ${made.text}`);
  return String(made.body['id']);
}

/** A session of this person with a token of these permissions, as a login would leave it. */
export async function signInAs(
  ctx: AuthContext,
  userId: string,
  permissions: readonly string[] = [],
): Promise<{ sessionId: string; bearer: string }> {
  const session = sessionOf({ kind: 'user', id: userId }, ctx.now());
  await insertSession(ctx.db, session, []);
  const token = await ctx.signer.sign(claimsFor(session, { permissions }), session.id, 600);
  return { sessionId: session.id, bearer: `Bearer ${token}` };
}

/** Which of these sessions live. */
export async function liveSessions(auth: TestAuth, ids: readonly string[]): Promise<string[]> {
  const rows = await auth.superuser.query<{ id: string }>(
    'SELECT id FROM sessions WHERE id = ANY ($1::uuid[]) AND ended_at IS NULL',
    [ids],
  );
  return ids.filter(id => rows.some(row => row.id === id));
}

export const grantRole = (auth: TestAuth, userId: string, roleName: string) =>
  auth.superuser.query(
    `INSERT INTO user_roles (user_id, role_id) SELECT $1::uuid, id FROM roles WHERE name = $2`,
    [userId, roleName],
  );
