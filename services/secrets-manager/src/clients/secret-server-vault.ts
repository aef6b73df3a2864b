import type { RequestInfo } from '@strongroom/contracts/caller';
import { unauthenticated } from '@strongroom/errors/common-errors';
import { callJson } from '@strongroom/http/client';
import { SECRET_SERVER } from '@strongroom/http/secret-server';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, Type } from '@strongroom/schema/types';

/** How a client of Secret Server asks for a secret: by its number, or by its path where that is 0. */
export interface SecretKey {
  readonly id: number;
  readonly secretPath: string | undefined;
}

/** Whose rights count at vault: the token that came with the request, from the address that it came from. */
export interface Asking {
  readonly authorization: string | undefined;
  readonly request: RequestInfo;
}

/** A secret as vault shows it to the caller. */
export interface ShownSecret {
  /** Its name in vault. */
  readonly name: string;
  readonly view: Readonly<Record<string, unknown>>;
}

/**
 * What vault lets a caller know of a secret in Secret Server's dialect. It is asked with the caller's own token, so that
 * what is absent or forbidden to him is so here, in vault's words.
 */
export interface SecretServerVault {
  summary: (asking: Asking, key: SecretKey) => Promise<ShownSecret>;
  state: (asking: Asking, id: number) => Promise<Readonly<Record<string, unknown>>>;
}

const DEADLINE_MS = 5_000;

const parseSummary = bodyParser(
  Members({ id: Type.Integer(), name: Type.String(), folderPath: Type.String() }),
);

export function createSecretServerVault(vaultUrl: string): SecretServerVault {
  async function get({ authorization, request }: Asking, path: string): Promise<Record<string, unknown>> {
    if (authorization === undefined) throw unauthenticated();
    const answer = await callJson({
      method: 'GET',
      url: `${vaultUrl}${SECRET_SERVER.prefix}/api/v1/secrets/${path}`,
      headers: { authorization, 'x-forwarded-for': request.remoteAddress, 'user-agent': request.userAgent },
      deadlineMs: DEADLINE_MS,
    });
    return answer as Record<string, unknown>;
  }

  return {
    async summary(asking, { id, secretPath }) {
      const query = secretPath === undefined ? '' : `?${new URLSearchParams({ secretPath }).toString()}`;
      const view = await get(asking, `${id}/summary${query}`);
      const { name, folderPath } = parseSummary(view);
      const folder = folderPath.slice(1).replaceAll('\\', '/');
      return { name: folder === '' ? name : `${folder}/${name}`, view };
    },
    state: (asking, id) => get(asking, `${id}/state`),
  };
}
