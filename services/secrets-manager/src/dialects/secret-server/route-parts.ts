import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { SECRET_SERVER } from '@strongroom/http/secret-server';
import { FreeObject, Line, Members, OrNull, Text, Type } from '@strongroom/schema/types';
import type { SecretServerVault } from '../../clients/secret-server-vault.ts';
import type { SecretsManagerContext } from '../../context.ts';
import type { AccountKey } from '../../domain/account-path.ts';
import { followsNoAccount } from '../../domain/errors.ts';
import { accountOfSecret } from '../../operations/account-of-secret.ts';
import { readCustody } from '../../operations/read-custody.ts';
import { summaryWith } from './custody-view.ts';

/** What all routes of this dialect have in common. */
export const secretServer = {
  tag: 'secret-server',
  dialect: SECRET_SERVER,
  params: Members({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) }),
  query: Members({ secretPath: Type.Optional(Line(2_048)) }),
} as const;

export const SECRET = `${SECRET_SERVER.prefix}/api/v1/secrets/:id`;

/** Members are vault's, which says what they are. */
export const View = FreeObject;

/** Clients send these always. Comments and tickets are kept of accesses to content, which this is not. */
export const AccessArgs = {
  comment: OrNull(Text(2_048)),
  forceCheckIn: OrNull(Type.Boolean()),
};

export interface Deps {
  readonly ctx: SecretsManagerContext;
  readonly vault: SecretServerVault;
}

export interface Input {
  readonly params: { id: number };
  readonly query: { secretPath?: string };
  readonly caller: Caller;
  readonly request: RequestInfo;
  readonly authorization: string | undefined;
}

/** The account whose secret the caller asks for, once vault has said that he may know of it. */
export async function requireAccount({ ctx, vault }: Deps, input: Input): Promise<AccountKey> {
  const { name } = await vault.summary(input, keyOf(input));
  const key = await accountOfSecret(ctx, name);
  if (key === undefined) throw followsNoAccount();
  return key;
}

/** The summary as it is now. */
export async function summaryOf({ ctx, vault }: Deps, input: Input): Promise<Record<string, unknown>> {
  const { name, view } = await vault.summary(input, keyOf(input));
  const key = await accountOfSecret(ctx, name);
  const custody = key && (await readCustody(ctx, input.caller, key));
  return custody === undefined ? view : summaryWith(view, input.caller, custody);
}

export const keyOf = ({ params, query }: Input) => ({ id: params.id, secretPath: query.secretPath });
