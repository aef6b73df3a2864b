import { randomUUID } from 'node:crypto';
import type { Permission } from '@strongroom/contracts/permissions';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { canonicalName } from '@strongroom/schema/text';
import type { Subject } from '../src/domain/subject.ts';
import { createTokenSigner } from '../src/operations/token-signer.ts';
import { insertSession } from '../src/store/sessions.ts';
import { claimsFor, sessionOf } from './sessions.ts';
import { ROLES, uniqueName, type TestAuth } from './support.ts';

export const USERS = '/role-store/api/v1/users';

export interface Person {
  id: string;
  username: string;
}

/** Local users as rows: what makes them has tests of its own. */
export async function makePerson(
  auth: TestAuth,
  document: Record<string, unknown> = {},
  options: { username?: string; tags?: string[]; roles?: string[]; isDisabled?: boolean } = {},
): Promise<Person> {
  const person = { id: randomUUID(), username: options.username ?? uniqueName('user') };
  await auth.superuser.query(
    `INSERT INTO users (id, username, canonical_username, document, tags, is_disabled, created_at, source_id)
     SELECT $1::uuid, $2, $3, $4::json, $5::text[], $6, now(), id FROM sources WHERE is_local`,
    [
      person.id,
      person.username,
      canonicalName(person.username),
      JSON.stringify(document),
      options.tags ?? [],
      options.isDisabled ?? false,
    ],
  );
  for (const [position, roleId] of (options.roles ?? []).entries()) {
    await auth.superuser.query('INSERT INTO user_roles (user_id, role_id, position) VALUES ($1, $2, $3)', [
      person.id,
      roleId,
      position,
    ]);
  }
  return person;
}

export async function localSource(auth: TestAuth): Promise<string> {
  const [source] = await auth.superuser.query<{ id: string }>('SELECT id FROM sources WHERE is_local');
  return String(source?.id);
}

export async function makeRole(auth: TestAuth, members: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await auth.call('POST', ROLES, { body: { name: uniqueName('role'), ...members } });
  if (status !== 201) throw new Error(`no role: ${status}`);
  return String(body['id']);
}

/** Rules that match these filters over local users, any of them. */
export const anyOf = (source: string, ...filters: string[]) => ({
  source_rules: {
    type: 'GROUP',
    match: 'ANY',
    rules: filters.map(search_string => ({ type: 'RULE', source, search_string })),
  },
});

/** A token of a person, as sign-in would issue it. */
export async function bearerOf(
  auth: TestAuth,
  { id, username }: Person,
  options: {
    permissions?: readonly Permission[];
    roles?: readonly string[];
    /** How long ago the person signed in. */
    ageSeconds?: number;
    now?: () => Date;
  } = {},
): Promise<string> {
  const now = options.now ?? (() => new Date());
  const keyring = await openLiveKeyring({
    db: auth.superuser,
    schema: 'auth',
    rootKeys: staticRootKey(auth.secrets.rootKey),
    now,
  });
  const { config, superuser: db } = auth;
  const signer = await createTokenSigner({ db, config, now, newId: randomUUID, keyring });
  const authTime = new Date(now().getTime() - (options.ageSeconds ?? 0) * 1_000);
  const session = sessionOf({ kind: 'user', id }, now(), { username, authTime });
  return `Bearer ${await signer.sign(claimsFor(session, options), session.id, 600)}`;
}

/** A session whose token carries these roles now: its subject is told of when they change. */
export async function makeSession(auth: TestAuth, subject: Subject, roleIds: string[]): Promise<string> {
  const session = sessionOf(subject, new Date());
  await insertSession(auth.superuser, session, roleIds);
  return session.id;
}
