import type { RequestInfo } from '@strongroom/contracts/caller';
import { unauthenticated } from '@strongroom/errors/common-errors';
import { callJson } from '@strongroom/http/client';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, Type, Uuid } from '@strongroom/schema/types';

/** Whose rights count at vault: the token that came with the request, from the address that it came from. */
export interface Asking {
  readonly authorization: string | undefined;
  readonly request: RequestInfo;
}

/** The id of the secret of a number. What is absent or forbidden to the caller rejects in vault's words. */
export type SecretIdOf = (asking: Asking, number: number) => Promise<string>;

const DEADLINE_MS = 5_000;

const parseIdentity = bodyParser(Members({ id: Uuid, number: Type.Integer() }));

export const createSecretIdOf =
  (vaultUrl: string): SecretIdOf =>
  async ({ authorization, request }, number) => {
    if (authorization === undefined) throw unauthenticated();
    const answer = await callJson({
      method: 'GET',
      url: `${vaultUrl}/vault/api/v1/secret/numbers/${number}`,
      headers: { authorization, 'x-forwarded-for': request.remoteAddress, 'user-agent': request.userAgent },
      deadlineMs: DEADLINE_MS,
    });
    return parseIdentity(answer).id;
  };
