import { makePerson } from './people.ts';
import { API_CLIENTS, ROLES, uniqueName, type Answer, type CallOptions, type TestAuth } from './support.ts';
import type { Permission } from '@strongroom/contracts/permissions';

/** Clients of Secret Server, as they call auth. */

export const BASE = '/SecretServer';
export const API = `${BASE}/api/v1`;
export const PASSWORD = 'Kumquat-Orchard-9';

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly number: number;
}

/** An application account with these permissions, by a role of its own; or a person. */
export async function makeAccount(
  auth: TestAuth,
  body: Record<string, unknown> = {},
  permissions: readonly Permission[] = [],
): Promise<Account> {
  const username = uniqueName('svc');
  const id = await makePerson(auth, {
    username,
    password: { password: PASSWORD },
    application_account: true,
    ...body,
  });
  if (permissions.length > 0) {
    const role = await auth.call('POST', ROLES, { body: { name: uniqueName('role'), permissions } });
    await auth.superuser.query('INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)', [
      id,
      role.body['id'],
    ]);
  }
  const [row] = await auth.superuser.query<{ number: number }>('SELECT number FROM users WHERE id = $1', [
    id,
  ]);
  return { id, username, password: PASSWORD, number: row?.number ?? 0 };
}

/** The token endpoint, by a form as SDKs send it. */
export const askToken = (
  auth: TestAuth,
  fields: Record<string, string>,
  headers: CallOptions['headers'] = {},
  path = `${BASE}/oauth2/token`,
): Promise<Answer> =>
  auth.call('POST', path, {
    as: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });

export const signIn = (
  auth: TestAuth,
  { username, password }: Pick<Account, 'username' | 'password'>,
  headers: CallOptions['headers'] = {},
): Promise<Answer> => askToken(auth, { grant_type: 'password', username, password }, headers);

export const bearerOf = ({ body }: Answer): string => `Bearer ${String(body['access_token'])}`;

/** Whether a token still opens what any token does. */
export const opens = async (auth: TestAuth, bearer: string, headers: CallOptions['headers'] = {}) =>
  (await auth.call('GET', '/role-store/api/v1/users/current', { as: bearer, headers })).status === 200;

/** Says that the request came from here, as the gateway does. */
export const from = (address: string) => ({ 'x-forwarded-for': address });

export { API_CLIENTS };
