import { callJson, serviceUnreachable } from '@strongroom/http/client';
import { bodyParser } from '@strongroom/schema/parser';
import { Type } from '@strongroom/schema/types';

export interface MachineTokenOptions {
  /** Base address of auth, e.g. `http://auth:8080`. */
  authUrl: string;
  clientId: string;
  clientSecret: string;
  now: () => Date;
}

const parseAnswer = bodyParser(
  Type.Object({ access_token: Type.String({ minLength: 1 }), expires_in: Type.Integer({ minimum: 1 }) }),
);

const RENEW_BEFORE_MS = 30_000;

/** A service's own token by client_credentials (RFC 6749, 4.4), renewed shortly before it expires. */
export function createMachineTokenSource(options: MachineTokenOptions): () => Promise<string> {
  let current: { token: Promise<string>; renewAtMs: number } | undefined;

  async function obtain(): Promise<string> {
    const basic = Buffer.from(`${options.clientId}:${options.clientSecret}`).toString('base64');
    const answer = parseAnswer(
      await callJson({
        method: 'POST',
        url: `${options.authUrl}/auth/api/v1/oauth/token`,
        headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=client_credentials',
        deadlineMs: 5_000,
      }),
    );
    if (current !== undefined) {
      current.renewAtMs = options.now().getTime() + answer.expires_in * 1000 - RENEW_BEFORE_MS;
    }
    return answer.access_token;
  }

  return () => {
    if (current !== undefined && options.now().getTime() < current.renewAtMs) return current.token;
    // Set before the answer is there, so that concurrent callers share one request.
    const token = obtain().catch((error: unknown) => {
      current = undefined;
      // Whatever went wrong is the platform's fault: a refusal of our secret must not read as one of the caller's token.
      throw serviceUnreachable(error);
    });
    current = { token, renewAtMs: Number.POSITIVE_INFINITY };
    return token;
  };
}
