import { AppError } from '@strongroom/errors/app-error';
import { invalidField, unauthenticated } from '@strongroom/errors/common-errors';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { callJson } from '@strongroom/http/client';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, Type } from '@strongroom/schema/types';

/** Whose rights count at secrets-manager: the token that came with the request, from the address that it came from. */
export interface Asking {
  readonly authorization: string | undefined;
  readonly request: RequestInfo;
}

/** A new password by the password policy of this number, which the caller may have one made by. */
export type PasswordByRule = (asking: Asking, number: number) => Promise<string>;

const DEADLINE_MS = 5_000;

const parsePassword = bodyParser(Members({ password: Type.String({ minLength: 1 }) }));

/** `urlOf` is asked at each call: where secrets-manager is may be known only once vault has started. */
export const createPasswordByRule =
  (urlOf: () => string): PasswordByRule =>
  async ({ authorization, request }, number) => {
    if (authorization === undefined) throw unauthenticated();
    try {
      const answer = await callJson({
        method: 'POST',
        url: `${urlOf()}/secrets-manager/api/v1/password-policies/numbers/${number}/generate`,
        headers: { authorization, 'x-forwarded-for': request.remoteAddress, 'user-agent': request.userAgent },
        deadlineMs: DEADLINE_MS,
      });
      return parsePassword(answer).password;
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'not_found') throw error;
      throw invalidField('PasswordRuleID', 'No password rule has this number');
    }
  };
